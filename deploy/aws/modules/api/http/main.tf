# An HTTP API: the cheaper and quicker front of a function, with tokens checked before it wakes.

data "aws_region" "here" {}

resource "aws_apigatewayv2_api" "this" {
  name          = var.name
  description   = "Requests of ${var.name}, answered whole"
  protocol_type = "HTTP"

  dynamic "cors_configuration" {
    for_each = length(var.origins) > 0 ? [1] : []
    content {
      allow_origins  = var.origins
      allow_methods  = ["GET", "POST", "DELETE"]
      allow_headers  = ["authorization", "content-type", "x-request-id"]
      expose_headers = ["x-request-id"]
      max_age        = 3600
    }
  }
}

resource "aws_apigatewayv2_authorizer" "jwt" {
  count = var.jwt == null ? 0 : 1

  api_id           = aws_apigatewayv2_api.this.id
  name             = "jwt"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    issuer   = var.jwt.issuer
    audience = var.jwt.audience
  }
}

resource "aws_apigatewayv2_integration" "function" {
  api_id                 = aws_apigatewayv2_api.this.id
  integration_type       = "AWS_PROXY"
  integration_uri        = var.function.invoke_arn
  payload_format_version = "2.0"
  timeout_milliseconds   = 30000
}

resource "aws_apigatewayv2_route" "this" {
  for_each = var.routes

  api_id             = aws_apigatewayv2_api.this.id
  route_key          = each.key
  target             = "integrations/${aws_apigatewayv2_integration.function.id}"
  authorization_type = each.value.open ? "NONE" : var.authorization
  authorizer_id      = each.value.open || var.jwt == null ? null : aws_apigatewayv2_authorizer.jwt[0].id
}

resource "aws_cloudwatch_log_group" "access" {
  name              = "/${var.name}/http-api"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_apigatewayv2_stage" "live" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    detailed_metrics_enabled = true
    throttling_burst_limit   = var.throttle.burst
    throttling_rate_limit    = var.throttle.rate
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    # Nothing of what was asked or answered.
    format = jsonencode({
      request_id   = "$context.requestId"
      route        = "$context.routeKey"
      status       = "$context.status"
      latency_ms   = "$context.responseLatency"
      function_ms  = "$context.integrationLatency"
      bytes        = "$context.responseLength"
      subject      = "$context.authorizer.claims.sub"
      error        = "$context.error.message"
      function_err = "$context.integrationErrorMessage"
    })
  }
}

resource "aws_lambda_permission" "api" {
  statement_id  = "HttpApi-${var.name}"
  action        = "lambda:InvokeFunction"
  function_name = var.function.name
  qualifier     = var.function.alias
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/*"
}

resource "aws_apigatewayv2_domain_name" "this" {
  count = var.domain == null ? 0 : 1

  domain_name = var.domain.name

  domain_name_configuration {
    certificate_arn = var.domain.certificate_arn
    endpoint_type   = "REGIONAL"
    security_policy = "TLS_1_2"
  }
}

resource "aws_apigatewayv2_api_mapping" "this" {
  count = var.domain == null ? 0 : 1

  api_id      = aws_apigatewayv2_api.this.id
  domain_name = aws_apigatewayv2_domain_name.this[0].id
  stage       = aws_apigatewayv2_stage.live.id
}
