output "table" {
  description = "The table's name, ARN and stream."
  value = {
    name = local.table
    arn = (
      var.table_is_replica
      ? "arn:aws:dynamodb:${data.aws_region.here.name}:${data.aws_caller_identity.me.account_id}:table/${local.table}"
      : aws_dynamodb_table.this[0].arn
    )
    stream_arn = one(aws_dynamodb_table.this[*].stream_arn)
  }
}

output "queues" {
  description = "Each queue's name, URL and ARN, and those of its dead letters."
  value = {
    for name, queue in aws_sqs_queue.this : name => {
      name      = queue.name
      url       = queue.url
      arn       = queue.arn
      dead_name = aws_sqs_queue.dead[name].name
      dead_url  = aws_sqs_queue.dead[name].url
      dead_arn  = aws_sqs_queue.dead[name].arn
    }
  }
}

output "pictures" {
  description = "The bucket of pictures."
  value       = { name = module.pictures.name, arn = module.pictures.arn, domain = module.pictures.domain }
}

output "models" {
  description = "The bucket of model files, and of what asynchronous endpoints read and write."
  value       = { name = module.models.name, arn = module.models.arn }
}

output "logs" {
  description = "The bucket of access logs."
  value       = { name = module.logs.name, arn = module.logs.arn, domain = module.logs.domain }
}
