# The program on instances of your own (Graviton by default), in an Auto Scaling group behind a balancer.

locals {
  # Amazon Linux of the right architecture, always the newest; the launch template keeps the one it found.
  image = var.image_id != null ? var.image_id : data.aws_ssm_parameter.image[0].value
}

data "aws_ssm_parameter" "image" {
  count = var.image_id == null ? 1 : 0

  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${var.architecture}"
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/${var.name}/instances"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_launch_template" "this" {
  name                   = var.name
  description            = "The program on an instance of its own"
  image_id               = local.image
  instance_type          = var.instance_type
  update_default_version = true
  vpc_security_group_ids = [var.security_group_id]
  ebs_optimized          = true

  iam_instance_profile {
    name = var.instance_profile
  }

  metadata_options {
    http_tokens                 = "required" # No credentials for whoever makes a program fetch an address.
    http_put_response_hop_limit = 1
    http_endpoint               = "enabled"
    instance_metadata_tags      = "disabled"
  }

  monitoring {
    enabled = true
  }

  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_type           = "gp3"
      volume_size           = var.disk_gb
      encrypted             = true
      kms_key_id            = var.disk_key_arn
      delete_on_termination = true
    }
  }

  user_data = base64encode(templatefile("${path.module}/start.sh.tftpl", {
    artefact      = var.artefact
    configuration = base64encode(var.configuration)
    environment   = var.environment
    port          = var.port
    log_group     = aws_cloudwatch_log_group.this.name
    stop_seconds  = var.stop_seconds
  }))

  dynamic "tag_specifications" {
    for_each = toset(["instance", "volume", "network-interface"])
    content {
      resource_type = tag_specifications.value
      tags          = merge(var.tags, { Name = var.name })
    }
  }
}

resource "aws_autoscaling_group" "this" {
  name                      = var.name
  min_size                  = var.instances.min
  max_size                  = var.instances.max
  vpc_zone_identifier       = var.subnet_ids
  target_group_arns         = [var.target_group.arn]
  health_check_type         = "ELB"
  health_check_grace_period = 180
  default_instance_warmup   = 120
  capacity_rebalance        = var.spot_percent > 0
  termination_policies      = ["OldestLaunchTemplate", "Default"]
  wait_for_capacity_timeout = var.wait

  mixed_instances_policy {
    launch_template {
      launch_template_specification {
        launch_template_id = aws_launch_template.this.id
        version            = aws_launch_template.this.latest_version
      }
      dynamic "override" {
        for_each = concat([var.instance_type], var.other_types)
        content {
          instance_type = override.value
        }
      }
    }
    instances_distribution {
      # The least that must stand is not Spot's.
      on_demand_base_capacity                  = var.instances.min
      on_demand_percentage_above_base_capacity = 100 - var.spot_percent
      spot_allocation_strategy                 = "price-capacity-optimized"
    }
  }

  # A new version replaces a few at a time, and is taken back when it does not become healthy.
  instance_refresh {
    strategy = "Rolling"
    preferences {
      min_healthy_percentage = 90
      instance_warmup        = 120
      auto_rollback          = true
    }
  }

  dynamic "tag" {
    for_each = merge(var.tags, { Name = var.name })
    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  lifecycle {
    ignore_changes = [desired_capacity]
  }
}

resource "aws_autoscaling_policy" "processor" {
  name                   = "${var.name}-processor"
  autoscaling_group_name = aws_autoscaling_group.this.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = var.instances.busy_percent
    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}

# Whoever is told to stop has time to finish what it answers.
resource "aws_autoscaling_lifecycle_hook" "drain" {
  name                   = "drain"
  autoscaling_group_name = aws_autoscaling_group.this.name
  lifecycle_transition   = "autoscaling:EC2_INSTANCE_TERMINATING"
  heartbeat_timeout      = max(30, var.stop_seconds)
  default_result         = "CONTINUE"
}
