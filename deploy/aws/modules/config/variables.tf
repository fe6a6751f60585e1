variable "name" {
  description = "What everything here is called, and begins with."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,40}$", var.name))
    error_message = "Use 2 to 41 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "environment" {
  description = "Which environment this is: dev, test, prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,15}$", var.environment))
    error_message = "Use 2 to 16 lower-case letters, digits and hyphens."
  }
}

variable "configuration" {
  description = "The content of busbar.toml. `busbar config check` says whether it is right."
  type        = string

  validation {
    condition     = length(var.configuration) > 0 && length(var.configuration) < 1048576
    error_message = "AppConfig keeps up to 1 MB."
  }
  validation {
    condition     = !can(regex("(?im)^\\s*(api_key|secret|password)\\s*=\\s*\"[^\"]+\"", var.configuration))
    error_message = "There is a secret in it: name where it is (api_key_env), and keep it in Secrets Manager."
  }
}

variable "rollout" {
  description = "How a change is rolled out: minutes in all, per cent a step, minutes to watch afterwards, alarms (ARNs) that take it back. null only keeps versions."
  type = object({
    minutes       = optional(number, 10)
    step_percent  = optional(number, 10)
    watch_minutes = optional(number, 10)
    alarms        = optional(list(string), [])
  })
  default = {}

  validation {
    condition     = var.rollout == null || try(length(var.rollout.alarms) <= 5, false)
    error_message = "AppConfig watches five alarms at most: give it a composite one."
  }
}

variable "facts" {
  description = "What others look up by name: addresses, names of tables and buckets."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Secrets by name, and what each is for."
  type        = map(string)
  default     = {}
}

variable "secret_replicas" {
  description = "Regions where secrets have a copy, and the key that it is encrypted with there."
  type        = map(string)
  default     = {}
}

variable "secret_recovery_days" {
  description = "How long a removed secret can be called back; 0 removes at once."
  type        = number
  default     = 7

  validation {
    condition     = var.secret_recovery_days == 0 || var.secret_recovery_days >= 7 && var.secret_recovery_days <= 30
    error_message = "Use 0, or 7 to 30."
  }
}

variable "kms_key_arn" {
  description = "The key that secrets are encrypted with."
  type        = string
}
