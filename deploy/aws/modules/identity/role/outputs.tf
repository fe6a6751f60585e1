output "arn" {
  description = "The role's ARN."
  value       = aws_iam_role.this.arn
}

output "name" {
  description = "The role's name."
  value       = aws_iam_role.this.name
}

output "instance_profile" {
  description = "The profile that instances take the role by; null for other services."
  value       = one(aws_iam_instance_profile.this[*].name)
}

output "policy" {
  description = "What it may do, as JSON, for tests to look at."
  value       = data.aws_iam_policy_document.may.json
}
