variable "name" {
  description = "What everything here is called, and begins with."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "Use 2 to 31 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "zone_id" {
  description = "The zone in Route 53."
  type        = string
}

variable "host" {
  description = "The name that callers use in both regions."
  type        = string
}

variable "primary" {
  description = "Who answers while well: the host that is asked how it is, and what the name points to."
  type = object({
    region = string
    host   = string
    domain = object({ target = string, zone_id = string })
  })
}

variable "secondary" {
  description = "Who answers otherwise."
  type = object({
    region = string
    host   = string
    domain = object({ target = string, zone_id = string })
  })
}

variable "routing" {
  description = "failover: the second region answers when the first does not. latency: both answer, each caller the nearer one, and one alone when the other does not."
  type        = string
  default     = "failover"

  validation {
    condition     = contains(["failover", "latency"], var.routing)
    error_message = "Use failover or latency."
  }
}

variable "health_path" {
  description = "What is asked: readyz says whether a model can answer."
  type        = string
  default     = "/readyz"
}

variable "objects" {
  description = "A bucket whose objects are copied: name and ARN here, ARN there, and both keys; null copies none."
  type = object({
    from         = string
    from_arn     = string
    from_key_arn = string
    to_arn       = string
    to_key_arn   = string
  })
  default = null
}

variable "backups" {
  description = "Tables to back up daily, the keys of both vaults, and for how long; null makes none."
  type = object({
    table_arns   = list(string)
    key_arn      = string
    copy_key_arn = string
    keep_days    = optional(number, 35)
  })
  default = null
}

variable "topic_arn" {
  description = "Where alarms are told (health checks report to us-east-1); null tells nobody."
  type        = string
  default     = null
}

variable "force_destroy" {
  description = "Whether destroying removes vaults that are not empty."
  type        = bool
  default     = false
}
