# Pictures, models and the site, and the bucket where their use is logged.

data "aws_caller_identity" "me" {}
data "aws_region" "here" {}

locals {
  # Names of buckets are the whole world's: account and region make them ours.
  suffix = "${data.aws_caller_identity.me.account_id}-${data.aws_region.here.name}"
}

module "logs" {
  source = "./bucket"

  name          = "${var.name}-logs-${local.suffix}"
  expire_days   = var.keep_logs_days
  force_destroy = var.force_destroy
  require_tls   = var.require_tls
  statements    = [data.aws_iam_policy_document.log_delivery.json]
}

data "aws_iam_policy_document" "log_delivery" {
  dynamic "statement" {
    for_each = { S3 = "logging.s3.amazonaws.com", Services = "delivery.logs.amazonaws.com" }
    content {
      sid       = "AccessLogsOf${statement.key}"
      actions   = ["s3:PutObject"]
      resources = ["arn:aws:s3:::${var.name}-logs-${local.suffix}/*"]
      principals {
        type        = "Service"
        identifiers = [statement.value]
      }
      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [data.aws_caller_identity.me.account_id]
      }
    }
  }
}

module "pictures" {
  source = "./bucket"

  name          = "${var.name}-pictures-${local.suffix}"
  kms_key_arn   = var.kms_key_arn
  expire_days   = var.keep_pictures_days
  log_to        = { bucket = module.logs.writable }
  cors_origins  = var.origins
  statements    = var.pictures_statements
  force_destroy = var.force_destroy
  require_tls   = var.require_tls
}

module "models" {
  source = "./bucket"

  name          = "${var.name}-models-${local.suffix}"
  kms_key_arn   = var.kms_key_arn
  log_to        = { bucket = module.logs.writable }
  force_destroy = var.force_destroy
  require_tls   = var.require_tls
}
