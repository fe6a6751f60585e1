# The program as an ECS service on Fargate (Graviton by default), behind a balancer, scaled by what it has to do.

data "aws_region" "here" {}

resource "aws_ecs_cluster" "this" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/${var.name}/containers"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

# What starts the task, before the program runs: the image, its log, its secrets.
module "starter" {
  source = "../identity/role"

  name        = "${var.name}-starter"
  description = "Starts the tasks of ${var.name}: image, log, secrets"
  service     = "ecs-tasks.amazonaws.com"
  may = merge(
    {
      Token = {
        actions   = ["ecr:GetAuthorizationToken"]
        resources = ["*"]
        because   = "GetAuthorizationToken knows no resources"
      }
      Log = {
        actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
      }
    },
    var.repository_arn == null ? {} : {
      Image = {
        actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        resources = [var.repository_arn]
      }
    },
    length(var.secrets) == 0 ? {} : {
      Secrets = {
        actions   = ["secretsmanager:GetSecretValue"]
        resources = values(var.secrets)
      }
      Key = {
        actions   = ["kms:Decrypt"]
        resources = [var.kms_key_arn]
      }
    },
  )
}

locals {
  settings = merge({
    BUSBAR_LISTEN                     = "0.0.0.0:${var.port}"
    BUSBAR_LOG__FORMAT                = "json"
    BUSBAR_SERVER__BEHIND_HTTPS_PROXY = "true"
    BUSBAR_CONFIG                     = "/configuration/busbar.toml"
    BUSBAR_HOME                       = "/data"
  }, var.environment)
  log = {
    logDriver = "awslogs"
    options = {
      awslogs-group         = aws_cloudwatch_log_group.this.name
      awslogs-region        = data.aws_region.here.name
      awslogs-stream-prefix = "busbar"
    }
  }
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.size.cpu
  memory                   = var.size.memory_mb
  execution_role_arn       = module.starter.arn
  task_role_arn            = var.role_arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture == "arm64" ? "ARM64" : "X86_64"
  }

  # The program's root is read-only: what it writes lies here, and is gone with the task.
  volume {
    name = "configuration"
  }
  volume {
    name = "data"
  }

  container_definitions = jsonencode([
    {
      name      = "configuration"
      image     = var.shell_image
      essential = false
      # A new volume is root's: the program's user gets what it writes to.
      command     = ["sh", "-c", "printf '%s' \"$CONFIGURATION\" > /configuration/busbar.toml && chmod 0444 /configuration/busbar.toml && chown 65532:65532 /data"]
      environment = [{ name = "CONFIGURATION", value = var.configuration }]
      mountPoints = [
        { sourceVolume = "configuration", containerPath = "/configuration" },
        { sourceVolume = "data", containerPath = "/data" },
      ]
      readonlyRootFilesystem = true
      logConfiguration       = local.log
    },
    {
      name                   = "busbar"
      image                  = var.image
      essential              = true
      user                   = "65532:65532"
      readonlyRootFilesystem = true
      # SIGTERM, then as long as running answers may take.
      stopTimeout     = var.stop_seconds
      linuxParameters = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
      portMappings    = [{ containerPort = var.port, protocol = "tcp" }]
      environment     = [for name, value in local.settings : { name = name, value = value }]
      secrets         = [for name, arn in var.secrets : { name = name, valueFrom = arn }]
      mountPoints = [
        { sourceVolume = "configuration", containerPath = "/configuration", readOnly = true },
        { sourceVolume = "data", containerPath = "/data" },
      ]
      dependsOn = [{ containerName = "configuration", condition = "SUCCESS" }]
      healthCheck = {
        command     = ["CMD", "/usr/local/bin/wget", "-q", "-O", "/dev/null", "http://127.0.0.1:${var.port}/healthz"]
        interval    = 10
        timeout     = 5
        retries     = 3
        startPeriod = 60
      }
      logConfiguration = local.log
    },
  ])
}

resource "aws_ecs_service" "this" {
  name                              = var.name
  cluster                           = aws_ecs_cluster.this.id
  task_definition                   = aws_ecs_task_definition.this.arn
  desired_count                     = var.tasks.min
  health_check_grace_period_seconds = 120
  enable_execute_command            = false
  propagate_tags                    = "SERVICE"

  # The first tasks stay; of those beyond, a share may be Spot's.
  capacity_provider_strategy {
    capacity_provider = "FARGATE"
    base              = var.tasks.min
    weight            = 100 - var.spot_percent
  }
  dynamic "capacity_provider_strategy" {
    for_each = var.spot_percent > 0 ? [var.spot_percent] : []
    content {
      capacity_provider = "FARGATE_SPOT"
      weight            = capacity_provider_strategy.value
    }
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [var.security_group_id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = var.target_group.arn
    container_name   = "busbar"
    container_port   = var.port
  }

  # A new version that does not become healthy is taken back by itself.
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  lifecycle {
    ignore_changes = [desired_count] # Scaling's, from the first minute on.
  }

  depends_on = [aws_ecs_cluster_capacity_providers.this]
}
