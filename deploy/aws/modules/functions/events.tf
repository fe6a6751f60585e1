# What wakes the function, beside the APIs: its own address, queues, the clock.

resource "aws_lambda_function_url" "live" {
  count = var.url == null ? 0 : 1

  function_name      = aws_lambda_function.this.function_name
  qualifier          = aws_lambda_alias.live.name
  authorization_type = var.url.authorization
  invoke_mode        = var.url.streaming ? "RESPONSE_STREAM" : "BUFFERED"

  dynamic "cors" {
    for_each = length(var.url.origins) > 0 ? [1] : []
    content {
      allow_origins  = var.url.origins
      allow_methods  = ["GET", "POST", "DELETE"]
      allow_headers  = ["authorization", "content-type", "x-request-id", "last-event-id", "x-amz-content-sha256"]
      expose_headers = ["x-request-id", "x-busbar-model", "x-busbar-stream"]
      max_age        = 3600
    }
  }
}

resource "aws_lambda_permission" "open" {
  count = try(var.url.authorization, "") == "NONE" ? 1 : 0

  statement_id           = "AnybodyByAddress"
  action                 = "lambda:InvokeFunctionUrl"
  function_name          = aws_lambda_function.this.function_name
  qualifier              = aws_lambda_alias.live.name
  principal              = "*"
  function_url_auth_type = "NONE"
}

resource "aws_lambda_event_source_mapping" "queue" {
  for_each = var.queues

  event_source_arn = each.value.arn
  function_name    = aws_lambda_alias.live.arn
  batch_size       = each.value.batch
  # One job that fails does not bring those beside it back.
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = each.value.concurrency
  }
}

resource "aws_cloudwatch_event_rule" "schedule" {
  count = var.schedule == null ? 0 : 1

  name                = var.name
  description         = "Wakes ${var.name}"
  schedule_expression = var.schedule
}

resource "aws_cloudwatch_event_target" "schedule" {
  count = var.schedule == null ? 0 : 1

  rule = aws_cloudwatch_event_rule.schedule[0].name
  arn  = aws_lambda_alias.live.arn
}

resource "aws_lambda_permission" "schedule" {
  count = var.schedule == null ? 0 : 1

  statement_id  = "Schedule"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this.function_name
  qualifier     = aws_lambda_alias.live.name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.schedule[0].arn
}
