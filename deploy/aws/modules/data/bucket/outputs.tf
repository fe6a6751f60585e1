output "name" {
  description = "The bucket's name."
  value       = aws_s3_bucket.this.id
  # Whoever uses the bucket finds it closed and versioned already.
  depends_on = [aws_s3_bucket_public_access_block.this, aws_s3_bucket_versioning.this]
}

output "arn" {
  description = "The bucket's ARN."
  value       = aws_s3_bucket.this.arn
}

output "domain" {
  description = "The bucket's own address, for a distribution."
  value       = aws_s3_bucket.this.bucket_regional_domain_name
}

output "writable" {
  description = "The bucket's name, once its policy lets in those who write to it."
  value       = aws_s3_bucket.this.id
  depends_on  = [aws_s3_bucket_policy.this]
}
