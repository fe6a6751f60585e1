# What every example asks for, and says.

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

variable "environment" {
  description = "Which environment this is: the second part of every name, and the tag Environment."
  type        = string
  default     = "dev"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,5}$", var.environment))
    error_message = "Use 2 to 6 lower-case letters and digits: dev, test, prod."
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

output "disposable" {
  description = "Whether everything can be destroyed at once: `make clean-all` asks."
  value       = var.disposable
}
