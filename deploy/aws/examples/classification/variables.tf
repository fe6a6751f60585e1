variable "artefact" {
  description = "The program as a zip with `bootstrap` in it."
  type        = string
}

variable "model" {
  description = "The model's files as model.tar.gz."
  type        = string
}

variable "repository" {
  description = "The ECR repository of the container."
  type        = string
  default     = "busbar"
}

variable "image" {
  description = "The container that holds the model, in ECR."
  type        = string
}

variable "memory_mb" {
  description = "The endpoint's memory."
  type        = number
  default     = 2048
}

variable "concurrency" {
  description = "Pictures at once."
  type        = number
  default     = 10
}

variable "authentication" {
  description = "What callers show: tokens or none. The requirements' demonstration has none: it lets everybody use it at your expense."
  type        = string
  default     = "tokens"

  validation {
    condition     = contains(["tokens", "none"], var.authentication)
    error_message = "Use tokens or none."
  }
}

variable "origins" {
  description = "Pages of these origins may call the API directly."
  type        = list(string)
  default     = []
}

variable "site_folder" {
  description = "The page's files; null uploads none."
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
  default     = 20
}

variable "without" {
  description = "Parts to leave out, for a target that lacks them (docs/aws.md)."
  type        = set(string)
  default     = []

  validation {
    condition     = length(setsubtract(var.without, ["composite_alarms", "costs", "edge_functions", "edge_policies", "firewall", "tls_policies", "traces"])) == 0
    error_message = "These can be left out: composite_alarms, costs, edge_functions, edge_policies, firewall, tls_policies, traces."
  }
}
