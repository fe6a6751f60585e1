# The key that everything at rest is encrypted with, and the trail of who did what.

data "aws_caller_identity" "me" {}
data "aws_partition" "here" {}
data "aws_region" "here" {}

locals {
  account = data.aws_caller_identity.me.account_id
  trail   = "${var.name}-trail"
}

data "aws_iam_policy_document" "key" {
  # In a key's policy "*" means this key: AWS's own wording for "whoever IAM allows in this account".
  statement {
    sid       = "AccountDecides"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:${data.aws_partition.here.partition}:iam::${local.account}:root"]
    }
  }

  statement {
    sid       = "LogsOfThisAccount"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["logs.${data.aws_region.here.name}.amazonaws.com"]
    }
    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:${data.aws_partition.here.partition}:logs:${data.aws_region.here.name}:${local.account}:log-group:*${var.name}*"]
    }
  }

  statement {
    sid       = "AlarmsAndTrail"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com", "cloudtrail.amazonaws.com", "budgets.amazonaws.com", "costalerts.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }

  dynamic "statement" {
    for_each = var.distributions ? [1] : []
    content {
      sid       = "PicturesBehindTheDistribution"
      actions   = ["kms:Decrypt"]
      resources = ["*"]
      principals {
        type        = "Service"
        identifiers = ["cloudfront.amazonaws.com"]
      }
      # Not one by name: the distribution comes after the key that its origins are encrypted with.
      condition {
        test     = "ArnLike"
        variable = "aws:SourceArn"
        values   = ["arn:${data.aws_partition.here.partition}:cloudfront::${local.account}:distribution/*"]
      }
    }
  }
}

resource "aws_kms_key" "this" {
  description             = "Everything of ${var.name} at rest"
  enable_key_rotation     = true
  multi_region            = var.multi_region
  deletion_window_in_days = var.deletion_window_days
  policy                  = data.aws_iam_policy_document.key.json
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}

module "trail_bucket" {
  source = "../data/bucket"
  count  = var.trail == null ? 0 : 1

  name          = "${var.name}-trail-${local.account}-${data.aws_region.here.name}"
  expire_days   = var.trail.keep_days
  force_destroy = var.force_destroy
  statements    = [data.aws_iam_policy_document.trail[0].json]
}

data "aws_iam_policy_document" "trail" {
  count = var.trail == null ? 0 : 1

  statement {
    sid       = "TrailLooks"
    actions   = ["s3:GetBucketAcl"]
    resources = ["arn:${data.aws_partition.here.partition}:s3:::${var.name}-trail-${local.account}-${data.aws_region.here.name}"]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
  }

  statement {
    sid       = "TrailWrites"
    actions   = ["s3:PutObject"]
    resources = ["arn:${data.aws_partition.here.partition}:s3:::${var.name}-trail-${local.account}-${data.aws_region.here.name}/AWSLogs/${local.account}/*"]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = ["arn:${data.aws_partition.here.partition}:cloudtrail:${data.aws_region.here.name}:${local.account}:trail/${local.trail}"]
    }
  }
}

resource "aws_cloudtrail" "this" {
  count = var.trail == null ? 0 : 1

  name                          = local.trail
  s3_bucket_name                = module.trail_bucket[0].name
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  kms_key_id                    = aws_kms_key.this.arn

  # Who read or wrote which object, and who called which function: not in the trail by default.
  dynamic "event_selector" {
    for_each = length(var.trail.buckets) > 0 ? [1] : []
    content {
      read_write_type           = "All"
      include_management_events = true
      data_resource {
        type   = "AWS::S3::Object"
        values = [for bucket in var.trail.buckets : "${bucket}/"]
      }
    }
  }
}
