output "predict" {
  description = "Where to POST a picture, or its address."
  value       = "${module.api.url}/predict"
}

output "site" {
  description = "The page."
  value       = module.edge.url
}

output "distribution" {
  description = "The distribution, for invalidations."
  value       = module.edge.id
}

output "endpoint" {
  description = "The endpoint."
  value       = module.model.endpoint
}
