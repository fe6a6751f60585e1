output "url" {
  description = "Where it answers."
  value       = module.balancer.url
}

output "group" {
  description = "The Auto Scaling group."
  value       = module.instances.group
}

output "template" {
  description = "The launch template and its version."
  value       = module.instances.template
}
