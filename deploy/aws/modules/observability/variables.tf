variable "name" {
  description = "What everything here is called, and begins with."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,40}$", var.name))
    error_message = "Use 2 to 41 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "namespace" {
  description = "Where the program's own metrics are."
  type        = string
  default     = "Busbar"
}

variable "project" {
  description = "The value of the tag Project, which the budget counts by."
  type        = string
  default     = "busbar"
}

variable "functions" {
  description = "Functions to watch: a short name, and the function's."
  type        = map(string)
  default     = {}
}

variable "streaming" {
  description = "Duties that stream, by the name under which the program counts them: watched by their first chunk."
  type        = set(string)
  default     = []
}

variable "http_apis" {
  description = "HTTP APIs to watch: a short name, and the API's id."
  type        = map(string)
  default     = {}
}

variable "rest_apis" {
  description = "REST APIs to watch: a short name, and the API's name."
  type        = map(string)
  default     = {}
}

variable "balancers" {
  description = "Load balancers to watch: a short name, and the last part of the ARN."
  type        = map(string)
  default     = {}
}

variable "queues" {
  description = "Queues to watch: their names, and those of their dead letters."
  type = map(object({
    name      = string
    dead_name = string
  }))
  default = {}
}

variable "models" {
  description = "Bedrock's models whose throttling is watched: a short name, and the model's id."
  type        = map(string)
  default     = {}
}

variable "latency_seconds" {
  description = "Slower than this is an alarm."
  type        = number
  default     = 2

  validation {
    condition     = var.latency_seconds > 0
    error_message = "Use more than 0."
  }
}

variable "error_percent" {
  description = "More failures than this of a hundred are an alarm."
  type        = number
  default     = 1

  validation {
    condition     = var.error_percent > 0 && var.error_percent < 100
    error_message = "Use more than 0 and less than 100."
  }
}

variable "queue_age_seconds" {
  description = "A message that waits longer is an alarm."
  type        = number
  default     = 600
}

variable "costs" {
  description = "Watch spending: an unexpected sum that is an alarm, and the month's budget, US dollars; null watches none."
  type = object({
    anomaly_usd = optional(number, 50)
    month_usd   = number
  })
  default = null
}

variable "composite" {
  description = "Whether there is one alarm of them all."
  type        = bool
  default     = true
}

variable "traces" {
  description = "Whether slow and failed traces have a group of their own in X-Ray."
  type        = bool
  default     = true
}

variable "mail" {
  description = "Who is written to."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.mail : can(regex("^[^@\\s]+@[^@\\s]+$", address))])
    error_message = "Use addresses of e-mail."
  }
}

variable "kms_key_arn" {
  description = "The key that messages are encrypted with on their way."
  type        = string
}
