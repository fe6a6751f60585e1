# A load balancer that speaks HTTPS, and the group of targets behind it.

resource "aws_security_group" "this" {
  name        = "${var.name}-balancer"
  description = "Whoever may reach ${var.name}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-balancer" }
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each = { for pair in setproduct(var.certificate_arn == null ? [80] : [80, 443], var.from) : "${pair[0]}-${pair[1]}" => pair }

  security_group_id = aws_security_group.this.id
  description       = each.value[0] == 443 ? "HTTPS" : "HTTP, which is sent on to HTTPS where there is a certificate"
  cidr_ipv4         = each.value[1]
  ip_protocol       = "tcp"
  from_port         = each.value[0]
  to_port           = each.value[0]
}

resource "aws_vpc_security_group_egress_rule" "targets" {
  security_group_id            = aws_security_group.this.id
  description                  = "To the targets"
  referenced_security_group_id = aws_security_group.targets.id
  ip_protocol                  = "tcp"
  from_port                    = var.port
  to_port                      = var.port
}

resource "aws_security_group" "targets" {
  name        = "${var.name}-targets"
  description = "What runs behind the balancer of ${var.name}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-targets" }
}

resource "aws_vpc_security_group_ingress_rule" "targets" {
  security_group_id            = aws_security_group.targets.id
  description                  = "From the balancer"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = var.port
  to_port                      = var.port
}

resource "aws_vpc_security_group_egress_rule" "out" {
  security_group_id = aws_security_group.targets.id
  description       = "HTTPS to models and services"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_lb" "this" {
  name                       = var.name
  load_balancer_type         = "application"
  internal                   = var.internal
  subnets                    = var.subnet_ids
  security_groups            = [aws_security_group.this.id]
  drop_invalid_header_fields = true
  enable_deletion_protection = var.protect
  idle_timeout               = var.idle_seconds

  dynamic "access_logs" {
    for_each = var.log_bucket == null ? [] : [var.log_bucket]
    content {
      bucket  = access_logs.value
      prefix  = "balancer"
      enabled = true
    }
  }
}

resource "aws_lb_target_group" "this" {
  name        = var.name
  vpc_id      = var.vpc_id
  target_type = var.target_type
  protocol    = "HTTP"
  port        = var.port
  # An answer may take minutes: new requests go to whoever has the fewest.
  load_balancing_algorithm_type = "least_outstanding_requests"
  deregistration_delay          = var.drain_seconds

  health_check {
    path                = "/readyz"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "https" {
  count = var.certificate_arn == null ? 0 : 1

  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  dynamic "default_action" {
    for_each = var.certificate_arn == null ? [] : [1]
    content {
      type = "redirect"
      redirect {
        protocol    = "HTTPS"
        port        = "443"
        status_code = "HTTP_301"
      }
    }
  }

  # Without a certificate, for a trial behind nothing: only addresses that were named reach it.
  dynamic "default_action" {
    for_each = var.certificate_arn == null ? [1] : []
    content {
      type             = "forward"
      target_group_arn = aws_lb_target_group.this.arn
    }
  }
}
