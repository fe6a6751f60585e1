# What browsers are told, what viewers must show, and what is not let through.

resource "aws_cloudfront_response_headers_policy" "this" {
  count = var.own_policies ? 1 : 0

  name    = var.name
  comment = "Security headers of ${var.name}"

  security_headers_config {
    strict_transport_security {
      access_control_max_age_sec = 63072000
      include_subdomains         = true
      preload                    = true
      override                   = true
    }
    content_type_options {
      override = true
    }
    frame_options {
      frame_option = "DENY"
      override     = true
    }
    referrer_policy {
      referrer_policy = "no-referrer"
      override        = true
    }
    xss_protection {
      protection = true
      mode_block = true
      override   = true
    }
    content_security_policy {
      content_security_policy = var.content_security_policy
      override                = true
    }
  }

  custom_headers_config {
    items {
      header   = "permissions-policy"
      value    = "camera=(), microphone=(), geolocation=()"
      override = true
    }
  }
}

# Keys by their digests, so that whoever can read the store cannot use them. `scripts/key` puts them there.
resource "aws_cloudfront_key_value_store" "keys" {
  count = var.viewer_function ? 1 : 0

  name    = "${var.name}-keys"
  comment = "SHA-256 of each key that may pass, and whose it is"
}

resource "aws_cloudfront_function" "viewer" {
  count = var.viewer_function ? 1 : 0

  name    = "${var.name}-viewer"
  comment = "Asks for a key, and gives each origin the path that it knows"
  runtime = "cloudfront-js-2.0"
  publish = true
  code = templatefile("${path.module}/viewer.js", {
    require_key = var.require_key
    prefix      = try(var.streams.prefix, "")
    websocket   = jsonencode(try(var.websocket.paths, []))
  })
  key_value_store_associations = [aws_cloudfront_key_value_store.keys[0].arn]
}

# The console is one page: what has no ending is an address within it.
resource "aws_cloudfront_function" "pages" {
  count = var.viewer_function ? 1 : 0

  name    = "${var.name}-pages"
  comment = "Addresses within the console are answered by its one page"
  runtime = "cloudfront-js-2.0"
  publish = true
  code    = file("${path.module}/pages.js")
}

# Addresses of pictures are signed with the private half of this key, which the program has from Secrets Manager.
resource "aws_cloudfront_public_key" "pictures" {
  count = var.pictures == null ? 0 : 1

  name_prefix = "${var.name}-pictures-"
  encoded_key = var.pictures.public_key

  lifecycle {
    create_before_destroy = true
  }
}

# Addresses that were signed before the key was changed end with their time, and not with the key.
resource "aws_cloudfront_public_key" "earlier" {
  for_each = var.pictures == null ? {} : { for key in var.pictures.earlier_keys : substr(sha256(trimspace(key)), 0, 12) => key }

  name_prefix = "${var.name}-earlier-"
  encoded_key = each.value

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudfront_key_group" "pictures" {
  count = var.pictures == null ? 0 : 1

  name  = "${var.name}-pictures"
  items = concat([aws_cloudfront_public_key.pictures[0].id], [for key in aws_cloudfront_public_key.earlier : key.id])
}

resource "aws_wafv2_web_acl" "this" {
  count = var.firewall == null ? 0 : 1

  name        = var.name
  description = "What does not reach ${var.name}"
  scope       = "CLOUDFRONT"

  default_action {
    allow {}
  }

  rule {
    name     = "too-many"
    priority = 1
    action {
      block {}
    }
    statement {
      rate_based_statement {
        limit              = var.firewall.requests_per_5_minutes
        aggregate_key_type = "IP"
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "too-many"
      sampled_requests_enabled   = false # Samples would keep headers.
    }
  }

  dynamic "rule" {
    for_each = { for at, name in var.firewall.managed : name => at + 2 }
    content {
      name     = rule.key
      priority = rule.value
      override_action {
        none {}
      }
      statement {
        managed_rule_group_statement {
          vendor_name = "AWS"
          name        = rule.key

          # A long prompt or a picture is larger than the 8 KB that this rule allows.
          dynamic "rule_action_override" {
            for_each = rule.key == "AWSManagedRulesCommonRuleSet" ? ["SizeRestrictions_BODY"] : []
            content {
              name = rule_action_override.value
              action_to_use {
                count {}
              }
            }
          }
        }
      }
      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = rule.key
        sampled_requests_enabled   = false
      }
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = var.name
    sampled_requests_enabled   = false
  }
}
