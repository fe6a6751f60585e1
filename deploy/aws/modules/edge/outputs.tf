output "id" {
  description = "The distribution, for invalidations."
  value       = aws_cloudfront_distribution.this.id
}

output "arn" {
  description = "The distribution's ARN, for the policies of what it reads."
  value       = aws_cloudfront_distribution.this.arn
}

output "url" {
  description = "Where the console is."
  value       = "https://${try(var.domain.names[0], aws_cloudfront_distribution.this.domain_name)}"
}

output "domain" {
  description = "What a name of its own points to, for Route 53."
  value       = { target = aws_cloudfront_distribution.this.domain_name, zone_id = aws_cloudfront_distribution.this.hosted_zone_id }
}

output "site_bucket" {
  description = "Where the console's files are."
  value       = module.site.name
}

output "keys_arn" {
  description = "The store of the keys that may pass; null without one."
  value       = one(aws_cloudfront_key_value_store.keys[*].arn)
}

output "picture_key_id" {
  description = "The public key's id, which stands in signed addresses (`distribution.key_id`); null without pictures."
  value       = one(aws_cloudfront_public_key.pictures[*].id)
}
