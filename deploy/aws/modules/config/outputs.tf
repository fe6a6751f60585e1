output "profile" {
  description = "What the program asks AppConfig for; `environment` is null while nothing is rolled out."
  value = {
    application = aws_appconfig_application.this.id
    profile     = aws_appconfig_configuration_profile.this.configuration_profile_id
    environment = one(aws_appconfig_environment.this[*].environment_id)
  }
}

output "configuration_arns" {
  description = "What a role needs to read it."
  value = [
    for environment in aws_appconfig_environment.this :
    "${aws_appconfig_application.this.arn}/environment/${environment.environment_id}/configuration/${aws_appconfig_configuration_profile.this.configuration_profile_id}"
  ]
}

output "version" {
  description = "The configuration's version."
  value       = aws_appconfig_hosted_configuration_version.this.version_number
}

output "secret_arns" {
  description = "The secrets' ARNs, by name."
  value       = { for name, secret in aws_secretsmanager_secret.this : name => secret.arn }
}
