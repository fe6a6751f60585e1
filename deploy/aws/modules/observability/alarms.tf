# Alarms: slow, failing, stuck, given up. One of them all for whoever decides by it (AppConfig, failover).

locals {
  slow = merge(
    { for name, api in var.http_apis : "http-${name}" => {
      namespace = "AWS/ApiGateway", metric = "Latency", scale = 1000, dimensions = { ApiId = api }
    } },
    { for name, api in var.rest_apis : "rest-${name}" => {
      namespace = "AWS/ApiGateway", metric = "Latency", scale = 1000, dimensions = { ApiName = api, Stage = "live" }
    } },
    { for name, balancer in var.balancers : "balancer-${name}" => {
      namespace = "AWS/ApplicationELB", metric = "TargetResponseTime", scale = 1, dimensions = { LoadBalancer = balancer }
    } },
    # Of functions that stream, the duration is the whole answer's: what counts is the first chunk, which the program says.
    { for name in var.streaming : "first-chunk-${name}" => {
      namespace = var.namespace, metric = "FirstChunk", scale = 1000, dimensions = { Service = var.name, Duty = name }
    } },
  )
  failing = merge(
    { for name, function in var.functions : "function-${name}" => {
      namespace = "AWS/Lambda", errors = "Errors", requests = "Invocations", dimensions = { FunctionName = function }
    } },
    { for name, api in var.http_apis : "http-${name}" => {
      namespace = "AWS/ApiGateway", errors = "5xx", requests = "Count", dimensions = { ApiId = api }
    } },
    { for name, api in var.rest_apis : "rest-${name}" => {
      namespace = "AWS/ApiGateway", errors = "5XXError", requests = "Count", dimensions = { ApiName = api, Stage = "live" }
    } },
    { for name, balancer in var.balancers : "balancer-${name}" => {
      namespace = "AWS/ApplicationELB", errors = "HTTPCode_Target_5XX_Count", requests = "RequestCount", dimensions = { LoadBalancer = balancer }
    } },
  )
}

resource "aws_cloudwatch_metric_alarm" "slow" {
  for_each = local.slow

  alarm_name          = "${var.name}-slow-${each.key}"
  alarm_description   = "95 of 100 answers began within ${var.latency_seconds} s, and now do not. Runbook: docs/runbooks/throttled-model.md"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  extended_statistic  = "p95"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.latency_seconds * each.value.scale
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "failing" {
  for_each = local.failing

  alarm_name          = "${var.name}-failing-${each.key}"
  alarm_description   = "More than ${var.error_percent} of 100 calls fail. Runbook: docs/runbooks/rollback.md"
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.error_percent
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  metric_query {
    id          = "share"
    expression  = "IF(requests > 0, 100 * errors / requests, 0)"
    label       = "failed, per cent"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { errors = each.value.errors, requests = each.value.requests }
    content {
      id = metric_query.key
      metric {
        namespace   = each.value.namespace
        metric_name = metric_query.value
        dimensions  = each.value.dimensions
        period      = 60
        stat        = "Sum"
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "stuck" {
  for_each = var.queues

  alarm_name          = "${var.name}-stuck-${each.key}"
  alarm_description   = "The oldest message waits longer than ${var.queue_age_seconds} s. Runbook: docs/runbooks/queue-stuck.md"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = each.value.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.queue_age_seconds
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "dead" {
  for_each = var.queues

  alarm_name          = "${var.name}-dead-${each.key}"
  alarm_description   = "A message ended as a dead letter. Runbook: docs/runbooks/queue-stuck.md"
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]

  # The sweep hides each letter for an hour when it has looked at it: both kinds are letters.
  metric_query {
    id          = "letters"
    label       = "Dead letters"
    expression  = "visible + hidden"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { visible = "ApproximateNumberOfMessagesVisible", hidden = "ApproximateNumberOfMessagesNotVisible" }
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/SQS"
        metric_name = metric_query.value
        dimensions  = { QueueName = each.value.dead_name }
        stat        = "Maximum"
        period      = 60
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "throttled" {
  for_each = var.models

  alarm_name          = "${var.name}-throttled-${each.key}"
  alarm_description   = "The account's quota for a model is used up. Runbook: docs/runbooks/throttled-model.md"
  namespace           = "AWS/Bedrock"
  metric_name         = "InvocationThrottles"
  dimensions          = { ModelId = each.value }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_composite_alarm" "unwell" {
  count = var.composite && length(local.failing) > 0 ? 1 : 0

  alarm_name        = "${var.name}-unwell"
  alarm_description = "Too slow or failing: what a change is taken back by"
  alarm_rule = join(" OR ", [
    for alarm in concat(values(aws_cloudwatch_metric_alarm.slow), values(aws_cloudwatch_metric_alarm.failing)) :
    "ALARM(\"${alarm.alarm_name}\")"
  ])
  alarm_actions = [aws_sns_topic.alarms.arn]
}
