# A second region: who is well, where callers go, what is copied. Tables' replicas are modules/data's, keys' modules/audit's.

locals {
  regions = { primary = var.primary, secondary = var.secondary }
}

# Asked from several places of the world, so that one broken network in between is no failover.
resource "aws_route53_health_check" "this" {
  for_each = local.regions

  type              = "HTTPS"
  fqdn              = each.value.host
  port              = 443
  resource_path     = var.health_path
  request_interval  = 10
  failure_threshold = 3
  measure_latency   = true

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_route53_record" "this" {
  for_each = local.regions

  zone_id         = var.zone_id
  name            = var.host
  type            = "A"
  set_identifier  = each.key
  health_check_id = aws_route53_health_check.this[each.key].id

  dynamic "failover_routing_policy" {
    for_each = var.routing == "failover" ? [1] : []
    content {
      type = upper(each.key)
    }
  }

  dynamic "latency_routing_policy" {
    for_each = var.routing == "latency" ? [1] : []
    content {
      region = each.value.region
    }
  }

  alias {
    name                   = each.value.domain.target
    zone_id                = each.value.domain.zone_id
    evaluate_target_health = true
  }
}

resource "aws_cloudwatch_metric_alarm" "unwell" {
  for_each = local.regions

  alarm_name          = "${var.name}-region-${each.key}"
  alarm_description   = "The ${each.key} region does not answer. Runbook: docs/runbooks/failover.md"
  namespace           = "AWS/Route53"
  metric_name         = "HealthCheckStatus"
  dimensions          = { HealthCheckId = aws_route53_health_check.this[each.key].id }
  statistic           = "Minimum"
  period              = 60
  evaluation_periods  = 2
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = var.topic_arn == null ? [] : [var.topic_arn]
}
