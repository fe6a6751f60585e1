variable "artefact" {
  description = "The program as a zip with `bootstrap` in it."
  type        = string
}

variable "second_region" {
  description = "Where it stands as well."
  type        = string
  default     = "us-west-2"

  validation {
    condition     = var.second_region != var.region
    error_message = "The second region is another one."
  }
}

variable "zone_id" {
  description = "The zone in Route 53."
  type        = string
}

variable "origins" {
  description = "Where the page comes from (the output `console`), once that is known: it then asks `host`, whichever region answers."
  type        = list(string)
  default     = []
}

variable "host" {
  description = "The name that callers use: api.example.com."
  type        = string
}

variable "certificates" {
  description = "The name's certificates, one in each region. Without them the name's records point to the APIs' own hosts, which refuse it: for emulators only."
  type        = object({ primary = string, secondary = string })
  default     = null
}

variable "routing" {
  description = "failover, or latency: both regions answer."
  type        = string
  default     = "failover"
}

variable "authentication" {
  description = "What callers show: tokens, keys or none."
  type        = string
  default     = "tokens"
}

variable "bedrock_models" {
  description = "Models of Bedrock that may be asked, in either region."
  type        = list(string)
  default     = ["anthropic.claude-3-haiku-20240307-v1:0", "amazon.nova-micro-v1:0"]
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

variable "without" {
  description = "Parts of a region's deployment to leave out (docs/aws.md)."
  type        = set(string)
  default     = []
}

variable "leave_out" {
  description = "Parts of what joins both regions to leave out: backups."
  type        = set(string)
  default     = []
}
