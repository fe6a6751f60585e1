output "id" {
  description = "The API's id, as metrics know it."
  value       = aws_apigatewayv2_api.this.id
}

output "url" {
  description = "What clients connect to."
  value       = "wss://${local.host}/${local.stage}"
}

output "host" {
  description = "The address without scheme and stage."
  value       = local.host
}

output "stage" {
  description = "The stage, which is the first part of the path."
  value       = local.stage
}

output "connections" {
  description = "Where answers are posted to, as an address and as the ARN that a role needs for it."
  value = {
    url = "https://${local.host}/${local.stage}"
    arn = "${aws_apigatewayv2_api.this.execution_arn}/${local.stage}/POST/@connections/*"
  }
}

locals {
  host = "${aws_apigatewayv2_api.this.id}.execute-api.${data.aws_region.here.name}.amazonaws.com"
}
