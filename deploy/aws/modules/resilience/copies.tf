# Objects are copied as they come (within 15 minutes, by S3's promise), tables are backed up and their backups copied.

module "copier" {
  source = "../identity/role"
  count  = var.objects == null ? 0 : 1

  name        = "${var.name}-copier"
  description = "Copies objects of ${var.name} to the second region"
  service     = "s3.amazonaws.com"
  may = {
    ReadConfiguration = {
      actions   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
      resources = [var.objects.from_arn]
    }
    ReadVersions = {
      actions   = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"]
      resources = ["${var.objects.from_arn}/*"]
    }
    WriteCopies = {
      actions   = ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"]
      resources = ["${var.objects.to_arn}/*"]
    }
    ReadKey = {
      actions   = ["kms:Decrypt"]
      resources = [var.objects.from_key_arn]
    }
    WriteKey = {
      actions   = ["kms:Encrypt", "kms:GenerateDataKey"]
      resources = [var.objects.to_key_arn]
    }
  }
}

resource "aws_s3_bucket_replication_configuration" "this" {
  count = var.objects == null ? 0 : 1

  bucket = var.objects.from
  role   = module.copier[0].arn

  rule {
    id     = "everything"
    status = "Enabled"
    filter {}

    delete_marker_replication {
      status = "Enabled"
    }

    source_selection_criteria {
      sse_kms_encrypted_objects {
        status = "Enabled"
      }
    }

    destination {
      bucket        = var.objects.to_arn
      storage_class = "STANDARD"
      encryption_configuration {
        replica_kms_key_id = var.objects.to_key_arn
      }
      replication_time {
        status = "Enabled"
        time {
          minutes = 15
        }
      }
      metrics {
        status = "Enabled"
        event_threshold {
          minutes = 15
        }
      }
    }
  }
}

resource "aws_backup_vault" "here" {
  count = var.backups == null ? 0 : 1

  name          = var.name
  kms_key_arn   = var.backups.key_arn
  force_destroy = var.force_destroy
}

resource "aws_backup_vault" "there" {
  count    = var.backups == null ? 0 : 1
  provider = aws.secondary

  name          = var.name
  kms_key_arn   = var.backups.copy_key_arn
  force_destroy = var.force_destroy
}

module "backup" {
  source = "../identity/role"
  count  = var.backups == null ? 0 : 1

  name        = "${var.name}-backup"
  description = "Backs the tables of ${var.name} up"
  service     = "backup.amazonaws.com"
  may = {
    Tables = {
      actions = [
        "dynamodb:DescribeTable", "dynamodb:CreateBackup", "dynamodb:DescribeBackup", "dynamodb:DeleteBackup",
        "dynamodb:ListTagsOfResource", "dynamodb:StartAwsBackupJob", "dynamodb:RestoreTableFromAwsBackup",
      ]
      resources = concat(var.backups.table_arns, [for arn in var.backups.table_arns : "${arn}/backup/*"])
    }
    Vaults = {
      actions   = ["backup:DescribeBackupVault", "backup:CopyIntoBackupVault"]
      resources = [aws_backup_vault.here[0].arn, aws_backup_vault.there[0].arn]
    }
    Keys = {
      actions   = ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"]
      resources = [var.backups.key_arn, var.backups.copy_key_arn]
    }
  }
}

resource "aws_backup_plan" "this" {
  count = var.backups == null ? 0 : 1

  name = var.name

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.here[0].name
    schedule          = "cron(0 3 * * ? *)"
    lifecycle {
      delete_after = var.backups.keep_days
    }
    copy_action {
      destination_vault_arn = aws_backup_vault.there[0].arn
      lifecycle {
        delete_after = var.backups.keep_days
      }
    }
  }
}

resource "aws_backup_selection" "this" {
  count = var.backups == null ? 0 : 1

  name         = var.name
  plan_id      = aws_backup_plan.this[0].id
  iam_role_arn = module.backup[0].arn
  resources    = var.backups.table_arns
}
