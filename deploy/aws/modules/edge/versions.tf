terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
      # The region of the function whose address the distribution signs for.
      configuration_aliases = [aws.functions]
    }
  }
}
