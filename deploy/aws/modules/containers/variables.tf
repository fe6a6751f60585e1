variable "name" {
  description = "What everything here is called, and begins with."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "Use 2 to 31 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "image" {
  description = "The program's image (deploy/aws/docker), best by its digest."
  type        = string
}

variable "repository_arn" {
  description = "The ECR repository that the image comes from; null for another registry."
  type        = string
  default     = null
}

variable "shell_image" {
  description = "An image with a shell that writes the configuration's file before the program starts."
  type        = string
  default     = "public.ecr.aws/docker/library/busybox:1.37"
}

variable "configuration" {
  description = "The content of busbar.toml."
  type        = string
}

variable "environment" {
  description = "Settings by the environment (docs/configuration.md). They win over the file."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Variables whose value ECS takes from Secrets Manager: name, and the secret's ARN."
  type        = map(string)
  default     = {}
}

variable "architecture" {
  description = "arm64, or x86_64."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "Use arm64 or x86_64."
  }
}

variable "size" {
  description = "A task's processor, in 1024ths, and memory, in MiB: one of Fargate's pairs."
  type = object({
    cpu       = optional(number, 512)
    memory_mb = optional(number, 1024)
  })
  default = {}

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.size.cpu) && var.size.memory_mb >= 2 * var.size.cpu && var.size.memory_mb <= 8 * var.size.cpu
    error_message = "cpu is 256, 512, 1024, …, 16384, and memory_mb two to eight times as much."
  }
}

variable "tasks" {
  description = "How many tasks at least and at most, and what each is kept at: processor in per cent, requests a minute (null does not look)."
  type = object({
    min          = optional(number, 2)
    max          = optional(number, 20)
    busy_percent = optional(number, 70)
    requests     = optional(number, 6000)
  })
  default = {}

  validation {
    condition     = var.tasks.min >= 1 && var.tasks.max >= var.tasks.min && var.tasks.busy_percent > 0 && var.tasks.busy_percent <= 90
    error_message = "min is 1 or more, max not less, busy_percent at most 90."
  }
}

variable "spot_percent" {
  description = "The share of tasks beyond the least that runs on Spot, which is cheaper and can be taken away with two minutes' notice."
  type        = number
  default     = 0

  validation {
    condition     = var.spot_percent >= 0 && var.spot_percent < 100
    error_message = "Use 0 to 99."
  }
}

variable "scaling" {
  description = "Whether the number of tasks follows the load."
  type        = bool
  default     = true
}

variable "port" {
  description = "Where the program listens."
  type        = number
  default     = 8080
}

variable "stop_seconds" {
  description = "How long running answers may go on once a task is told to stop; Fargate allows 120."
  type        = number
  default     = 45

  validation {
    condition     = var.stop_seconds >= 1 && var.stop_seconds <= 120
    error_message = "Use 1 to 120."
  }
}

variable "role_arn" {
  description = "Who the program is: a role of modules/identity/role."
  type        = string
}

variable "subnet_ids" {
  description = "Where the tasks stand."
  type        = list(string)
}

variable "security_group_id" {
  description = "The security group of targets, from modules/balancer."
  type        = string
}

variable "target_group" {
  description = "Where tasks register, from modules/balancer."
  type        = object({ arn = string, label = string })
}

variable "kms_key_arn" {
  description = "The key that logs and secrets are encrypted with."
  type        = string
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
  default     = 90
}
