output "group" {
  description = "The Auto Scaling group's name."
  value       = aws_autoscaling_group.this.name
}

output "template" {
  description = "The launch template and its version; naming an earlier one is a rollback."
  value       = { id = aws_launch_template.this.id, version = aws_launch_template.this.latest_version }
}

output "log_group" {
  description = "Where it logs."
  value       = { name = aws_cloudwatch_log_group.this.name, arn = aws_cloudwatch_log_group.this.arn }
}
