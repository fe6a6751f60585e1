# One duty of the program as a Lambda function: published versions, and an alias that says which of them lives.

locals {
  live = coalesce(var.live_version, aws_lambda_function.this.version)
}

# Made before the function, so that its retention and key are ours and not Lambda's.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_lambda_function" "this" {
  function_name = var.name
  description   = var.description
  role          = var.role_arn

  runtime       = "provided.al2023"
  handler       = "bootstrap"
  architectures = [var.architecture]
  memory_size   = var.memory_mb
  timeout       = var.timeout_seconds
  publish       = true

  filename         = var.artefact.file
  source_code_hash = var.artefact.file == null ? var.artefact.hash : filebase64sha256(var.artefact.file)
  s3_bucket        = var.artefact.bucket
  s3_key           = var.artefact.key

  reserved_concurrent_executions = var.reserved_concurrency
  kms_key_arn                    = var.kms_key_arn
  layers                         = var.layers

  environment {
    variables = merge({ BUSBAR_LOG__FORMAT = "json" }, var.environment)
  }

  # Workers' failures go to their queue's dead letters; what is invoked by events, here.
  dynamic "dead_letter_config" {
    for_each = var.dead_letter_arn == null ? [] : [var.dead_letter_arn]
    content {
      target_arn = dead_letter_config.value
    }
  }

  dynamic "vpc_config" {
    for_each = var.network == null ? [] : [var.network]
    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  tracing_config {
    mode = "Active"
  }

  logging_config {
    log_format = "Text" # The program writes JSON itself, a line each, and EMF among them.
    log_group  = aws_cloudwatch_log_group.this.name
  }
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "What callers reach; moving it is a rollback"
  function_name    = aws_lambda_function.this.function_name
  function_version = local.live

  dynamic "routing_config" {
    for_each = var.canary == null ? [] : [var.canary]
    content {
      additional_version_weights = { (routing_config.value.version) = routing_config.value.weight }
    }
  }
}

resource "aws_lambda_provisioned_concurrency_config" "live" {
  count = var.provisioned_concurrency > 0 ? 1 : 0

  function_name                     = aws_lambda_function.this.function_name
  qualifier                         = aws_lambda_alias.live.name
  provisioned_concurrent_executions = var.provisioned_concurrency
}
