# What Bedrock's models must not be asked or answer, by environment: one of the safety settings that a route can name.

resource "aws_bedrock_guardrail" "this" {
  name                      = var.name
  description               = "What models of ${var.name} must not be asked or answer"
  blocked_input_messaging   = var.refusal
  blocked_outputs_messaging = var.refusal
  kms_key_arn               = var.kms_key_arn

  content_policy_config {
    dynamic "filters_config" {
      for_each = toset(["HATE", "INSULTS", "SEXUAL", "VIOLENCE", "MISCONDUCT"])
      content {
        type            = filters_config.value
        input_strength  = var.strength
        output_strength = var.strength
      }
    }
    # What tries to turn the model against its instructions is looked for in questions only.
    filters_config {
      type            = "PROMPT_ATTACK"
      input_strength  = var.strength
      output_strength = "NONE"
    }
  }

  dynamic "sensitive_information_policy_config" {
    for_each = length(var.private) > 0 ? [1] : []
    content {
      dynamic "pii_entities_config" {
        for_each = var.private
        content {
          type   = pii_entities_config.key
          action = pii_entities_config.value
        }
      }
    }
  }
}

# A number for what is meant today: a draft changes under those who use it.
resource "aws_bedrock_guardrail_version" "this" {
  guardrail_arn = aws_bedrock_guardrail.this.guardrail_arn
  description   = "${var.strength}, ${length(var.private)} kinds of private data"
  skip_destroy  = true
}
