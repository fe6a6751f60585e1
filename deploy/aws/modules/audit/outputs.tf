output "key_arn" {
  description = "The key that everything at rest is encrypted with."
  value       = aws_kms_key.this.arn
}

output "trail_bucket" {
  description = "Where the trail is kept; null without one."
  value       = one(module.trail_bucket[*].name)
}
