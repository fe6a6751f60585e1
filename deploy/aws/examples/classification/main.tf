# The smallest: a page, `POST /predict`, and MobileNetV2 on SageMaker Serverless. Paid by the picture.

locals {
  name          = "${var.project}-${var.environment}"
  configuration = templatefile("${path.module}/busbar.toml.tftpl", { region = var.region, endpoint = local.endpoint })
  endpoint      = "${local.name}-mobilenet"
  function      = "${local.name}-predict"
}

data "aws_caller_identity" "me" {}

module "audit" {
  source = "../../modules/audit"

  name                 = local.name
  deletion_window_days = var.disposable ? 7 : 30
}

module "bucket" {
  source = "../../modules/data/bucket"

  name          = "${local.name}-models-${data.aws_caller_identity.me.account_id}-${var.region}"
  kms_key_arn   = module.audit.key_arn
  require_tls   = !contains(var.without, "tls_policies")
  force_destroy = var.disposable
}

resource "aws_s3_object" "model" {
  bucket      = module.bucket.name
  key         = "mobilenet/${substr(filesha256(var.model), 0, 16)}/model.tar.gz"
  source      = var.model
  source_hash = filemd5(var.model)
}

module "model_role" {
  source = "../../modules/identity/role"

  name        = "${local.name}-model"
  description = "The container that holds the model: its files, its image, its log"
  service     = "sagemaker.amazonaws.com"
  may = {
    Files = {
      actions   = ["s3:GetObject"]
      resources = ["${module.bucket.arn}/mobilenet/*"]
    }
    Key = {
      actions   = ["kms:Decrypt"]
      resources = [module.audit.key_arn]
    }
    Image = {
      actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      resources = ["arn:aws:ecr:${var.region}:${data.aws_caller_identity.me.account_id}:repository/${var.repository}"]
    }
    Token = {
      actions   = ["ecr:GetAuthorizationToken"]
      resources = ["*"]
      because   = "GetAuthorizationToken knows no resources"
    }
    Log = {
      actions   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
      resources = ["arn:aws:logs:${var.region}:${data.aws_caller_identity.me.account_id}:log-group:/aws/sagemaker/Endpoints/${local.endpoint}*"]
    }
  }
}

module "model" {
  source = "../../modules/models"

  name        = local.endpoint
  image       = var.image
  data_url    = "s3://${module.bucket.name}/${aws_s3_object.model.key}"
  role_arn    = module.model_role.arn
  serverless  = { memory_mb = var.memory_mb, concurrency = var.concurrency }
  environment = { BUSBAR_LOG__FORMAT = "json" }
  kms_key_arn = module.audit.key_arn
}

module "function_role" {
  source = "../../modules/identity/role"

  name        = local.function
  description = "Answers /predict: it asks one endpoint"
  may = {
    Endpoint = {
      actions   = ["sagemaker:InvokeEndpoint"]
      resources = [module.model.arn]
    }
    Log = {
      actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      resources = ["arn:aws:logs:${var.region}:${data.aws_caller_identity.me.account_id}:log-group:/aws/lambda/${local.function}:*"]
    }
    Trace = {
      actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
      resources = ["*"]
      because   = "X-Ray knows no resources for what is written"
    }
    Key = {
      actions   = ["kms:Decrypt"]
      resources = [module.audit.key_arn]
    }
    Configuration = {
      actions   = ["ssm:GetParameter"]
      resources = [aws_ssm_parameter.configuration.arn]
    }
  }
}

resource "aws_ssm_parameter" "configuration" {
  name        = "/${local.name}/configuration"
  description = "busbar.toml of ${local.function}"
  type        = "String"
  value       = local.configuration
}

module "function" {
  source = "../../modules/functions"

  name            = local.function
  description     = "POST /predict: fetches the picture, asks the endpoint"
  role_arn        = module.function_role.arn
  artefact        = { file = var.artefact }
  memory_mb       = 512
  timeout_seconds = 30
  environment     = { BUSBAR_CONFIG = "ssm:/${local.name}/configuration", BUSBAR_LAMBDA__ANSWERS = "whole", BUSBAR_METRICS__EMF = "Busbar", BUSBAR_METRICS__NAME = local.name }
  kms_key_arn     = module.audit.key_arn
}

module "identity" {
  source = "../../modules/identity"
  count  = var.authentication == "tokens" ? 1 : 0

  name     = local.name
  programs = false
  protect  = !var.disposable
}

module "api" {
  source = "../../modules/api/http"

  name          = local.name
  function      = { name = module.function.name, alias = module.function.alias.name, invoke_arn = module.function.alias.invoke_arn }
  authorization = var.authentication == "tokens" ? "JWT" : "NONE"
  jwt           = var.authentication == "tokens" ? { issuer = module.identity[0].issuer, audience = module.identity[0].audience } : null
  routes        = { "POST /predict" = {} }
  origins       = var.origins
  throttle      = { rate = 20, burst = 40 }
  kms_key_arn   = module.audit.key_arn
}

module "edge" {
  source = "../../modules/edge"

  name            = local.name
  api             = { host = module.api.host, paths = ["/predict"] }
  viewer_function = !contains(var.without, "edge_functions")
  own_policies    = !contains(var.without, "edge_policies")
  firewall        = contains(var.without, "firewall") ? null : {}
  site_folder     = var.site_folder
  site_config     = { predict = "/predict" }
  require_tls     = !contains(var.without, "tls_policies")
  force_destroy   = var.disposable

  providers = {
    aws           = aws.edge
    aws.functions = aws
  }
}

module "observability" {
  source = "../../modules/observability"

  name        = local.name
  functions   = { predict = module.function.name }
  http_apis   = { predict = module.api.id }
  costs       = contains(var.without, "costs") ? null : { month_usd = var.month_usd }
  composite   = !contains(var.without, "composite_alarms")
  traces      = !contains(var.without, "traces")
  mail        = var.mail
  kms_key_arn = module.audit.key_arn
}
