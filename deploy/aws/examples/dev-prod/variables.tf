variable "account" {
  description = "The account's number: in another one nothing is done."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account))
    error_message = "An account's number has twelve digits."
  }
}

variable "role_arn" {
  description = "The role in that account that deploys; null is whoever runs Terraform."
  type        = string
  default     = null
}

variable "artefact" {
  description = "The program: a file, or an object with its base64 SHA-256, as production takes it from where development left it."
  type = object({
    file   = optional(string)
    bucket = optional(string)
    key    = optional(string)
    hash   = optional(string)
  })
}

variable "bedrock_models" {
  description = "Models of Bedrock that may be asked."
  type        = list(string)
}

variable "guardrail" {
  description = "How strictly Bedrock's guardrail filters: LOW, MEDIUM or HIGH; null has none."
  type        = string
  default     = null
}

variable "authentication" {
  description = "What callers show: tokens, keys or none."
  type        = string
  default     = "tokens"
}

variable "provisioned_concurrency" {
  description = "Instances of a duty's function that are kept warm."
  type        = map(number)
  default     = {}
}

variable "live_versions" {
  description = "The version of a duty's function that lives, where it is not the newest."
  type        = map(string)
  default     = {}
}

variable "canaries" {
  description = "Another version of a duty's function that gets a share of the calls."
  type        = map(object({ version = string, weight = number }))
  default     = {}
}

variable "site_folder" {
  description = "The console's built files; null uploads none."
  type        = string
  default     = null
}

variable "mail" {
  description = "Who is written to by alarms."
  type        = list(string)
  default     = []
}

variable "month_usd" {
  description = "The month's budget, US dollars."
  type        = number
  default     = 200
}

variable "without" {
  description = "Parts to leave out, for a target that lacks them (docs/aws.md)."
  type        = set(string)
  default     = []
}
