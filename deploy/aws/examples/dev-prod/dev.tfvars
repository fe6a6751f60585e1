# Development: small, and gone in a minute.
environment    = "dev"
bedrock_models = ["anthropic.claude-3-haiku-20240307-v1:0", "amazon.nova-micro-v1:0"]
disposable     = true
month_usd      = 50
guardrail      = "LOW"
