output "id" {
  description = "The API's id."
  value       = aws_api_gateway_rest_api.this.id
}

output "name" {
  description = "The API's name, as metrics know it."
  value       = aws_api_gateway_rest_api.this.name
}

output "url" {
  description = "The address of the live stage."
  value       = "https://${aws_api_gateway_rest_api.this.id}.execute-api.${data.aws_region.here.name}.amazonaws.com/${local.stage}"
}

output "host" {
  description = "The address without scheme and stage."
  value       = "${aws_api_gateway_rest_api.this.id}.execute-api.${data.aws_region.here.name}.amazonaws.com"
}

output "stage" {
  description = "The stage, which is the first part of the path."
  value       = local.stage
}

output "key_ids" {
  description = "The keys' ids; `aws apigateway get-api-key --include-value` shows a key to those who may see it."
  value       = { for name, key in aws_api_gateway_api_key.this : name => key.id }
}
