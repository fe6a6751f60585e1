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

variable "routes" {
  description = "Routes as API Gateway writes them; `open` ones need no token."
  type        = map(object({ open = optional(bool, false) }))
  default     = { "$default" = {} }
}

variable "authorization" {
  description = "What callers show: JWT (a token, see `jwt`), AWS_IAM (a signature of a role or user), or NONE."
  type        = string
  default     = "AWS_IAM"

  validation {
    condition     = contains(["JWT", "AWS_IAM", "NONE"], var.authorization)
    error_message = "Use JWT, AWS_IAM or NONE."
  }
  validation {
    condition     = (var.authorization == "JWT") == (var.jwt != null)
    error_message = "JWT needs `jwt`, and nothing else does."
  }
}

variable "jwt" {
  description = "Whose tokens are asked for: an issuer and the audiences it made them for."
  type = object({
    issuer   = string
    audience = list(string)
  })
  default = null
}

variable "origins" {
  description = "Pages of these origins may call it."
  type        = list(string)
  default     = []
}

variable "throttle" {
  description = "Requests a second, and how many at once beyond that."
  type = object({
    rate  = optional(number, 200)
    burst = optional(number, 400)
  })
  default = {}
}

variable "domain" {
  description = "A name of its own, with its certificate in this region."
  type = object({
    name            = string
    certificate_arn = string
  })
  default = null
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
