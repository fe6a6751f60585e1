# One distribution for the console, the API, streams, WebSocket and pictures. Use a provider in us-east-1: CloudFront's
# firewall and certificates are there, and the site's bucket may be.

data "aws_caller_identity" "me" {}
data "aws_region" "here" {}

locals {
  # AWS's own policies have the same ids in every account.
  managed = {
    cache_optimized  = "658327ea-f89d-4fab-a63d-7e88639e58f6"
    cache_disabled   = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    all_but_host     = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    security_headers = "67f7725c-6f97-4210-82d7-5512b31e9d03"
  }
  headers = var.own_policies ? aws_cloudfront_response_headers_policy.this[0].id : local.managed.security_headers

  # Paths of the API, each to the origin that answers it.
  behaviours = concat(
    [for path in var.streams == null ? [] : var.streams.paths : { path = path, origin = "streams" }],
    [for path in var.websocket == null ? [] : var.websocket.paths : { path = path, origin = "websocket" }],
    [for path in var.api == null ? [] : var.api.paths : { path = path, origin = "api" }],
  )
}

resource "aws_cloudfront_origin_access_control" "site" {
  name                              = "${var.name}-site"
  description                       = "Only the distribution reads the site and the pictures"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_origin_access_control" "streams" {
  count = try(var.streams.signed, false) ? 1 : 0

  name                              = "${var.name}-streams"
  description                       = "The distribution signs what it passes to the function's address"
  origin_access_control_origin_type = "lambda"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_lambda_permission" "streams" {
  count    = try(var.streams.signed, false) ? 1 : 0
  provider = aws.functions

  statement_id           = "Distribution"
  action                 = "lambda:InvokeFunctionUrl"
  function_name          = var.streams.function
  qualifier              = var.streams.alias
  principal              = "cloudfront.amazonaws.com"
  source_arn             = aws_cloudfront_distribution.this.arn
  function_url_auth_type = "AWS_IAM"
}

resource "aws_cloudfront_distribution" "this" {
  comment             = var.name
  enabled             = true
  is_ipv6_enabled     = true
  http_version        = "http2and3"
  default_root_object = "index.html"
  price_class         = var.price_class
  aliases             = var.domain == null ? [] : var.domain.names
  web_acl_id          = one(aws_wafv2_web_acl.this[*].arn)

  origin {
    origin_id                = "site"
    domain_name              = module.site.domain
    origin_access_control_id = aws_cloudfront_origin_access_control.site.id
  }

  dynamic "origin" {
    for_each = var.pictures == null ? [] : [var.pictures]
    content {
      origin_id                = "pictures"
      domain_name              = origin.value.domain
      origin_access_control_id = aws_cloudfront_origin_access_control.site.id
    }
  }

  dynamic "origin" {
    for_each = { for id, host in { api = var.api, streams = var.streams, websocket = var.websocket } : id => host if host != null }
    content {
      origin_id                = origin.key
      domain_name              = origin.value.host
      origin_path              = origin.value.stage == null ? "" : "/${origin.value.stage}"
      origin_access_control_id = origin.key == "streams" ? one(aws_cloudfront_origin_access_control.streams[*].id) : null

      custom_origin_config {
        http_port                = 80
        https_port               = 443
        origin_protocol_policy   = "https-only"
        origin_ssl_protocols     = ["TLSv1.2"]
        origin_read_timeout      = 60 # The most without asking AWS: a stream says something every 15 s.
        origin_keepalive_timeout = 60
      }
    }
  }

  default_cache_behavior {
    target_origin_id           = "site"
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["GET", "HEAD", "OPTIONS"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = local.managed.cache_optimized
    response_headers_policy_id = local.headers

    dynamic "function_association" {
      for_each = aws_cloudfront_function.pages
      content {
        event_type   = "viewer-request"
        function_arn = function_association.value.arn
      }
    }
  }

  dynamic "ordered_cache_behavior" {
    for_each = var.pictures == null ? [] : [var.pictures]
    content {
      path_pattern               = "/${ordered_cache_behavior.value.prefix}*"
      target_origin_id           = "pictures"
      viewer_protocol_policy     = "https-only"
      allowed_methods            = ["GET", "HEAD"]
      cached_methods             = ["GET", "HEAD"]
      compress                   = false
      cache_policy_id            = local.managed.cache_optimized
      response_headers_policy_id = local.headers
      # Without a group of keys nobody could open a picture, which is better than everybody.
      trusted_key_groups = [aws_cloudfront_key_group.pictures[0].id]
    }
  }

  dynamic "ordered_cache_behavior" {
    for_each = local.behaviours
    content {
      path_pattern             = ordered_cache_behavior.value.path
      target_origin_id         = ordered_cache_behavior.value.origin
      viewer_protocol_policy   = "https-only"
      allowed_methods          = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
      cached_methods           = ["GET", "HEAD"]
      compress                 = false # A stream that is compressed waits for enough to compress.
      cache_policy_id          = local.managed.cache_disabled
      origin_request_policy_id = local.managed.all_but_host

      dynamic "function_association" {
        for_each = ordered_cache_behavior.value.origin == "api" ? [] : aws_cloudfront_function.viewer
        content {
          event_type   = "viewer-request"
          function_arn = function_association.value.arn
        }
      }
    }
  }

  # Error pages hold for the whole distribution, so they may replace a 404 only where no API answers one. Elsewhere
  # the function `pages` gives the console's addresses to the page.
  dynamic "custom_error_response" {
    for_each = var.single_page ? [403, 404] : []
    content {
      error_code            = custom_error_response.value
      response_code         = 200
      response_page_path    = "/index.html"
      error_caching_min_ttl = 10
    }
  }

  dynamic "custom_error_response" {
    for_each = [500, 502, 503, 504]
    content {
      error_code            = custom_error_response.value
      error_caching_min_ttl = 0 # A fault that has passed is not shown again.
    }
  }

  dynamic "logging_config" {
    for_each = var.log_bucket_domain == null ? [] : [var.log_bucket_domain]
    content {
      bucket          = logging_config.value
      prefix          = "cloudfront/"
      include_cookies = false
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = length(var.countries) > 0 ? "whitelist" : "none"
      locations        = var.countries
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = var.domain == null
    acm_certificate_arn            = try(var.domain.certificate_arn, null)
    ssl_support_method             = var.domain == null ? null : "sni-only"
    minimum_protocol_version       = var.domain == null ? "TLSv1" : "TLSv1.2_2021"
  }
}
