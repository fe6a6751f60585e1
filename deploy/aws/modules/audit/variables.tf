variable "name" {
  description = "What everything here is called, and begins with."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "Use 2 to 31 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "multi_region" {
  description = "Whether the key can have replicas in other regions. It cannot be changed later."
  type        = bool
  default     = false
}

variable "deletion_window_days" {
  description = "How long a deleted key can still be called back."
  type        = number
  default     = 30

  validation {
    condition     = var.deletion_window_days >= 7 && var.deletion_window_days <= 30
    error_message = "Use 7 to 30 days."
  }
}

variable "distributions" {
  description = "Whether CloudFront distributions of this account read objects encrypted with the key."
  type        = bool
  default     = false
}

variable "trail" {
  description = "Keep a trail of all calls, and of what is done with the objects of these buckets (ARNs); null keeps none, as where the organisation has one."
  type = object({
    keep_days = optional(number, 365)
    buckets   = optional(list(string), [])
  })
  default = null
}

variable "force_destroy" {
  description = "Whether destroying removes a trail that is not empty."
  type        = bool
  default     = false
}
