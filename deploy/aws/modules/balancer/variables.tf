variable "name" {
  description = "What everything here is called, and begins with."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "Use 2 to 31 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "vpc_id" {
  description = "The network."
  type        = string
}

variable "subnet_ids" {
  description = "Where it stands: public subnets, or private ones for an internal balancer."
  type        = list(string)
}

variable "internal" {
  description = "Whether it is reached from within the network only."
  type        = bool
  default     = false
}

variable "certificate_arn" {
  description = "The certificate to speak HTTPS with. Without one it speaks HTTP, to named addresses only."
  type        = string
  default     = null
}

variable "from" {
  description = "Addresses that may reach it."
  type        = list(string)

  validation {
    condition     = alltrue([for range in var.from : can(cidrhost(range, 0))])
    error_message = "Use ranges such as 203.0.113.0/24."
  }
  validation {
    condition     = var.certificate_arn != null || !contains(var.from, "0.0.0.0/0")
    error_message = "The whole internet is served by HTTPS only: give a certificate, or name who may come."
  }
}

variable "port" {
  description = "Where the targets listen."
  type        = number
  default     = 8080
}

variable "target_type" {
  description = "ip for containers, instance for instances."
  type        = string
  default     = "ip"

  validation {
    condition     = contains(["ip", "instance"], var.target_type)
    error_message = "Use ip or instance."
  }
}

variable "idle_seconds" {
  description = "How long a connection may be silent. A stream says something every 15 s, a WebSocket every 20."
  type        = number
  default     = 300
}

variable "drain_seconds" {
  description = "How long a target that leaves may go on answering: what the program's drain_timeout allows, and a little."
  type        = number
  default     = 60
}

variable "log_bucket" {
  description = "Where requests are logged; null logs none."
  type        = string
  default     = null
}

variable "protect" {
  description = "Whether it refuses to be destroyed."
  type        = bool
  default     = true
}
