# A model of your own behind a SageMaker endpoint: the program's container, the model's files, and how it is called:
# real-time, serverless, or asynchronous.

locals {
  variant = "live"
}

resource "aws_sagemaker_model" "this" {
  name                     = "${var.name}-${substr(sha256(jsonencode([var.image, var.data_url, var.environment])), 0, 8)}"
  execution_role_arn       = var.role_arn
  enable_network_isolation = var.isolated

  primary_container {
    image          = var.image
    mode           = var.many ? "MultiModel" : "SingleModel"
    model_data_url = var.data_url
    environment    = merge({ BUSBAR_ROLE = "sagemaker" }, var.environment)
  }

  dynamic "vpc_config" {
    for_each = var.network == null ? [] : [var.network]
    content {
      subnets            = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

# An endpoint is changed by giving it another configuration: the new one is there before the old one goes.
resource "aws_sagemaker_endpoint_configuration" "this" {
  name_prefix = "${var.name}-"
  kms_key_arn = var.serverless == null ? var.kms_key_arn : null

  production_variants {
    variant_name           = local.variant
    model_name             = aws_sagemaker_model.this.name
    initial_variant_weight = 1
    instance_type          = var.serverless == null ? var.instances.type : null
    initial_instance_count = var.serverless == null ? var.instances.min : null
    # A large model takes its time to be fetched and loaded.
    container_startup_health_check_timeout_in_seconds = var.serverless == null ? var.instances.startup_seconds : null

    dynamic "serverless_config" {
      for_each = var.serverless == null ? [] : [var.serverless]
      content {
        memory_size_in_mb       = serverless_config.value.memory_mb
        max_concurrency         = serverless_config.value.concurrency
        provisioned_concurrency = serverless_config.value.provisioned
      }
    }
  }

  dynamic "async_inference_config" {
    for_each = var.asynchronous == null ? [] : [var.asynchronous]
    content {
      output_config {
        s3_output_path  = async_inference_config.value.output
        s3_failure_path = async_inference_config.value.failures
        kms_key_id      = var.kms_key_arn
      }
      client_config {
        max_concurrent_invocations_per_instance = async_inference_config.value.at_once
      }
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sagemaker_endpoint" "this" {
  name                 = var.name
  endpoint_config_name = aws_sagemaker_endpoint_configuration.this.name

  # Blue and green: the new fleet takes everything only after a canary, and goes when an alarm rings.
  dynamic "deployment_config" {
    for_each = var.serverless == null && length(var.alarms) > 0 ? [1] : []
    content {
      blue_green_update_policy {
        termination_wait_in_seconds = 300
        traffic_routing_configuration {
          type                     = "CANARY"
          wait_interval_in_seconds = 300
          canary_size {
            type  = "CAPACITY_PERCENT"
            value = 25
          }
        }
      }
      auto_rollback_configuration {
        dynamic "alarms" {
          for_each = var.alarms
          content {
            alarm_name = alarms.value
          }
        }
      }
    }
  }
}

resource "aws_appautoscaling_target" "this" {
  count = var.scaling && var.serverless == null ? 1 : 0

  service_namespace  = "sagemaker"
  resource_id        = "endpoint/${aws_sagemaker_endpoint.this.name}/variant/${local.variant}"
  scalable_dimension = "sagemaker:variant:DesiredInstanceCount"
  # Asynchronous endpoints may go down to nothing while nobody asks.
  min_capacity = var.asynchronous == null ? var.instances.min : 0
  max_capacity = var.instances.max
}

resource "aws_appautoscaling_policy" "this" {
  count = var.scaling && var.serverless == null ? 1 : 0

  name               = var.name
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[0].service_namespace
  resource_id        = aws_appautoscaling_target.this[0].resource_id
  scalable_dimension = aws_appautoscaling_target.this[0].scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = var.asynchronous == null ? var.instances.requests : var.asynchronous.waiting
    scale_in_cooldown  = 600
    scale_out_cooldown = 60

    dynamic "predefined_metric_specification" {
      for_each = var.asynchronous == null ? [1] : []
      content {
        predefined_metric_type = "SageMakerVariantInvocationsPerInstance"
      }
    }
    dynamic "customized_metric_specification" {
      for_each = var.asynchronous == null ? [] : [1]
      content {
        namespace   = "AWS/SageMaker"
        metric_name = "ApproximateBacklogSizePerInstance"
        statistic   = "Average"
        dimensions {
          name  = "EndpointName"
          value = aws_sagemaker_endpoint.this.name
        }
      }
    }
  }
}
