variable "artefact" {
  description = "The program as a zip with `bootstrap` in it."
  type        = string
}

variable "architecture" {
  description = "What the artefact was built for: arm64 or x86_64."
  type        = string
  default     = "arm64"
}

variable "configuration" {
  description = "The file busbar.toml; null is the one beside this."
  type        = string
  default     = null
}

variable "bedrock_models" {
  description = "Bedrock's models and inference profiles that may be asked."
  type        = list(string)
  default = [
    "anthropic.claude-3-haiku-20240307-v1:0",
    "anthropic.claude-3-sonnet-20240229-v1:0",
    "anthropic.claude-3-opus-20240229-v1:0",
    "amazon.nova-micro-v1:0",
    "amazon.nova-pro-v1:0",
  ]
}

variable "endpoints" {
  description = "SageMaker's endpoints that may be asked."
  type        = list(string)
  default     = []
}

variable "secrets" {
  description = "Secrets by name, and what each is for."
  type        = map(string)
  default     = {}
}

variable "authentication" {
  description = "What callers show: tokens, keys or none."
  type        = string
  default     = "tokens"
}

variable "stream_authorization" {
  description = "Who may call the stream's address: AWS_IAM or NONE."
  type        = string
  default     = "AWS_IAM"
}

variable "websocket_authorization" {
  description = "Who may connect to the WebSocket API: AWS_IAM or NONE."
  type        = string
  default     = "AWS_IAM"
}

variable "api_keys" {
  description = "Who has a key of the REST API, and on which plan."
  type        = map(string)
  default     = {}
}

variable "login" {
  description = "The hosted login: the first part of its address, and where it sends people back to: the output `console`, once that is known, with a slash at its end."
  type = object({
    prefix        = string
    callback_urls = list(string)
  })
  default = null
}

variable "picture_public_key" {
  description = "The public key (PEM) of pictures' addresses: they are then handed out by the distribution. Its private half goes into the secret `picture-private-key`, which has to be there before (docs/aws.md)."
  type        = string
  default     = null
}

variable "earlier_picture_public_keys" {
  description = "Public keys of before, whose addresses still open."
  type        = list(string)
  default     = []
}

variable "site_folder" {
  description = "The console's built files; null uploads none."
  type        = string
  default     = null
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
