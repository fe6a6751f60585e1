output "topic_arn" {
  description = "Where alarms are told."
  value       = aws_sns_topic.alarms.arn
}

output "unwell" {
  description = "The alarm of them all; null where it is turned off."
  value       = one([for alarm in aws_cloudwatch_composite_alarm.unwell : { name = alarm.alarm_name, arn = alarm.arn }])
}

output "alarms" {
  description = "The alarms' ARNs, by name."
  value = {
    for alarm in concat(
      values(aws_cloudwatch_metric_alarm.slow),
      values(aws_cloudwatch_metric_alarm.failing),
      values(aws_cloudwatch_metric_alarm.stuck),
      values(aws_cloudwatch_metric_alarm.dead),
      values(aws_cloudwatch_metric_alarm.throttled),
    ) : alarm.alarm_name => alarm.arn
  }
}

output "dashboards" {
  description = "The dashboards' names."
  value       = [for dashboard in aws_cloudwatch_dashboard.this : dashboard.dashboard_name]
}
