# A REST API: keys with usage plans, for programs of other people.

data "aws_region" "here" {}

locals {
  stage = "live"
}

resource "aws_api_gateway_rest_api" "this" {
  name                         = var.name
  description                  = "Requests of ${var.name} by API key, answered whole"
  api_key_source               = "HEADER"
  binary_media_types           = ["image/*", "application/octet-stream", "application/vnd.amazon.eventstream"]
  minimum_compression_size     = "1024"
  disable_execute_api_endpoint = false

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_resource" "all" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = "{path+}"
}

resource "aws_api_gateway_method" "all" {
  rest_api_id      = aws_api_gateway_rest_api.this.id
  resource_id      = aws_api_gateway_resource.all.id
  http_method      = "ANY"
  authorization    = "NONE"
  api_key_required = true

  request_parameters = { "method.request.path.path" = true }
}

resource "aws_api_gateway_integration" "all" {
  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = aws_api_gateway_resource.all.id
  http_method             = aws_api_gateway_method.all.http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = var.function.invoke_arn
  timeout_milliseconds    = 29000
}

resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id

  # A deployment is a copy: another one is needed when what it copies has changed.
  triggers = {
    content = sha1(jsonencode([
      aws_api_gateway_resource.all.path_part,
      aws_api_gateway_method.all.http_method,
      aws_api_gateway_method.all.api_key_required,
      aws_api_gateway_integration.all.uri,
    ]))
  }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [aws_api_gateway_integration.all]
}

resource "aws_cloudwatch_log_group" "access" {
  name              = "/${var.name}/rest-api"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_api_gateway_stage" "live" {
  rest_api_id          = aws_api_gateway_rest_api.this.id
  deployment_id        = aws_api_gateway_deployment.this.id
  stage_name           = local.stage
  xray_tracing_enabled = true

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format = jsonencode({
      request_id  = "$context.requestId"
      method      = "$context.httpMethod"
      status      = "$context.status"
      latency_ms  = "$context.responseLatency"
      function_ms = "$context.integrationLatency"
      bytes       = "$context.responseLength"
      key         = "$context.identity.apiKeyId"
      error       = "$context.error.message"
    })
  }
}

resource "aws_api_gateway_method_settings" "all" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.live.stage_name
  method_path = "*/*"

  settings {
    metrics_enabled        = true
    logging_level          = "ERROR"
    data_trace_enabled     = false # It would write prompts into the log.
    throttling_rate_limit  = var.throttle.rate
    throttling_burst_limit = var.throttle.burst
  }
}

resource "aws_lambda_permission" "api" {
  statement_id  = "RestApi-${var.name}"
  action        = "lambda:InvokeFunction"
  function_name = var.function.name
  qualifier     = var.function.alias
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.this.execution_arn}/*"
}

resource "aws_api_gateway_usage_plan" "this" {
  for_each = var.plans

  name        = "${var.name}-${each.key}"
  description = each.value.description

  api_stages {
    api_id = aws_api_gateway_rest_api.this.id
    stage  = aws_api_gateway_stage.live.stage_name
  }

  throttle_settings {
    rate_limit  = each.value.rate
    burst_limit = each.value.burst
  }

  quota_settings {
    limit  = each.value.quota
    period = each.value.period
  }
}

resource "aws_api_gateway_api_key" "this" {
  for_each = var.keys

  name        = "${var.name}-${each.key}"
  description = "Key of ${each.key}, on plan ${each.value}"
}

resource "aws_api_gateway_usage_plan_key" "this" {
  for_each = var.keys

  key_id        = aws_api_gateway_api_key.this[each.key].id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.this[each.value].id
}
