output "id" {
  description = "The API's id, as metrics know it."
  value       = aws_apigatewayv2_api.this.id
}

output "url" {
  description = "The API's own address."
  value       = aws_apigatewayv2_api.this.api_endpoint
}

output "host" {
  description = "The same without its scheme."
  value       = "${aws_apigatewayv2_api.this.id}.execute-api.${data.aws_region.here.name}.amazonaws.com"
}

output "domain" {
  description = "What the name of its own points to, for Route 53; null without one."
  value = one([
    for domain in aws_apigatewayv2_domain_name.this : {
      target  = domain.domain_name_configuration[0].target_domain_name
      zone_id = domain.domain_name_configuration[0].hosted_zone_id
    }
  ])
}
