output "url" {
  description = "What callers use."
  value       = "https://${var.host}"
}

output "health_checks" {
  description = "The health checks' ids; inverting the primary's is a drill (docs/runbooks/failover.md)."
  value       = { for region, check in aws_route53_health_check.this : region => check.id }
}
