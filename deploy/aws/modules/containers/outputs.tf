output "cluster" {
  description = "The cluster's name."
  value       = aws_ecs_cluster.this.name
}

output "service" {
  description = "The service's name."
  value       = aws_ecs_service.this.name
}

output "task_definition" {
  description = "The running task definition; naming an earlier revision is a rollback."
  value       = aws_ecs_task_definition.this.arn
}

output "log_group" {
  description = "Where it logs."
  value       = aws_cloudwatch_log_group.this.name
}
