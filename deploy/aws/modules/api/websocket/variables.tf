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

variable "authorization" {
  description = "Who may connect: AWS_IAM (signed by a role or user), or NONE where the edge or the program asks."
  type        = string
  default     = "AWS_IAM"

  validation {
    condition     = contains(["AWS_IAM", "NONE"], var.authorization)
    error_message = "Use AWS_IAM or NONE."
  }
}

variable "throttle" {
  description = "Messages a second, and how many at once beyond that."
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
