# Production: kept, warm, watched.
environment = "prod"
bedrock_models = [
  "anthropic.claude-3-haiku-20240307-v1:0",
  "anthropic.claude-3-sonnet-20240229-v1:0",
  "amazon.nova-micro-v1:0",
  "amazon.nova-pro-v1:0",
]
disposable              = false
month_usd               = 1000
provisioned_concurrency = { sync-api = 2, stream-sse = 2 }
guardrail               = "HIGH"
