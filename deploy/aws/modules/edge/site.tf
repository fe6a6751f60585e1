# The console's files, and the one of them that is made here: where it finds its APIs.

locals {
  types = {
    css   = "text/css; charset=utf-8"
    html  = "text/html; charset=utf-8"
    ico   = "image/x-icon"
    js    = "text/javascript; charset=utf-8"
    json  = "application/json"
    map   = "application/json"
    png   = "image/png"
    svg   = "image/svg+xml"
    txt   = "text/plain; charset=utf-8"
    wasm  = "application/wasm"
    webp  = "image/webp"
    woff2 = "font/woff2"
  }
  files  = var.site_folder == null ? [] : [for file in fileset(var.site_folder, "**") : file if file != "config.js"]
  config = "window.BUSBAR = ${jsonencode(var.site_config)};\n"
}

module "site" {
  source = "../data/bucket"

  name          = "${var.name}-site-${data.aws_caller_identity.me.account_id}-${data.aws_region.here.name}"
  force_destroy = var.force_destroy
  require_tls   = var.require_tls
  statements    = [data.aws_iam_policy_document.site.json]
}

data "aws_iam_policy_document" "site" {
  statement {
    sid       = "DistributionReads"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::${var.name}-site-${data.aws_caller_identity.me.account_id}-${data.aws_region.here.name}/*"]
    principals {
      type        = "Service"
      identifiers = ["cloudfront.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudfront_distribution.this.arn]
    }
  }
}

resource "aws_s3_object" "site" {
  for_each = toset(local.files)

  bucket       = module.site.name
  key          = each.value
  source       = "${var.site_folder}/${each.value}"
  source_hash  = filemd5("${var.site_folder}/${each.value}")
  content_type = lookup(local.types, try(regex("[^.]+$", each.value), ""), "application/octet-stream")
  # Files under assets/ have their hash in their name; the rest is asked for again each time.
  cache_control = startswith(each.value, "assets/") ? "public, max-age=31536000, immutable" : "no-cache"
}

resource "aws_s3_object" "config" {
  bucket        = module.site.name
  key           = "config.js"
  content       = local.config
  content_type  = local.types.js
  cache_control = "no-cache"
}
