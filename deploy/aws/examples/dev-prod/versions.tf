terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # Where the state is kept: `make bootstrap` makes the bucket, `scripts/terraform` names it.
  backend "s3" {}
}

locals {
  tags = {
    Owner       = var.OWNER
    Environment = var.environment
    Project     = var.project
    ManagedBy   = "terraform"
  }
}

provider "aws" {
  region = var.region

  # The wrong account is refused before anything is planned.
  allowed_account_ids = [var.account]
  max_retries         = var.max_retries

  dynamic "assume_role" {
    for_each = var.role_arn == null ? [] : [var.role_arn]
    content {
      role_arn     = assume_role.value
      session_name = "terraform-${var.environment}"
    }
  }

  default_tags {
    tags = local.tags
  }
}

# CloudFront's firewall and certificates are in us-east-1, wherever the rest is.
provider "aws" {
  alias       = "edge"
  region      = "us-east-1"
  max_retries = var.max_retries

  allowed_account_ids = [var.account]

  dynamic "assume_role" {
    for_each = var.role_arn == null ? [] : [var.role_arn]
    content {
      role_arn     = assume_role.value
      session_name = "terraform-${var.environment}"
    }
  }

  default_tags {
    tags = local.tags
  }
}
