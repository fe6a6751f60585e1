output "endpoint" {
  description = "The endpoint's name, as programs ask for it."
  value       = aws_sagemaker_endpoint.this.name
}

output "arn" {
  description = "The endpoint's ARN, for the roles that call it."
  value       = aws_sagemaker_endpoint.this.arn
}
