variable "name" {
  description = "What everything here is called, and begins with: busbar-dev."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}$", var.name))
    error_message = "Use 2 to 23 lower-case letters, digits and hyphens, a letter first: names of buckets have to have room for account and region."
  }
}

variable "environment" {
  description = "Which environment this is: dev, test, prod."
  type        = string
}

variable "artefact" {
  description = "The program as a zip with `bootstrap` in it: a file here, or an object with its base64 SHA-256."
  type = object({
    file   = optional(string)
    bucket = optional(string)
    key    = optional(string)
    hash   = optional(string)
  })
}

variable "architecture" {
  description = "arm64, or x86_64."
  type        = string
  default     = "arm64"
}

variable "configuration" {
  description = "The content of busbar.toml."
  type        = string
}

variable "settings" {
  description = "Settings by the environment, which win over the configuration."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Secrets by name, and what each is for: made empty, to be filled by people."
  type        = map(string)
  default     = {}
}

variable "models" {
  description = "Whom the program may ask: ids of Bedrock's models and inference profiles, names of SageMaker's endpoints, ARNs of guardrails."
  type = object({
    bedrock    = optional(list(string), [])
    endpoints  = optional(list(string), [])
    guardrails = optional(list(string), [])
  })

  validation {
    condition     = alltrue([for name in concat(var.models.bedrock, var.models.endpoints) : !strcontains(name, "*")])
    error_message = "Name each model and endpoint: no * among them."
  }
}

variable "authentication" {
  description = "What callers show: tokens (Cognito's, checked by the HTTP API), keys (checked at the edge), or none, which lets everybody use your models at your expense."
  type        = string
  default     = "tokens"

  validation {
    condition     = contains(["tokens", "keys", "none"], var.authentication)
    error_message = "Use tokens, keys or none."
  }
}

variable "stream_authorization" {
  description = "Who may call the stream's address: AWS_IAM (the distribution, and whoever signs), or NONE once the program itself asks for keys."
  type        = string
  default     = "AWS_IAM"
}

variable "websocket_authorization" {
  description = "Who may connect to the WebSocket API: AWS_IAM, or NONE once the edge or the program asks for keys."
  type        = string
  default     = "AWS_IAM"
}

variable "api_keys" {
  description = "Who has a key of the REST API, and on which plan."
  type        = map(string)
  default     = {}
}

variable "login" {
  description = "The hosted login: the first part of its address, which no other account has, and where it sends people back to (the console's address, with a slash at its end). null has none; with one, the console asks people to sign in."
  type = object({
    prefix        = string
    callback_urls = list(string)
  })
  default = null
}

variable "memory_mb" {
  description = "Memory of a duty's function where it is not 512 MB."
  type        = map(number)
  default     = { worker = 1024 }
}

variable "provisioned_concurrency" {
  description = "Instances of a duty's function that are kept warm."
  type        = map(number)
  default     = {}
}

variable "reserved_concurrency" {
  description = "The most instances of a duty's function."
  type        = map(number)
  default     = {}
}

variable "live_versions" {
  description = "The version of a duty's function that lives, where it is not the newest: a rollback."
  type        = map(string)
  default     = {}
}

variable "canaries" {
  description = "Another version of a duty's function that gets a share of the calls."
  type        = map(object({ version = string, weight = number }))
  default     = {}
}

variable "layers" {
  description = "ARNs of layers of every function."
  type        = list(string)
  default     = []
}

variable "site_folder" {
  description = "The console's built files; null uploads none."
  type        = string
  default     = null
}

variable "site_config" {
  description = "What the page finds in config.js beside what this module writes there: another `sync` needs this page among its `origins`. No secrets."
  type        = map(string)
  default     = {}
}

variable "origins" {
  description = "Pages of these other origins may call the HTTP API."
  type        = list(string)
  default     = []
}

variable "picture_public_key" {
  description = "The public key (PEM, RSA 2048 or P-256) of pictures' addresses, whose private half is the secret `picture-private-key`; null keeps pictures behind presigned addresses of S3."
  type        = string
  default     = null
}

variable "earlier_picture_public_keys" {
  description = "Public keys of before, whose addresses still open."
  type        = list(string)
  default     = []
}

variable "domain" {
  description = "Names of the distribution's own, and their certificate in us-east-1."
  type = object({
    names           = list(string)
    certificate_arn = string
  })
  default = null
}

variable "api_domain" {
  description = "A name of the HTTP API's own, and its certificate in this region."
  type = object({
    name            = string
    certificate_arn = string
  })
  default = null
}

variable "distribution" {
  description = "Whether there is a distribution: a second region needs none of its own."
  type        = bool
  default     = true
}

variable "table_name" {
  description = "The table's name, where it is not that of everything."
  type        = string
  default     = null
}

variable "table_is_replica" {
  description = "Whether the table is another region's, and comes here as its replica."
  type        = bool
  default     = false
}

variable "replicas" {
  description = "Regions where the table has a copy, and the key there."
  type        = map(string)
  default     = {}
}

variable "namespace" {
  description = "Where the program's own metrics are."
  type        = string
  default     = "Busbar"
}

variable "month_usd" {
  description = "The month's budget, US dollars."
  type        = number
  default     = 200
}

variable "mail" {
  description = "Who is written to by alarms."
  type        = list(string)
  default     = []
}

variable "disposable" {
  description = "Whether everything can be destroyed at once, with what is in it."
  type        = bool
  default     = false
}

variable "without" {
  description = "Parts to leave out, for a target that lacks them: an emulator, or an account whose organisation has its own."
  type        = set(string)
  default     = []

  validation {
    condition     = length(setsubtract(var.without, ["appconfig_rollout", "composite_alarms", "costs", "edge_functions", "edge_policies", "firewall", "redrive_allow_policy", "resource_server", "table_replicas", "tls_policies", "traces", "trail"])) == 0
    error_message = "These can be left out: appconfig_rollout, composite_alarms, costs, edge_functions, edge_policies, firewall, redrive_allow_policy, resource_server, table_replicas, tls_policies, traces, trail."
  }
}

locals {
  parts = setunion(
    ["appconfig_rollout", "composite_alarms", "costs", "edge_functions", "edge_policies", "firewall", "redrive_allow_policy", "resource_server", "table_replicas", "tls_policies", "traces", "trail"],
    var.picture_public_key == null || !var.distribution ? [] : ["pictures_behind_edge"],
  )
}
