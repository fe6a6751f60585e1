variable "name" {
  description = "What it is called."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,40}$", var.name))
    error_message = "Use 2 to 41 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "strength" {
  description = "How strictly contents are filtered: LOW, MEDIUM or HIGH."
  type        = string
  default     = "MEDIUM"

  validation {
    condition     = contains(["LOW", "MEDIUM", "HIGH"], var.strength)
    error_message = "Use LOW, MEDIUM or HIGH."
  }
}

variable "private" {
  description = "Private data by Bedrock's names (EMAIL, PHONE, …), and what is done with each: ANONYMIZE or BLOCK."
  type        = map(string)
  default = {
    EMAIL                    = "ANONYMIZE"
    PHONE                    = "ANONYMIZE"
    CREDIT_DEBIT_CARD_NUMBER = "BLOCK"
    AWS_SECRET_KEY           = "BLOCK"
    PASSWORD                 = "BLOCK"
  }

  validation {
    condition     = alltrue([for action in values(var.private) : contains(["ANONYMIZE", "BLOCK"], action)])
    error_message = "Use ANONYMIZE or BLOCK."
  }
}

variable "refusal" {
  description = "What is said instead."
  type        = string
  default     = "This cannot be answered here."
}

variable "kms_key_arn" {
  description = "The key that it is encrypted with; null is AWS's own."
  type        = string
  default     = null
}
