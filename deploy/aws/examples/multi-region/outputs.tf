output "url" {
  description = "What callers use."
  value       = module.resilience.url
}

output "health_checks" {
  description = "The health checks' ids, for drills."
  value       = module.resilience.health_checks
}

output "console" {
  description = "Where the console is."
  value       = module.primary.console
}

output "regions" {
  description = "Each region's own addresses."
  value       = { primary = module.primary.addresses, secondary = module.secondary.addresses }
}
