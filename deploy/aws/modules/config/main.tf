# What the program reads while it runs: its configuration (AppConfig), facts of this deployment (SSM), secrets.

resource "aws_appconfig_application" "this" {
  name        = var.name
  description = "Configuration of ${var.name}"
}

resource "aws_appconfig_configuration_profile" "this" {
  application_id = aws_appconfig_application.this.id
  name           = "busbar"
  description    = "busbar.toml: models, routes, limits"
  location_uri   = "hosted"
}

resource "aws_appconfig_hosted_configuration_version" "this" {
  application_id           = aws_appconfig_application.this.id
  configuration_profile_id = aws_appconfig_configuration_profile.this.configuration_profile_id
  description              = "From Terraform, ${substr(sha256(var.configuration), 0, 12)}"
  content_type             = "application/toml"
  content                  = var.configuration
}

# A tenth of those who read it, then another, watched; an alarm puts the one before back.
resource "aws_appconfig_deployment_strategy" "this" {
  count = var.rollout == null ? 0 : 1

  name                           = var.name
  description                    = "In steps, then watched"
  deployment_duration_in_minutes = var.rollout.minutes
  growth_type                    = "LINEAR"
  growth_factor                  = var.rollout.step_percent
  final_bake_time_in_minutes     = var.rollout.watch_minutes
  replicate_to                   = "NONE"
}

resource "aws_appconfig_environment" "this" {
  count = var.rollout == null ? 0 : 1

  application_id = aws_appconfig_application.this.id
  name           = var.environment
  description    = "Where ${var.name} reads it"

  dynamic "monitor" {
    for_each = var.rollout.alarms
    content {
      alarm_arn      = monitor.value
      alarm_role_arn = module.watch[0].arn
    }
  }
}

module "watch" {
  source = "../identity/role"
  count  = var.rollout == null ? 0 : length(var.rollout.alarms) > 0 ? 1 : 0

  name        = "${var.name}-appconfig"
  description = "AppConfig looks at alarms while it rolls a configuration out"
  service     = "appconfig.amazonaws.com"
  may = {
    SeeAlarms = {
      actions   = ["cloudwatch:DescribeAlarms"]
      resources = ["*"]
      because   = "DescribeAlarms knows no resources"
    }
  }
}

resource "aws_appconfig_deployment" "this" {
  count = var.rollout == null ? 0 : 1

  application_id           = aws_appconfig_application.this.id
  configuration_profile_id = aws_appconfig_configuration_profile.this.configuration_profile_id
  configuration_version    = aws_appconfig_hosted_configuration_version.this.version_number
  deployment_strategy_id   = aws_appconfig_deployment_strategy.this[0].id
  environment_id           = aws_appconfig_environment.this[0].environment_id
}

resource "aws_ssm_parameter" "fact" {
  for_each = var.facts

  name        = "/${var.name}/${each.key}"
  description = "A fact of ${var.name}, for whoever deploys beside it"
  type        = "String"
  value       = each.value
}

# Their values are put there by people or by a rotation, never by Terraform: its state would keep them.
resource "aws_secretsmanager_secret" "this" {
  for_each = var.secrets

  name                    = "${var.name}/${each.key}"
  description             = each.value
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.secret_recovery_days

  dynamic "replica" {
    for_each = var.secret_replicas
    content {
      region     = replica.key
      kms_key_id = replica.value
    }
  }
}
