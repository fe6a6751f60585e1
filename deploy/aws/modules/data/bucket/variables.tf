variable "name" {
  description = "The bucket's name; no other bucket anywhere has it."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.name))
    error_message = "Use 3 to 63 lower-case letters, digits, dots and hyphens."
  }
}

variable "kms_key_arn" {
  description = "The key to encrypt with; null uses the one that S3 has by itself (AES-256), which load balancers and log delivery need."
  type        = string
  default     = null
}

variable "expire_days" {
  description = "Objects are removed after so many days; null keeps them."
  type        = number
  default     = null
}

variable "keep_versions_days" {
  description = "What was replaced or removed can be had back for so many days."
  type        = number
  default     = 30

  validation {
    condition     = var.keep_versions_days >= 1
    error_message = "Use 1 day or more: versions are what a restore comes from."
  }
}

variable "log_to" {
  description = "Where reads and writes are logged; null logs none."
  type        = object({ bucket = string })
  default     = null
}

variable "cors_origins" {
  description = "Pages of these origins may use presigned addresses."
  type        = list(string)
  default     = []
}

variable "statements" {
  description = "Policies as JSON to be part of the bucket's own."
  type        = list(string)
  default     = []
}

variable "force_destroy" {
  description = "Whether destroying removes a bucket that is not empty."
  type        = bool
  default     = false
}

variable "require_tls" {
  description = "Whether a policy refuses whatever comes without TLS. false for an emulator, which is reached without it."
  type        = bool
  default     = true
}
