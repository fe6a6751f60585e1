output "console" {
  description = "Where the console is."
  value       = module.stack.console
}

output "addresses" {
  description = "The three ways to ask, and the one with usage plans."
  value       = module.stack.addresses
}

output "versions" {
  description = "Each duty's version that lives, and the newest: what `make rollback` reads."
  value       = module.stack.versions
}

output "distribution" {
  description = "The distribution, for invalidations."
  value       = module.stack.distribution
}

output "edge_keys_arn" {
  description = "The store of the keys that may pass the edge."
  value       = module.stack.edge_keys_arn
}

output "data" {
  description = "Where things are kept."
  value       = { table = module.stack.table, queues = module.stack.queues, buckets = module.stack.buckets }
}

output "policies" {
  description = "What each duty may do, as JSON."
  value       = module.stack.policies
}

output "login" {
  description = "Who makes tokens, and for whom."
  value       = module.stack.login
}

output "guardrail" {
  description = "The guardrail's id and version; null without one."
  value       = one(module.guardrail[*].id)
}
