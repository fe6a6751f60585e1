variable "name" {
  description = "What everything here is called, and begins with."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "Use 2 to 31 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "cidr" {
  description = "The network's addresses."
  type        = string
  default     = "10.20.0.0/16"

  validation {
    condition     = can(cidrsubnet(var.cidr, 4, 15))
    error_message = "Use an IPv4 range that can be divided by sixteen, such as 10.20.0.0/16."
  }
}

variable "zones" {
  description = "How many availability zones to stand in."
  type        = number
  default     = 2

  validation {
    condition     = var.zones >= 2 && var.zones <= 4
    error_message = "Use 2 to 4 zones: one alone is not available enough, and more cost endpoints."
  }
}

variable "public" {
  description = "Whether there are public subnets, for load balancers and NAT gateways."
  type        = bool
  default     = false
}

variable "nat" {
  description = "How private subnets reach hosts that are not AWS's: none, one (a single gateway), per_zone."
  type        = string
  default     = "none"

  validation {
    condition     = contains(["none", "one", "per_zone"], var.nat)
    error_message = "Use none, one or per_zone."
  }
  validation {
    condition     = var.nat == "none" || var.public
    error_message = "A NAT gateway stands in a public subnet: set public = true."
  }
}

variable "endpoints" {
  description = "Services to reach by private addresses, by the last part of their endpoint's name. S3 and DynamoDB are always reached so."
  type        = set(string)
  default     = ["bedrock-runtime", "sagemaker.runtime", "sqs", "secretsmanager", "ssm", "logs", "appconfigdata"]
}

variable "flow_logs" {
  description = "Keep what the network refused; null keeps nothing."
  type = object({
    retention_days = optional(number, 90)
    kms_key_arn    = optional(string)
  })
  default = {}
}
