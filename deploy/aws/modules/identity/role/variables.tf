variable "name" {
  description = "The role's name."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{2,64}$", var.name))
    error_message = "Use 2 to 64 letters, digits and +=,.@_-."
  }
}

variable "description" {
  description = "What the role is for, in a sentence."
  type        = string
}

variable "service" {
  description = "Which of AWS's services takes the role."
  type        = string
  default     = "lambda.amazonaws.com"

  validation {
    condition = contains([
      "lambda.amazonaws.com",
      "ecs-tasks.amazonaws.com",
      "ec2.amazonaws.com",
      "sagemaker.amazonaws.com",
      "backup.amazonaws.com",
      "appconfig.amazonaws.com",
      "s3.amazonaws.com",
    ], var.service)
    error_message = "Use one of the services that run a part of the program."
  }
}

variable "may" {
  description = "What it may do, by a name for each statement. A resource of \"*\" needs `because`: the reason why none can be named."
  type = map(object({
    actions   = list(string)
    resources = list(string)
    because   = optional(string)
    when      = optional(map(object({ test = string, values = list(string) })), {})
  }))

  validation {
    condition     = alltrue([for grant in var.may : length([for action in grant.actions : action if strcontains(action, "*")]) == 0])
    error_message = "Name each action: no * among them."
  }
  validation {
    condition     = alltrue([for grant in var.may : grant.because != null || !contains(grant.resources, "*")])
    error_message = "Name the resources, or say `because` why none can be named."
  }
  validation {
    condition     = alltrue([for grant in var.may : length(grant.actions) > 0 && length(grant.resources) > 0])
    error_message = "A statement needs actions and resources: leave it out where there are none."
  }
}

variable "managed" {
  description = "AWS's own policies to attach as well, by a name for each."
  type        = map(string)
  default     = {}
}

variable "boundary_arn" {
  description = "A policy beyond which the role can never go; null has none."
  type        = string
  default     = null
}
