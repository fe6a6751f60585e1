# What the foundation asks for.

variable "OWNER" {
  description = "Whose it is: an address of e-mail, which stands on everything as the tag Owner."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9 _.:/=+@-]{2,128}$", var.OWNER))
    error_message = "Say whose it is: make deploy-all OWNER=you@example.com"
  }
}

variable "project" {
  description = "The first part of every name, and the tag Project."
  type        = string
  default     = "busbar"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,15}$", var.project))
    error_message = "Use 2 to 16 lower-case letters, digits and hyphens, a letter first."
  }
}


variable "region" {
  description = "Where it stands."
  type        = string
  default     = "us-east-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-gov|-iso[a-z]?)?-[a-z]+-[0-9]$", var.region))
    error_message = "Write us-east-1 or the like."
  }
}

variable "disposable" {
  description = "Whether everything can be destroyed at once, with what is in it. Keep false where anybody's data is."
  type        = bool
  default     = false
}

variable "max_retries" {
  description = "How often a call to AWS that failed is made again."
  type        = number
  default     = 25
}

variable "repository" {
  description = "The repository on GitHub that deploys: owner/name; null lets none."
  type        = string
  default     = null

  validation {
    condition     = var.repository == null || can(regex("^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", var.repository))
    error_message = "Write owner/name."
  }
}

variable "github_environment" {
  description = "The environment on GitHub from which may be applied; give it reviewers."
  type        = string
  default     = "production"
}

variable "require_tls" {
  description = "Whether a policy refuses whatever comes without TLS. false for an emulator, which is reached without it."
  type        = bool
  default     = true
}
