output "name" {
  description = "The function's name."
  value       = aws_lambda_function.this.function_name
}

output "alias" {
  description = "What callers reach: the live alias, its ARN and the one by which API Gateway calls it."
  value = {
    name       = aws_lambda_alias.live.name
    arn        = aws_lambda_alias.live.arn
    invoke_arn = aws_lambda_alias.live.invoke_arn
  }
}

output "versions" {
  description = "The version that lives, and the newest."
  value       = { live = local.live, newest = aws_lambda_function.this.version }
}

output "url" {
  description = "The function's own address; null without one."
  value       = one(aws_lambda_function_url.live[*].function_url)
}

output "log_group" {
  description = "Where it logs."
  value       = aws_cloudwatch_log_group.this.name
}
