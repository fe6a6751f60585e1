# Once for each account and region: where the state is kept, who may deploy from GitHub, and the role by which API
# Gateway writes its logs. Its own state stays in this folder (or wherever you keep it): it is small and can be imported.

terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region      = var.region
  max_retries = var.max_retries

  default_tags {
    tags = {
      Owner       = var.OWNER
      Environment = "shared"
      Project     = var.project
      ManagedBy   = "terraform"
    }
  }
}

data "aws_caller_identity" "me" {}

module "state" {
  source = "../modules/data/bucket"

  name               = "${var.project}-state-${data.aws_caller_identity.me.account_id}-${var.region}"
  keep_versions_days = 365
  force_destroy      = var.disposable
  require_tls        = var.require_tls
}

# GitHub's workflow becomes a role by a token of its own; no key is kept anywhere.
resource "aws_iam_openid_connect_provider" "github" {
  count = var.repository == null ? 0 : 1

  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_policy_document" "trust" {
  for_each = var.repository == null ? {} : {
    # Any pull request may plan; only main's deployments, which GitHub's environment guards, may apply.
    plan  = ["repo:${var.repository}:pull_request", "repo:${var.repository}:ref:refs/heads/main"]
    apply = ["repo:${var.repository}:environment:${var.github_environment}"]
  }

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github[0].arn]
    }
    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = each.value
    }
  }
}

resource "aws_iam_role" "github" {
  for_each = data.aws_iam_policy_document.trust

  name               = "${var.project}-github-${each.key}"
  description        = "GitHub's workflow: ${each.key}"
  assume_role_policy = each.value.json
}

resource "aws_iam_role_policy_attachment" "github" {
  for_each = data.aws_iam_policy_document.trust

  role = aws_iam_role.github[each.key].name
  # Who applies makes roles, and so could make itself anything: its limit is the account and who may start it.
  policy_arn = each.key == "plan" ? "arn:aws:iam::aws:policy/ReadOnlyAccess" : "arn:aws:iam::aws:policy/AdministratorAccess"
}

# A plan locks the state, which is a write.
data "aws_iam_policy_document" "state" {
  statement {
    sid       = "State"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    resources = ["${module.state.arn}/*"]
  }
  statement {
    sid       = "List"
    actions   = ["s3:ListBucket"]
    resources = [module.state.arn]
  }
}

resource "aws_iam_role_policy" "state" {
  count = var.repository == null ? 0 : 1

  name   = "state"
  role   = aws_iam_role.github["plan"].id
  policy = data.aws_iam_policy_document.state.json
}

# API Gateway writes access logs by one role for the whole account and region.
data "aws_iam_policy_document" "gateway_trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["apigateway.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "gateway" {
  name               = "${var.project}-api-gateway-logs-${var.region}"
  description        = "API Gateway writes its logs"
  assume_role_policy = data.aws_iam_policy_document.gateway_trust.json
}

resource "aws_iam_role_policy_attachment" "gateway" {
  role       = aws_iam_role.gateway.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}

resource "aws_api_gateway_account" "this" {
  cloudwatch_role_arn = aws_iam_role.gateway.arn

  depends_on = [aws_iam_role_policy_attachment.gateway]
}

output "state_bucket" {
  description = "Where states are kept."
  value       = module.state.name
}

output "github_roles" {
  description = "The roles for GitHub's workflow."
  value       = { for what, role in aws_iam_role.github : what => role.arn }
}
