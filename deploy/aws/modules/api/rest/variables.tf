variable "name" {
  description = "What everything here is called, and begins with."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,40}$", var.name))
    error_message = "Use 2 to 41 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "function" {
  description = "The function behind it: its name, the alias that lives, and the ARN by which it is called."
  type = object({
    name       = string
    alias      = string
    invoke_arn = string
  })
}

variable "plans" {
  description = "Usage plans: requests a second, at once, and in a period."
  type = map(object({
    description = optional(string, "A usage plan")
    rate        = number
    burst       = number
    quota       = number
    period      = optional(string, "DAY")
  }))
  default = {
    trial    = { description = "To try it", rate = 2, burst = 5, quota = 500 }
    standard = { description = "Most callers", rate = 50, burst = 100, quota = 100000 }
  }

  validation {
    condition     = alltrue([for plan in var.plans : plan.rate > 0 && plan.burst > 0 && plan.quota > 0 && contains(["DAY", "WEEK", "MONTH"], plan.period)])
    error_message = "rate, burst and quota are more than 0, period is DAY, WEEK or MONTH."
  }
}

variable "keys" {
  description = "Who has a key, and on which plan. The keys themselves are made by API Gateway and read from there."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for plan in values(var.keys) : contains(keys(var.plans), plan)])
    error_message = "Each key names one of the plans."
  }
}

variable "throttle" {
  description = "All callers together: requests a second, and how many at once beyond that."
  type = object({
    rate  = optional(number, 200)
    burst = optional(number, 400)
  })
  default = {}
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
