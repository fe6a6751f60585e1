variable "name" {
  description = "What everything here is called, and begins with."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "Use 2 to 31 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "table_name" {
  description = "The table's name, where it is not that of everything: replicas are called like their original."
  type        = string
  default     = null
}

variable "table_is_replica" {
  description = "Whether the table is another region's, and comes here as its replica."
  type        = bool
  default     = false
}

variable "kms_key_arn" {
  description = "The key that table, queues and buckets are encrypted with."
  type        = string
}

variable "queues" {
  description = "Kinds of work. `visibility_seconds`: how long a message is hidden while it is worked on, unless the worker says more. `receives`: deliveries before it is a dead letter. `keep_seconds`: how long it waits at most."
  type = map(object({
    visibility_seconds = optional(number, 120)
    receives           = optional(number, 5)
    keep_seconds       = optional(number, 345600)
  }))
  default = {
    jobs-image    = { visibility_seconds = 900 }
    jobs-endpoint = { visibility_seconds = 900 }
    webhooks      = { visibility_seconds = 60, receives = 12 }
  }

  validation {
    condition     = alltrue([for name in keys(var.queues) : can(regex("^[a-z][a-z0-9-]*$", name)) && !endswith(name, "-dead")])
    error_message = "Names of queues are lower-case letters, digits and hyphens, and do not end in -dead: that is the dead letters' name."
  }
  validation {
    condition     = alltrue([for queue in var.queues : queue.visibility_seconds >= 1 && queue.visibility_seconds <= 43200 && queue.receives >= 1])
    error_message = "visibility_seconds is 1 to 43200, receives 1 or more."
  }
}

variable "redrive_allow_policy" {
  description = "Whether dead letters are closed to other queues."
  type        = bool
  default     = true
}

variable "replicas" {
  description = "Regions where the table has a copy, and the key that it is encrypted with there."
  type        = map(string)
  default     = {}
}

variable "keep_pictures_days" {
  description = "Pictures are removed after so many days; the program removes them sooner when their job's time is over."
  type        = number
  default     = 30
}

variable "keep_logs_days" {
  description = "Access logs are removed after so many days."
  type        = number
  default     = 90
}

variable "origins" {
  description = "Pages of these origins may use presigned addresses of pictures."
  type        = list(string)
  default     = []
}

variable "pictures_statements" {
  description = "Policies as JSON to be part of the pictures' bucket's own, such as a distribution's right to read."
  type        = list(string)
  default     = []
}

variable "protect" {
  description = "Whether the table refuses to be destroyed."
  type        = bool
  default     = true
}

variable "force_destroy" {
  description = "Whether destroying removes buckets that are not empty."
  type        = bool
  default     = false
}

variable "require_tls" {
  description = "Whether a policy refuses whatever comes without TLS. false for an emulator, which is reached without it."
  type        = bool
  default     = true
}
