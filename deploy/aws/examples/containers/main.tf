# For steady, high volume: the program in containers on Graviton, behind a balancer, in private subnets.

locals {
  name          = "${var.project}-${var.environment}"
  configuration = file(coalesce(var.configuration, "${path.module}/busbar.toml"))
}

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
  endpoints = ["bedrock-runtime", "sagemaker.runtime", "secretsmanager", "ssm", "logs", "ecr.api", "ecr.dkr"]
  flow_logs = { kms_key_arn = module.audit.key_arn }
}

# The image comes from here: `docker push`, then its digest as `image`.
resource "aws_ecr_repository" "this" {
  name                 = local.name
  image_tag_mutability = "IMMUTABLE"
  force_delete         = var.disposable

  image_scanning_configuration {
    scan_on_push = true
  }
  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = module.audit.key_arn
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name
  policy = jsonencode({ rules = [{
    rulePriority = 1
    description  = "The last twenty can be gone back to"
    selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 20 }
    action       = { type = "expire" }
  }] })
}

module "role" {
  source = "../../modules/identity/role"

  name        = "${local.name}-program"
  description = "The program in containers: it asks models"
  service     = "ecs-tasks.amazonaws.com"
  may = {
    Bedrock = {
      actions   = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
      resources = [for id in var.bedrock_models : "arn:aws:bedrock:${var.region}::foundation-model/${id}"]
    }
  }
}

module "balancer" {
  source = "../../modules/balancer"

  name            = local.name
  vpc_id          = module.network.vpc_id
  subnet_ids      = module.network.public_subnet_ids
  certificate_arn = var.certificate_arn
  from            = var.from
  target_type     = "ip"
  protect         = !var.disposable
}

module "containers" {
  source = "../../modules/containers"

  name              = local.name
  image             = coalesce(var.image, "${aws_ecr_repository.this.repository_url}:latest")
  repository_arn    = aws_ecr_repository.this.arn
  configuration     = local.configuration
  environment       = var.settings
  architecture      = var.architecture
  size              = var.size
  tasks             = var.tasks
  spot_percent      = var.spot_percent
  scaling           = !contains(var.without, "scaling")
  role_arn          = module.role.arn
  subnet_ids        = module.network.private_subnet_ids
  security_group_id = module.balancer.target_security_group_id
  target_group      = module.balancer.target_group
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
