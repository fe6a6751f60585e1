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
  region      = var.region
  max_retries = var.max_retries

  default_tags {
    tags = local.tags
  }
}

