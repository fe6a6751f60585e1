output "console" {
  description = "Where the console is."
  value       = one(module.cdn[*].url)
}

output "distribution" {
  description = "The distribution, for invalidations."
  value       = one(module.cdn[*].id)
}

output "site_bucket" {
  description = "Where the console's files are."
  value       = one(module.cdn[*].site_bucket)
}

output "edge_keys_arn" {
  description = "The store of the keys that may pass the edge; null without one."
  value       = one(module.cdn[*].keys_arn)
}

output "addresses" {
  description = "The three ways to ask, and the one with usage plans."
  value = {
    sync_api        = module.sync_api.url
    sync_api_by_key = module.sync_api_by_key.url
    stream_sse      = module.function["stream-sse"].url
    realtime_ws     = module.realtime_ws.url
  }
}

output "edge_domain" {
  description = "What a name points to, for Route 53."
  value       = one(module.cdn[*].domain)
}

output "api" {
  description = "The HTTP API's host, to ask how it is, and what its own name points to."
  value       = { host = module.sync_api.host, domain = module.sync_api.domain }
}

output "versions" {
  description = "Each duty's version that lives, and the newest."
  value       = { for duty, function in module.function : duty => function.versions }
}

output "functions" {
  description = "Each duty's function."
  value       = { for duty, function in module.function : duty => function.name }
}

output "table" {
  description = "The table."
  value       = module.data.table
}

output "queues" {
  description = "The queues."
  value       = module.data.queues
}

output "buckets" {
  description = "The buckets."
  value       = { pictures = module.data.pictures, models = module.data.models, logs = module.data.logs }
}

output "key_arn" {
  description = "The key that everything at rest is encrypted with."
  value       = module.audit.key_arn
}

output "policies" {
  description = "What each duty may do, as JSON, for tests to look at."
  value       = { for duty, role in module.role : duty => role.policy }
}

output "topic_arn" {
  description = "Where alarms are told."
  value       = module.observability.topic_arn
}

output "login" {
  description = "Who makes tokens, and for whom."
  value       = { issuer = module.identity.issuer, audience = module.identity.audience, address = module.identity.login }
}
