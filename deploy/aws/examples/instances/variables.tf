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
    condition     = length(setsubtract(var.without, ["composite_alarms", "costs", "tls_policies", "traces"])) == 0
    error_message = "These can be left out: composite_alarms, costs, tls_policies, traces."
  }
}

variable "program" {
  description = "The release binary, built for the architecture."
  type        = string
}

variable "image_id" {
  description = "The machine image; null is Amazon Linux 2023."
  type        = string
  default     = null
}

variable "instance_type" {
  description = "The first choice of instance."
  type        = string
  default     = "c7g.large"
}

variable "other_types" {
  description = "What is as good, of the same architecture."
  type        = list(string)
  default     = ["c8g.large", "c6g.large"]
}

variable "instances" {
  description = "How many, and what their processors are kept at, in per cent."
  type = object({
    min          = optional(number, 2)
    max          = optional(number, 20)
    busy_percent = optional(number, 80)
  })
  default = {}
}

variable "nat" {
  description = "How instances reach packages and hosts that are not AWS's: one or per_zone."
  type        = string
  default     = "one"
}

variable "wait" {
  description = "How long to wait for the first instances to be healthy; \"0\" does not wait."
  type        = string
  default     = "10m"
}
