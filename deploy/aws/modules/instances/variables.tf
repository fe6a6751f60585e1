variable "name" {
  description = "What everything here is called, and begins with."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "Use 2 to 31 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "architecture" {
  description = "arm64, or x86_64: what image and program are for."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "Use arm64 or x86_64."
  }
}

variable "image_id" {
  description = "The machine image; null is Amazon Linux 2023, the newest when the template is made."
  type        = string
  default     = null
}

variable "instance_type" {
  description = "The first choice of instance: Graviton's for arm64."
  type        = string
  default     = "c7g.large"
}

variable "other_types" {
  description = "What is as good where the first choice cannot be had, of the same architecture."
  type        = list(string)
  default     = ["c8g.large", "c6g.large"]
}

variable "instances" {
  description = "How many at least and at most, and what their processors are kept at, in per cent."
  type = object({
    min          = optional(number, 2)
    max          = optional(number, 20)
    busy_percent = optional(number, 80)
  })
  default = {}

  validation {
    condition     = var.instances.min >= 1 && var.instances.max >= var.instances.min && var.instances.busy_percent > 0 && var.instances.busy_percent <= 90
    error_message = "min is 1 or more, max not less, busy_percent at most 90."
  }
}

variable "spot_percent" {
  description = "The share of instances beyond the least that is Spot's."
  type        = number
  default     = 0

  validation {
    condition     = var.spot_percent >= 0 && var.spot_percent <= 100
    error_message = "Use 0 to 100."
  }
}

variable "artefact" {
  description = "The program: an object, and its SHA-256 in hexadecimal, which each instance checks."
  type = object({
    bucket = string
    key    = string
    sha256 = string
  })

  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.artefact.sha256))
    error_message = "sha256 has 64 hexadecimal digits."
  }
}

variable "configuration" {
  description = "The content of busbar.toml."
  type        = string
}

variable "environment" {
  description = "Settings by the environment (docs/configuration.md). No secrets: whoever may see the template reads them."
  type        = map(string)
  default     = {}
}

variable "port" {
  description = "Where the program listens."
  type        = number
  default     = 8080
}

variable "disk_gb" {
  description = "The disk, for the system and for models."
  type        = number
  default     = 30
}

variable "disk_key_arn" {
  description = "The key that disks are encrypted with; null is the account's own for EBS."
  type        = string
  default     = null
}

variable "stop_seconds" {
  description = "How long running answers may go on once an instance is told to stop."
  type        = number
  default     = 60
}

variable "instance_profile" {
  description = "Who the program is: the profile of a role of modules/identity/role."
  type        = string
}

variable "subnet_ids" {
  description = "Where the instances stand."
  type        = list(string)
}

variable "security_group_id" {
  description = "The security group of targets, from modules/balancer."
  type        = string
}

variable "target_group" {
  description = "Where instances register, from modules/balancer."
  type        = object({ arn = string, label = string })
}

variable "tags" {
  description = "Tags that instances and disks get too: the provider's default tags do not reach them."
  type        = map(string)

  validation {
    condition     = contains(keys(var.tags), "Owner") && contains(keys(var.tags), "Environment")
    error_message = "Say at least Owner and Environment."
  }
}

variable "wait" {
  description = "How long to wait for the first instances to be healthy; \"0\" does not wait."
  type        = string
  default     = "10m"
}

variable "kms_key_arn" {
  description = "The key that logs are encrypted with."
  type        = string
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
  default     = 90
}
