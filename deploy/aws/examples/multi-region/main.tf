# The serverless deployment in two regions behind one name: the second answers when the first does not. Jobs are in a
# global table, pictures are copied; the console's distribution is one, and asks that name.

locals {
  name = "${var.project}-${var.environment}"
  common = {
    environment = var.environment
    artefact    = { file = var.artefact }
    models      = { bedrock = var.bedrock_models }
    disposable  = var.disposable
    without     = var.without
  }
}

module "primary" {
  source = "../../modules/serverless"

  name           = local.name
  environment    = local.common.environment
  artefact       = local.common.artefact
  models         = local.common.models
  configuration  = templatefile("${path.module}/busbar.toml.tftpl", { region = var.region, second = var.second_region })
  authentication = var.authentication
  api_domain     = var.certificates == null ? null : { name = var.host, certificate_arn = var.certificates.primary }
  replicas       = { (var.second_region) = module.secondary.key_arn }
  site_folder    = var.site_folder
  # The page follows the name once the API lets it; before, it asks the first region through its own address.
  origins     = var.origins
  site_config = length(var.origins) == 0 ? {} : { sync = "https://${var.host}" }
  mail        = var.mail
  disposable  = local.common.disposable
  without     = local.common.without

  providers = {
    aws      = aws
    aws.edge = aws.edge
  }
}

module "secondary" {
  source = "../../modules/serverless"

  # Roles have one name in all regions.
  name             = "${local.name}-2"
  environment      = local.common.environment
  artefact         = local.common.artefact
  models           = local.common.models
  configuration    = templatefile("${path.module}/busbar.toml.tftpl", { region = var.second_region, second = var.region })
  authentication   = var.authentication
  api_domain       = var.certificates == null ? null : { name = var.host, certificate_arn = var.certificates.secondary }
  table_name       = local.name
  table_is_replica = true
  distribution     = false
  origins          = var.origins
  mail             = var.mail
  disposable       = local.common.disposable
  # Costs are the account's, and the first region's to watch.
  without = setunion(local.common.without, ["costs", "trail"])

  providers = {
    aws      = aws.secondary
    aws.edge = aws.edge
  }
}

module "resilience" {
  source = "../../modules/resilience"

  name    = local.name
  zone_id = var.zone_id
  host    = var.host
  routing = var.routing

  # Each region is asked by an address of its own, not by the name that is to follow the answer.
  primary = {
    region = var.region
    host   = module.primary.api.host
    domain = coalesce(module.primary.api.domain, { target = module.primary.api.host, zone_id = var.zone_id })
  }
  secondary = {
    region = var.second_region
    host   = module.secondary.api.host
    domain = coalesce(module.secondary.api.domain, { target = module.secondary.api.host, zone_id = var.zone_id })
  }

  objects = {
    from         = module.primary.buckets.pictures.name
    from_arn     = module.primary.buckets.pictures.arn
    from_key_arn = module.primary.key_arn
    to_arn       = module.secondary.buckets.pictures.arn
    to_key_arn   = module.secondary.key_arn
  }
  backups = contains(var.leave_out, "backups") ? null : {
    table_arns   = [module.primary.table.arn]
    key_arn      = module.primary.key_arn
    copy_key_arn = module.secondary.key_arn
  }
  topic_arn     = var.region == "us-east-1" ? module.primary.topic_arn : null
  force_destroy = var.disposable

  providers = {
    # Health checks report to us-east-1 whatever they look at, but buckets and vaults are the first region's.
    aws           = aws
    aws.secondary = aws.secondary
  }
}
