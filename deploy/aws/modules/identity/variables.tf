variable "name" {
  description = "What everything here is called, and begins with."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,40}$", var.name))
    error_message = "Use 2 to 41 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "domain_prefix" {
  description = "The first part of the hosted login's address, which nobody else in the region may have; null has no hosted login."
  type        = string
  default     = null
}

variable "callback_urls" {
  description = "Where the login sends people back to."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for url in var.callback_urls : startswith(url, "https://") || startswith(url, "http://localhost")])
    error_message = "Use https, or http://localhost while developing."
  }
}

variable "mfa" {
  description = "A second factor: OFF, OPTIONAL or ON."
  type        = string
  default     = "OPTIONAL"

  validation {
    condition     = contains(["OFF", "OPTIONAL", "ON"], var.mfa)
    error_message = "Use OFF, OPTIONAL or ON."
  }
}

variable "sign_up" {
  description = "Whether people may make accounts by themselves."
  type        = bool
  default     = false
}

variable "programs" {
  description = "Whether programs get tokens too (a resource server and a client with a secret)."
  type        = bool
  default     = true
}

variable "groups" {
  description = "Groups of people, and what they are for."
  type        = map(string)
  default     = { operators = "See and change routing, budgets and jobs of others" }
}

variable "protect" {
  description = "Whether the pool refuses to be destroyed."
  type        = bool
  default     = true
}
