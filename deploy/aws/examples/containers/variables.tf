variable "configuration" {
  description = "The file busbar.toml; null is the one beside this."
  type        = string
  default     = null
}

variable "settings" {
  description = "Settings by the environment, which win over the file."
  type        = map(string)
  default     = {}
}

variable "bedrock_models" {
  description = "Models of Bedrock that may be asked."
  type        = list(string)
  default = [
    "anthropic.claude-3-haiku-20240307-v1:0",
    "anthropic.claude-3-sonnet-20240229-v1:0",
    "amazon.nova-micro-v1:0",
    "amazon.nova-pro-v1:0",
  ]
}

variable "architecture" {
  description = "arm64 or x86_64."
  type        = string
  default     = "arm64"
}

variable "certificate_arn" {
  description = "The certificate to speak HTTPS with."
  type        = string
  default     = null
}

variable "from" {
  description = "Addresses that may reach it. The program has no keys of its own yet: name your own."
  type        = list(string)
}

variable "spot_percent" {
  description = "The share beyond the least that runs on Spot."
  type        = number
  default     = 0
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

  validation {
    condition     = length(setsubtract(var.without, ["composite_alarms", "costs", "scaling", "traces"])) == 0
    error_message = "These can be left out: composite_alarms, costs, scaling, traces."
  }
}

variable "image" {
  description = "The program's image, best by its digest; null is the repository's latest."
  type        = string
  default     = null
}

variable "nat" {
  description = "How tasks reach hosts that are not AWS's: one or per_zone. none will do where image and models are AWS's."
  type        = string
  default     = "one"
}

variable "size" {
  description = "A task's processor, in 1024ths, and memory, in MiB."
  type        = object({ cpu = optional(number, 512), memory_mb = optional(number, 1024) })
  default     = {}
}

variable "tasks" {
  description = "How many tasks, and what each is kept at."
  type = object({
    min          = optional(number, 2)
    max          = optional(number, 20)
    busy_percent = optional(number, 70)
    requests     = optional(number, 6000)
  })
  default = {}
}
