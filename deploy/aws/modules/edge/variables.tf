variable "name" {
  description = "What everything here is called, and begins with."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "Use 2 to 31 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "api" {
  description = "Who answers whole: host, stage (the path's first part, where there is one) and paths."
  type = object({
    host  = string
    stage = optional(string)
    paths = optional(list(string), ["/v1/*", "/predict", "/model/*", "/endpoints/*", "/healthz", "/readyz", "/openapi.json"])
  })
  default = null
}

variable "streams" {
  description = "Who answers token by token: the host of a function's address, the paths that go there, and the prefix that is taken off them. `signed`: the address asks for AWS_IAM, and the distribution signs for `function` and `alias`."
  type = object({
    host     = string
    stage    = optional(string)
    paths    = optional(list(string), ["/stream/*"])
    prefix   = optional(string, "/stream")
    signed   = optional(bool, true)
    function = optional(string)
    alias    = optional(string)
  })
  default = null

  validation {
    condition     = var.streams == null || !try(var.streams.signed, false) || try(var.streams.function != null && var.streams.alias != null, false)
    error_message = "To sign, name function and alias."
  }
}

variable "websocket" {
  description = "Who holds conversations: host and stage of a WebSocket API, and the paths that go there."
  type = object({
    host  = string
    stage = optional(string, "live")
    paths = optional(list(string), ["/v1/ws"])
  })
  default = null
}

variable "pictures" {
  description = "The bucket of pictures: its domain, the prefix of their names, the public key (PEM, RSA 2048 or P-256) of whoever signs their addresses, and those of before whose addresses still open."
  type = object({
    domain       = string
    prefix       = optional(string, "files/")
    public_key   = string
    earlier_keys = optional(list(string), [])
  })
  default = null
}

variable "site_folder" {
  description = "The console's built files; null uploads none."
  type        = string
  default     = null
}

variable "site_config" {
  description = "What the page finds in config.js: its APIs' addresses, the login. No secrets: everybody reads it."
  type        = map(string)
  default     = {}
}

variable "single_page" {
  description = "Whether what is no file is answered with the page. Turn off where APIs behind the distribution answer 403 or 404."
  type        = bool
  default     = false
}

variable "viewer_function" {
  description = "Whether a function at the edge asks for keys and mends paths."
  type        = bool
  default     = true
}

variable "require_key" {
  description = "Whether streams and conversations ask for a key. (The API asks by itself.) false lets everybody use your models, at your expense."
  type        = bool
  default     = true
}

variable "own_policies" {
  description = "Whether the response headers are ours (HSTS, CSP and more), or AWS's managed security headers."
  type        = bool
  default     = true
}

variable "content_security_policy" {
  description = "What the page may load and reach."
  type        = string
  default     = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob: https:; font-src 'self'; connect-src 'self' https: wss:; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

variable "firewall" {
  description = "Limit each address, and apply AWS's managed rules; null has no firewall."
  type = object({
    requests_per_5_minutes = optional(number, 2000)
    managed                = optional(list(string), ["AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"])
  })
  default = {}

  validation {
    condition     = var.firewall == null || try(var.firewall.requests_per_5_minutes >= 10, false)
    error_message = "The least that the firewall counts is 10."
  }
}

variable "domain" {
  description = "Names of its own, and their certificate in us-east-1."
  type = object({
    names           = list(string)
    certificate_arn = string
  })
  default = null
}

variable "countries" {
  description = "Only these countries (ISO 3166, two letters) are served; none means all."
  type        = list(string)
  default     = []
}

variable "price_class" {
  description = "How much of the edge is used."
  type        = string
  default     = "PriceClass_100"

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "Use PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}

variable "log_bucket_domain" {
  description = "Where requests are logged (a bucket that takes CloudFront's logs); null logs none."
  type        = string
  default     = null
}

variable "force_destroy" {
  description = "Whether destroying removes a site that is not empty."
  type        = bool
  default     = true
}

variable "require_tls" {
  description = "Whether a policy refuses whatever comes without TLS. false for an emulator, which is reached without it."
  type        = bool
  default     = true
}
