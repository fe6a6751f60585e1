variable "name" {
  description = "What everything here is called, and begins with."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "Use 2 to 31 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "image" {
  description = "The container that serves the model, in ECR: the program with --role sagemaker."
  type        = string

  validation {
    condition     = can(regex("\\.dkr\\.ecr\\.", var.image))
    error_message = "SageMaker takes images from ECR only."
  }
}

variable "data_url" {
  description = "The model's files: s3://…/model.tar.gz, or a prefix of several where `many`."
  type        = string

  validation {
    condition     = startswith(var.data_url, "s3://")
    error_message = "Write s3://bucket/key."
  }
}

variable "many" {
  description = "Whether one endpoint serves many models, each a file under `data_url`."
  type        = bool
  default     = false
}

variable "environment" {
  description = "The container's settings."
  type        = map(string)
  default     = {}
}

variable "role_arn" {
  description = "Who the container is: a role of modules/identity/role."
  type        = string
}

variable "serverless" {
  description = "Paid by the request: memory, and requests at once; null is instances."
  type = object({
    memory_mb   = optional(number, 2048)
    concurrency = optional(number, 10)
    provisioned = optional(number)
  })
  default = null

  validation {
    condition     = var.serverless == null || contains([1024, 2048, 3072, 4096, 5120, 6144], try(var.serverless.memory_mb, 0))
    error_message = "memory_mb is 1024, 2048, …, 6144."
  }
}

variable "instances" {
  description = "Instances: type, how many at least and at most, requests a minute that each is kept at."
  type = object({
    type            = optional(string, "ml.g5.2xlarge")
    min             = optional(number, 1)
    max             = optional(number, 4)
    requests        = optional(number, 60)
    startup_seconds = optional(number, 900)
  })
  default = {}

  validation {
    condition     = startswith(var.instances.type, "ml.") && var.instances.min >= 1 && var.instances.max >= var.instances.min
    error_message = "type begins with ml., min is 1 or more, max not less."
  }
}

variable "asynchronous" {
  description = "Requests wait, and answers are written to S3: where to, how many at once an instance, and how many may wait for each before there are more instances."
  type = object({
    output   = string
    failures = optional(string)
    at_once  = optional(number, 1)
    waiting  = optional(number, 3)
  })
  default = null

  validation {
    condition     = var.asynchronous == null || var.serverless == null
    error_message = "An endpoint is asynchronous or serverless, not both."
  }
}

variable "scaling" {
  description = "Whether the number of instances follows the load."
  type        = bool
  default     = true
}

variable "alarms" {
  description = "Alarms by name that take a new version back."
  type        = list(string)
  default     = []
}

variable "network" {
  description = "Where the container stands; null is outside of your networks."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null
}

variable "isolated" {
  description = "Whether the container can reach nothing at all: models need nothing but their files."
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = "The key that disks and answers are encrypted with."
  type        = string
}
