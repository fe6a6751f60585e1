variable "name" {
  description = "What everything here is called, and begins with."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,40}$", var.name))
    error_message = "Use 2 to 41 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "description" {
  description = "What the function is for, in a sentence."
  type        = string
}

variable "role_arn" {
  description = "Who the function is: a role of modules/identity/role."
  type        = string
}

variable "artefact" {
  description = "The program as a zip with `bootstrap` in it: a file here, or an object with its base64 SHA-256."
  type = object({
    file   = optional(string)
    bucket = optional(string)
    key    = optional(string)
    hash   = optional(string)
  })

  validation {
    condition     = (var.artefact.file != null) != (var.artefact.bucket != null && var.artefact.key != null && var.artefact.hash != null)
    error_message = "Name either a file, or bucket, key and hash."
  }
}

variable "architecture" {
  description = "arm64, or x86_64 where something needs it."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "Use arm64 or x86_64."
  }
}

variable "memory_mb" {
  description = "Memory, and with it the share of a processor: 512 for simple requests, 1024 for most, 3008 for heavy ones."
  type        = number
  default     = 1024

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240
    error_message = "Use 128 to 10240."
  }
}

variable "timeout_seconds" {
  description = "How long one invocation may take."
  type        = number
  default     = 300

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 900
    error_message = "Use 1 to 900."
  }
}

variable "environment" {
  description = "The program's settings (docs/aws.md). Secrets are named here, never written."
  type        = map(string)
  default     = {}

  validation {
    condition     = length([for name in keys(var.environment) : name if can(regex("(API_KEY|SECRET|PASSWORD|TOKEN)$", name))]) == 0
    error_message = "A variable that looks like a secret: put it into Secrets Manager and its name here, ending in _SECRET_ARN or the like."
  }
}

variable "layers" {
  description = "ARNs of layers, such as AppConfig's extension."
  type        = list(string)
  default     = []
}

variable "network" {
  description = "Where the function stands when it is to reach only what the network reaches; null is outside of any."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null
}

variable "url" {
  description = "An address of its own, whose answers may be streamed; null has none."
  type = object({
    authorization = optional(string, "AWS_IAM")
    streaming     = optional(bool, true)
    origins       = optional(list(string), [])
  })
  default = null

  validation {
    condition     = var.url == null || contains(["AWS_IAM", "NONE"], try(var.url.authorization, ""))
    error_message = "authorization is AWS_IAM or NONE."
  }
}

variable "queues" {
  description = "Queues to work on: ARN, messages at once, workers at once."
  type = map(object({
    arn         = string
    batch       = optional(number, 1)
    concurrency = optional(number, 10)
  }))
  default = {}

  validation {
    condition     = alltrue([for queue in var.queues : queue.batch >= 1 && queue.batch <= 10 && queue.concurrency >= 2])
    error_message = "batch is 1 to 10, concurrency 2 or more (SQS's least)."
  }
}

variable "schedule" {
  description = "When to wake it: rate(1 minute), cron(…); null never."
  type        = string
  default     = null

  validation {
    condition     = var.schedule == null || can(regex("^(rate|cron)\\(.+\\)$", var.schedule))
    error_message = "Write rate(…) or cron(…)."
  }
}

variable "live_version" {
  description = "The version that lives; null is the newest. Naming an older one is a rollback."
  type        = string
  default     = null

  validation {
    condition     = var.live_version == null || can(regex("^[0-9]+$", var.live_version))
    error_message = "A version is a number."
  }
}

variable "canary" {
  description = "Another version that gets a share of the calls."
  type = object({
    version = string
    weight  = number
  })
  default = null

  validation {
    condition     = var.canary == null || try(var.canary.weight > 0 && var.canary.weight < 1, false)
    error_message = "weight is more than 0 and less than 1."
  }
}

variable "provisioned_concurrency" {
  description = "Instances that are kept warm; 0 keeps none."
  type        = number
  default     = 0
}

variable "reserved_concurrency" {
  description = "The most instances; -1 is the account's limit."
  type        = number
  default     = -1
}

variable "dead_letter_arn" {
  description = "Where events go that failed again and again; for functions that events invoke."
  type        = string
  default     = null
}

variable "kms_key_arn" {
  description = "The key that logs and environment are encrypted with."
  type        = string
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
  default     = 90
}
