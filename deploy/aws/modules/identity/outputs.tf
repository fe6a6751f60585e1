output "pool_id" {
  description = "The pool."
  value       = aws_cognito_user_pool.this.id
}

output "issuer" {
  description = "Who makes the tokens, as they say themselves."
  value       = "https://cognito-idp.${data.aws_region.here.name}.amazonaws.com/${aws_cognito_user_pool.this.id}"
}

output "audience" {
  description = "For whom: the clients."
  value       = concat([aws_cognito_user_pool_client.console.id], aws_cognito_user_pool_client.programs[*].id)
}

output "console_client_id" {
  description = "The console's client."
  value       = aws_cognito_user_pool_client.console.id
}

output "login" {
  description = "The hosted login's address; null without one."
  value       = one([for domain in aws_cognito_user_pool_domain.this : "https://${domain.domain}.auth.${data.aws_region.here.name}.amazoncognito.com"])
}
