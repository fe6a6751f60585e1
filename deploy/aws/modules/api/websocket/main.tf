# A WebSocket API: the connection is the gateway's, each message an invocation, answers go by PostToConnection.

data "aws_region" "here" {}

locals {
  stage  = "live"
  routes = ["$connect", "$disconnect", "$default"]
}

resource "aws_apigatewayv2_api" "this" {
  name          = var.name
  description   = "Conversations of ${var.name}, token by token"
  protocol_type = "WEBSOCKET"
  # Every message goes to one place; the program reads its `type`.
  route_selection_expression = "$request.body.type"
}

resource "aws_apigatewayv2_integration" "function" {
  api_id           = aws_apigatewayv2_api.this.id
  integration_type = "AWS_PROXY"
  integration_uri  = var.function.invoke_arn
}

resource "aws_apigatewayv2_route" "this" {
  for_each = toset(local.routes)

  api_id             = aws_apigatewayv2_api.this.id
  route_key          = each.key
  target             = "integrations/${aws_apigatewayv2_integration.function.id}"
  authorization_type = each.key == "$connect" ? var.authorization : "NONE"
}

resource "aws_cloudwatch_log_group" "access" {
  name              = "/${var.name}/websocket-api"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_apigatewayv2_stage" "live" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = local.stage
  auto_deploy = true

  default_route_settings {
    detailed_metrics_enabled = true
    data_trace_enabled       = false # It would write prompts into the log.
    logging_level            = "ERROR"
    throttling_burst_limit   = var.throttle.burst
    throttling_rate_limit    = var.throttle.rate
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format = jsonencode({
      request_id = "$context.requestId"
      connection = "$context.connectionId"
      event      = "$context.eventType"
      route      = "$context.routeKey"
      status     = "$context.status"
      error      = "$context.error.message"
    })
  }
}

resource "aws_lambda_permission" "api" {
  statement_id  = "WebSocketApi-${var.name}"
  action        = "lambda:InvokeFunction"
  function_name = var.function.name
  qualifier     = var.function.alias
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/*"
}
