output "arn" {
  description = "The guardrail's ARN, for the roles that apply it."
  value       = aws_bedrock_guardrail.this.guardrail_arn
}

output "id" {
  description = "The guardrail's id and version, for the configuration."
  value       = { id = aws_bedrock_guardrail.this.guardrail_id, version = aws_bedrock_guardrail_version.this.version }
}
