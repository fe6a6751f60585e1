# The recommended deployment, composed: one artefact as five functions, three APIs, a queue, a table, a distribution.
# The order of this file is the order in which things depend on each other.

data "aws_caller_identity" "me" {}
data "aws_region" "here" {}

locals {
  with = merge({ pictures_behind_edge = false }, { for part in local.parts : part => !contains(var.without, part) })
  # What each duty's function is like. Their artefact is one; what differs is who they are and what wakes them.
  duties = {
    sync-api = {
      description     = "Answers whole: HTTP API and REST API"
      timeout_seconds = 30
      answers         = "whole"
    }
    stream-sse = {
      description     = "Answers token by token: the function's own address"
      timeout_seconds = 900
      answers         = "streamed"
    }
    realtime-ws = {
      description     = "Holds conversations: WebSocket API, answers by PostToConnection"
      timeout_seconds = 900
      answers         = "whole"
    }
    worker = {
      description     = "Makes pictures, answers what is answered later, brings webhooks: one message at a time"
      timeout_seconds = 890
      answers         = "whole"
    }
    sweep = {
      description     = "Ends what is past its time, announces what a crash forgot, looks through dead letters"
      timeout_seconds = 60
      answers         = "whole"
    }
  }
  # Who signs pictures' addresses has a key of its own, made empty like every secret.
  secrets = merge(
    local.with.pictures_behind_edge ? { picture-private-key = "Signs addresses of pictures: the private half (PEM) of picture_public_key" } : {},
    var.secrets,
  )
  # By the document and not by variables: the distribution stands in front of functions that are there before it.
  configuration = !local.with.pictures_behind_edge ? var.configuration : join("\n", [
    var.configuration,
    "[distribution]",
    "address = \"${module.cdn[0].url}\"",
    "key_id = \"${module.cdn[0].picture_key_id}\"",
    "private_key = \"secretsmanager:${module.config.secret_arns["picture-private-key"]}\"",
    "",
  ])
  environment = merge({
    BUSBAR_CONFIG          = local.with.appconfig_rollout ? "appconfig:${module.config.profile.application}/${module.config.profile.environment}/${module.config.profile.profile}" : "ssm:/${var.name}/configuration"
    BUSBAR_STORAGE__JOBS   = "dynamodb:${module.data.table.name}"
    BUSBAR_STORAGE__QUEUES = "sqs:${trimsuffix(module.data.queues["jobs-image"].url, "jobs-image")}"
    BUSBAR_STORAGE__FILES  = "s3://${module.data.pictures.name}/files/"
    BUSBAR_LATER__OUTPUTS  = "s3://${module.data.pictures.name}/later/answers"
    BUSBAR_LATER__FAILURES = "s3://${module.data.pictures.name}/later/failures"
    BUSBAR_LATER__INPUTS   = "s3://${module.data.pictures.name}/later/requests"
    BUSBAR_METRICS__EMF    = var.namespace
    BUSBAR_METRICS__NAME   = var.name
  }, { for name, secret in module.config.secret_arns : "${upper(replace(name, "-", "_"))}_SECRET_ARN" => secret }, var.settings)
}

# The key first: everything at rest is encrypted with it.
module "audit" {
  source = "../audit"

  name                 = var.name
  distributions        = true
  deletion_window_days = var.disposable ? 7 : 30
  trail                = local.with.trail ? { buckets = [] } : null
  force_destroy        = var.disposable
}

module "data" {
  source = "../data"

  name                 = var.name
  kms_key_arn          = module.audit.key_arn
  table_name           = var.table_name
  table_is_replica     = var.table_is_replica
  replicas             = local.with.table_replicas ? var.replicas : {}
  redrive_allow_policy = local.with.redrive_allow_policy
  pictures_statements  = local.with.pictures_behind_edge ? [data.aws_iam_policy_document.pictures[0].json] : []
  require_tls          = local.with.tls_policies
  protect              = !var.disposable
  force_destroy        = var.disposable
}

module "config" {
  source = "../config"

  name                 = var.name
  environment          = var.environment
  configuration        = local.configuration
  rollout              = local.with.appconfig_rollout ? { alarms = module.observability.unwell == null ? [] : [module.observability.unwell.arn] } : null
  facts                = local.with.appconfig_rollout ? {} : { configuration = local.configuration }
  secrets              = local.secrets
  secret_recovery_days = var.disposable ? 0 : 7
  kms_key_arn          = module.audit.key_arn
}

# Who may ask.
module "identity" {
  source = "../identity"

  name          = var.name
  callback_urls = try(var.login.callback_urls, [])
  programs      = local.with.resource_server
  domain_prefix = try(var.login.prefix, null)
  protect       = !var.disposable
}

# Who each duty is: grants.tf says what it may do.
module "role" {
  source   = "../identity/role"
  for_each = local.duties

  name        = "${var.name}-${each.key}"
  description = each.value.description
  may         = local.grants[each.key]
}

module "function" {
  source   = "../functions"
  for_each = local.duties

  name            = "${var.name}-${each.key}"
  description     = each.value.description
  role_arn        = module.role[each.key].arn
  artefact        = var.artefact
  architecture    = var.architecture
  memory_mb       = lookup(var.memory_mb, each.key, 512)
  timeout_seconds = each.value.timeout_seconds
  environment     = merge(local.environment, { BUSBAR_LAMBDA__ANSWERS = each.value.answers })
  layers          = var.layers
  kms_key_arn     = module.audit.key_arn

  url                     = each.key == "stream-sse" ? { authorization = var.stream_authorization } : null
  queues                  = each.key == "worker" ? { for name, queue in module.data.queues : name => { arn = queue.arn } } : {}
  schedule                = each.key == "sweep" ? "rate(1 minute)" : null
  live_version            = lookup(var.live_versions, each.key, null)
  canary                  = lookup(var.canaries, each.key, null)
  provisioned_concurrency = lookup(var.provisioned_concurrency, each.key, 0)
  reserved_concurrency    = lookup(var.reserved_concurrency, each.key, -1)
}

# The three fronts, by the names that the requirements gave them.
module "sync_api" {
  source = "../api/http"

  name     = "${var.name}-sync-api"
  function = merge(module.function["sync-api"].alias, { name = module.function["sync-api"].name, alias = module.function["sync-api"].alias.name })
  # Where keys are asked for, the REST API does so, and this one is for those who sign.
  authorization = { tokens = "JWT", keys = "AWS_IAM", none = "NONE" }[var.authentication]
  jwt           = var.authentication == "tokens" ? { issuer = module.identity.issuer, audience = module.identity.audience } : null
  domain        = var.api_domain
  origins       = var.origins
  routes        = merge({ "$default" = { open = false } }, { for path in ["/healthz", "/readyz", "/openapi.json"] : "GET ${path}" => { open = true } })
  kms_key_arn   = module.audit.key_arn
}

module "sync_api_by_key" {
  source = "../api/rest"

  name        = "${var.name}-sync-api-by-key"
  function    = merge(module.function["sync-api"].alias, { name = module.function["sync-api"].name, alias = module.function["sync-api"].alias.name })
  keys        = var.api_keys
  kms_key_arn = module.audit.key_arn
}

module "realtime_ws" {
  source = "../api/websocket"

  name          = "${var.name}-realtime-ws"
  function      = merge(module.function["realtime-ws"].alias, { name = module.function["realtime-ws"].name, alias = module.function["realtime-ws"].alias.name })
  authorization = var.websocket_authorization
  kms_key_arn   = module.audit.key_arn
}

module "cdn" {
  source = "../edge"
  count  = var.distribution ? 1 : 0

  name            = var.name
  viewer_function = local.with.edge_functions
  own_policies    = local.with.edge_policies
  # The APIs ask for tokens and keys themselves; streams and conversations have only this key in front of them.
  require_key = var.authentication != "none"
  firewall    = local.with.firewall ? {} : null
  domain      = var.domain
  api = (
    var.authentication == "keys"
    ? { host = module.sync_api_by_key.host, stage = module.sync_api_by_key.stage }
    : { host = module.sync_api.host, stage = null }
  )
  streams = local.with.edge_functions ? {
    host     = split("/", module.function["stream-sse"].url)[2]
    signed   = var.stream_authorization == "AWS_IAM"
    function = module.function["stream-sse"].name
    alias    = module.function["stream-sse"].alias.name
  } : null
  websocket = local.with.edge_functions ? { host = module.realtime_ws.host, stage = module.realtime_ws.stage } : null
  pictures = local.with.pictures_behind_edge ? {
    domain       = module.data.pictures.domain
    public_key   = var.picture_public_key
    earlier_keys = var.earlier_picture_public_keys
  } : null
  site_folder = var.site_folder
  # What is not named the page asks where it came from: the distribution has the API under its own address, where no
  # permission for another origin is needed. Addresses that ask for AWS's signature, or for a key that the page has not,
  # are of no use to it.
  site_config = { for name, value in merge({
    stream    = local.with.edge_functions && var.authentication == "none" ? "/stream/" : var.stream_authorization == "NONE" ? module.function["stream-sse"].url : ""
    websocket = !local.with.edge_functions && var.websocket_authorization == "NONE" ? module.realtime_ws.url : ""
    login     = module.identity.login == null ? "" : module.identity.login
    client    = module.identity.console_client_id
  }, var.site_config) : name => value if value != "" }
  require_tls   = local.with.tls_policies
  force_destroy = var.disposable

  providers = {
    aws           = aws.edge
    aws.functions = aws
  }
}

data "aws_iam_policy_document" "pictures" {
  count = local.with.pictures_behind_edge ? 1 : 0

  statement {
    sid       = "DistributionReads"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::${var.name}-pictures-${data.aws_caller_identity.me.account_id}-${data.aws_region.here.name}/files/*"]
    principals {
      type        = "Service"
      identifiers = ["cloudfront.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [module.cdn[0].arn]
    }
  }
}

module "observability" {
  source = "../observability"

  name        = var.name
  namespace   = var.namespace
  functions   = { for duty, _ in local.duties : duty => "${var.name}-${duty}" }
  streaming   = ["stream-sse", "realtime-ws"]
  http_apis   = { sync-api = module.sync_api.id }
  rest_apis   = { sync-api-by-key = module.sync_api_by_key.name }
  queues      = { for name, queue in module.data.queues : name => { name = queue.name, dead_name = queue.dead_name } }
  models      = { for at, id in var.models.bedrock : replace(id, "/[^A-Za-z0-9-]/", "-") => id }
  costs       = local.with.costs ? { month_usd = var.month_usd } : null
  composite   = local.with.composite_alarms
  traces      = local.with.traces
  mail        = var.mail
  kms_key_arn = module.audit.key_arn
}
