# The same deployment in an account for development and one for production: dev.tfvars and prod.tfvars say what differs.
# The artefact that was tried in one goes to the other by its digest, and gets calls by weight (`scripts/promote`).

module "guardrail" {
  source = "../../modules/models/guardrail"
  count  = var.guardrail == null ? 0 : 1

  name     = "${var.project}-${var.environment}"
  strength = var.guardrail
}

module "stack" {
  source = "../../modules/serverless"

  name                    = "${var.project}-${var.environment}"
  environment             = var.environment
  artefact                = var.artefact
  configuration           = file("${path.module}/${var.environment}.toml")
  models                  = { bedrock = var.bedrock_models, guardrails = module.guardrail[*].arn }
  authentication          = var.authentication
  provisioned_concurrency = var.provisioned_concurrency
  live_versions           = var.live_versions
  canaries                = var.canaries
  site_folder             = var.site_folder
  mail                    = var.mail
  month_usd               = var.month_usd
  disposable              = var.disposable
  without                 = var.without

  providers = {
    aws      = aws
    aws.edge = aws.edge
  }
}
