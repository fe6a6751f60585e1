output "url" {
  description = "Where it answers."
  value       = module.balancer.url
}

output "repository" {
  description = "Where the image is pushed to."
  value       = aws_ecr_repository.this.repository_url
}

output "task_definition" {
  description = "What runs."
  value       = module.containers.task_definition
}
