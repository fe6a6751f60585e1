# For the most control: the program on Graviton instances of your own, two to twenty of them at 80 % of their processors.

locals {
  name          = "${var.project}-${var.environment}"
  configuration = file(coalesce(var.configuration, "${path.module}/busbar.toml"))
  artefact = {
    bucket = module.artefacts.name
    key    = aws_s3_object.program.key
    sha256 = filesha256(var.program)
  }
}

data "aws_caller_identity" "me" {}

module "audit" {
  source = "../../modules/audit"

  name                 = local.name
  deletion_window_days = var.disposable ? 7 : 30
}

module "network" {
  source = "../../modules/network"

  name      = local.name
  public    = true
  nat       = var.nat
  endpoints = ["bedrock-runtime", "sagemaker.runtime", "secretsmanager", "ssm", "logs"]
  flow_logs = { kms_key_arn = module.audit.key_arn }
}

# The program itself, by its digest, so that an instance that starts next year gets what was meant today.
module "artefacts" {
  source = "../../modules/data/bucket"

  name          = "${local.name}-programs-${data.aws_caller_identity.me.account_id}-${var.region}"
  kms_key_arn   = module.audit.key_arn
  require_tls   = !contains(var.without, "tls_policies")
  force_destroy = var.disposable
}

resource "aws_s3_object" "program" {
  bucket      = module.artefacts.name
  key         = "busbar-${var.architecture}-${substr(filesha256(var.program), 0, 16)}"
  source      = var.program
  source_hash = filemd5(var.program)
}

module "role" {
  source = "../../modules/identity/role"

  name        = "${local.name}-program"
  description = "The program on instances: it fetches itself and asks models"
  service     = "ec2.amazonaws.com"
  may = {
    Bedrock = {
      actions   = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
      resources = [for id in var.bedrock_models : "arn:aws:bedrock:${var.region}::foundation-model/${id}"]
    }
    Program = {
      actions   = ["s3:GetObject"]
      resources = ["${module.artefacts.arn}/busbar-*"]
    }
    Key = {
      actions   = ["kms:Decrypt"]
      resources = [module.audit.key_arn]
    }
    Log = {
      actions   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
      resources = ["${module.instances.log_group.arn}:*"]
    }
    Metrics = {
      actions   = ["cloudwatch:PutMetricData"]
      resources = ["*"]
      because   = "PutMetricData knows no resources; the namespace is what can be named"
      when      = { "cloudwatch:namespace" = { test = "StringEquals", values = ["Busbar/Instances"] } }
    }
  }
  # A shell by Session Manager rather than by SSH and an open port.
  managed = { session = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore" }
}

module "balancer" {
  source = "../../modules/balancer"

  name            = local.name
  vpc_id          = module.network.vpc_id
  subnet_ids      = module.network.public_subnet_ids
  certificate_arn = var.certificate_arn
  from            = var.from
  target_type     = "instance"
  protect         = !var.disposable
}

module "instances" {
  source = "../../modules/instances"

  name              = local.name
  architecture      = var.architecture
  image_id          = var.image_id
  instance_type     = var.instance_type
  other_types       = var.other_types
  instances         = var.instances
  spot_percent      = var.spot_percent
  artefact          = local.artefact
  configuration     = local.configuration
  environment       = var.settings
  instance_profile  = module.role.instance_profile
  subnet_ids        = module.network.private_subnet_ids
  security_group_id = module.balancer.target_security_group_id
  target_group      = module.balancer.target_group
  tags              = local.tags
  wait              = var.wait
  kms_key_arn       = module.audit.key_arn
}

module "observability" {
  source = "../../modules/observability"

  name        = local.name
  balancers   = { front = module.balancer.arn_suffix }
  models      = { for id in var.bedrock_models : replace(id, "/[^A-Za-z0-9-]/", "-") => id }
  costs       = contains(var.without, "costs") ? null : { month_usd = var.month_usd }
  composite   = !contains(var.without, "composite_alarms")
  traces      = !contains(var.without, "traces")
  mail        = var.mail
  kms_key_arn = module.audit.key_arn
}
