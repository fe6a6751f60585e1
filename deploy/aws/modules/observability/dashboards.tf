# Three pages: how it performs, what it costs, what it is used for. The program's figures come as EMF (docs/aws.md).

locals {
  own = "${var.namespace},Service,Duty" # The program's own metrics by service and duty.

  searches = {
    performance = [
      { title = "First chunk, ms", stat = "p95", find = ["{${local.own}} MetricName=\"FirstChunk\""] },
      { title = "Whole answer, ms", stat = "p95", find = ["{${local.own}} MetricName=\"Latency\""] },
      { title = "Requests", stat = "Sum", find = ["{${local.own}} MetricName=\"Requests\""] },
      { title = "Errors", stat = "Sum", find = ["{${local.own}} MetricName=\"Errors\""] },
      { title = "Cold starts", stat = "Sum", find = ["{${local.own}} MetricName=\"ColdStarts\""] },
      { title = "Output tokens a second", stat = "p50", find = ["{${local.own}} MetricName=\"OutputTokensPerSecond\""] },
    ]
    cost = [
      { title = "Models, US dollars", stat = "Sum", find = ["{${var.namespace},Service,Model} MetricName=\"CostUsd\""] },
      { title = "Tokens by model", stat = "Sum", find = [
        "{${var.namespace},Service,Model} MetricName=\"InputTokens\"",
        "{${var.namespace},Service,Model} MetricName=\"OutputTokens\"",
      ] },
      { title = "Processor time by architecture, ms (Arm against x86)", stat = "Average", find = ["{${var.namespace},Service,Architecture} MetricName=\"Latency\""] },
      { title = "Requests by architecture", stat = "Sum", find = ["{${var.namespace},Service,Architecture} MetricName=\"Requests\""] },
    ]
    business = [
      { title = "Requests by model", stat = "Sum", find = ["{${var.namespace},Service,Model} MetricName=\"Requests\""] },
      { title = "Pictures made", stat = "Sum", find = ["{${local.own}} MetricName=\"Pictures\""] },
      { title = "Answers by a fallback", stat = "Sum", find = ["{${local.own}} MetricName=\"Degraded\""] },
    ]
  }

  found = {
    for page, widgets in local.searches : page => [
      for widget in widgets : {
        type   = "metric"
        width  = 12
        height = 6
        properties = {
          title  = widget.title
          region = local.region
          view   = "timeSeries"
          period = 60
          metrics = [
            for search in widget.find :
            [{ expression = "SEARCH('${search} Service=\"${var.name}\"', '${widget.stat}', 60)" }]
          ]
        }
      }
    ]
  }

  # AWS's own figures of what stands here.
  native = {
    performance = concat(
      length(var.functions) == 0 ? [] : [{
        type = "metric", width = 12, height = 6
        properties = {
          title   = "Functions: duration p95, ms", region = local.region, view = "timeSeries", period = 60, stat = "p95"
          metrics = [for function in values(var.functions) : ["AWS/Lambda", "Duration", "FunctionName", function]]
        }
      }],
      length(var.balancers) == 0 ? [] : [{
        type = "metric", width = 12, height = 6
        properties = {
          title   = "Load balancers: response time p95, s", region = local.region, view = "timeSeries", period = 60, stat = "p95"
          metrics = [for balancer in values(var.balancers) : ["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", balancer]]
        }
      }],
      length(var.queues) == 0 ? [] : [{
        type = "metric", width = 12, height = 6
        properties = {
          title   = "Queues: oldest message, s", region = local.region, view = "timeSeries", period = 60, stat = "Maximum"
          metrics = [for queue in values(var.queues) : ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue.name]]
        }
      }],
    )
    cost = [{
      type = "metric", width = 12, height = 6
      properties = {
        title   = "Estimated charges, US dollars", region = "us-east-1", view = "timeSeries", period = 21600, stat = "Maximum"
        metrics = [["AWS/Billing", "EstimatedCharges", "Currency", "USD"]]
      }
    }]
    business = []
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  for_each = local.found

  dashboard_name = "${var.name}-${each.key}"
  dashboard_body = jsonencode({
    widgets = [for widget in concat([for w in each.value : jsonencode(w)], [for w in local.native[each.key] : jsonencode(w)]) : jsondecode(widget)]
  })
}
