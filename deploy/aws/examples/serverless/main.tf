# The recommended deployment: functions, three APIs, a distribution; nothing costs while nobody asks.

module "stack" {
  source = "../../modules/serverless"

  name          = "${var.project}-${var.environment}"
  environment   = var.environment
  artefact      = { file = var.artefact }
  architecture  = var.architecture
  configuration = file(coalesce(var.configuration, "${path.module}/busbar.toml"))
  models        = { bedrock = var.bedrock_models, endpoints = var.endpoints }
  secrets       = var.secrets

  authentication          = var.authentication
  stream_authorization    = var.stream_authorization
  websocket_authorization = var.websocket_authorization
  api_keys                = var.api_keys

  login = var.login

  picture_public_key          = var.picture_public_key
  earlier_picture_public_keys = var.earlier_picture_public_keys

  site_folder   = var.site_folder
  live_versions = var.live_versions
  canaries      = var.canaries

  mail       = var.mail
  month_usd  = var.month_usd
  disposable = var.disposable
  without    = var.without

  providers = {
    aws      = aws
    aws.edge = aws.edge
  }
}
