terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

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

provider "aws" {
  alias       = "secondary"
  region      = var.second_region
  max_retries = var.max_retries

  default_tags {
    tags = local.tags
  }
}

# CloudFront's own region, and where health checks report to.
provider "aws" {
  alias       = "edge"
  region      = "us-east-1"
  max_retries = var.max_retries

  default_tags {
    tags = local.tags
  }
}
