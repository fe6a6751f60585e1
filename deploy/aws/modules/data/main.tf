# Where jobs are recorded. What the keys mean is in docs/aws.md ("One table").

locals {
  table = coalesce(var.table_name, var.name)
  indexes = {
    # A tenant's jobs, newest first: ids are UUIDs of version 7 and sort by time.
    tenant = { hash = "tenant", range = "id", projection = "ALL" }
    # What waits of a kind; only jobs that wait have the attribute.
    waiting = { hash = "waiting", range = "id", projection = "KEYS_ONLY" }
    # What somebody has to look at, the longest due first.
    due = { hash = "shard", range = "due", projection = "ALL" }
  }
  attributes = {
    pk      = "S"
    sk      = "S"
    id      = "S"
    tenant  = "S"
    waiting = "S"
    shard   = "S"
    due     = "N"
  }
}

resource "aws_dynamodb_table" "this" {
  count = var.table_is_replica ? 0 : 1

  name                        = local.table
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  range_key                   = "sk"
  stream_enabled              = true
  stream_view_type            = "NEW_AND_OLD_IMAGES"
  deletion_protection_enabled = var.protect

  dynamic "attribute" {
    for_each = local.attributes
    content {
      name = attribute.key
      type = attribute.value
    }
  }

  dynamic "global_secondary_index" {
    for_each = local.indexes
    content {
      name            = global_secondary_index.key
      hash_key        = global_secondary_index.value.hash
      range_key       = global_secondary_index.value.range
      projection_type = global_secondary_index.value.projection
    }
  }

  ttl {
    attribute_name = "ttl"
    enabled        = true
  }

  # Any second of the last 35 days can be had back: what an RPO of 5 minutes rests on in one region.
  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }

  dynamic "replica" {
    for_each = var.replicas
    content {
      region_name            = replica.key
      kms_key_arn            = replica.value
      point_in_time_recovery = true
      propagate_tags         = true
    }
  }
}
