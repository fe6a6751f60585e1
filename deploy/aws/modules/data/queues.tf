# A queue for each kind of work, and beside each the one where its messages end that nobody could deal with.

resource "aws_sqs_queue" "dead" {
  for_each = var.queues

  name                      = "${var.name}-${each.key}-dead"
  message_retention_seconds = 14 * 24 * 3600
  kms_master_key_id         = var.kms_key_arn
  sqs_managed_sse_enabled   = var.kms_key_arn == null ? true : null
}

resource "aws_sqs_queue" "this" {
  for_each = var.queues

  name                       = "${var.name}-${each.key}"
  visibility_timeout_seconds = each.value.visibility_seconds
  message_retention_seconds  = each.value.keep_seconds
  receive_wait_time_seconds  = 20
  kms_master_key_id          = var.kms_key_arn
  sqs_managed_sse_enabled    = var.kms_key_arn == null ? true : null
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead[each.key].arn
    maxReceiveCount     = each.value.receives
  })
}

# Nobody else may use the dead queue as theirs.
resource "aws_sqs_queue_redrive_allow_policy" "dead" {
  for_each = var.redrive_allow_policy ? var.queues : {}

  queue_url = aws_sqs_queue.dead[each.key].id
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.this[each.key].arn]
  })
}

data "aws_iam_policy_document" "tls" {
  for_each = merge(
    { for name, queue in aws_sqs_queue.this : name => queue.arn },
    { for name, queue in aws_sqs_queue.dead : "${name}-dead" => queue.arn },
  )

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [each.value]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sqs_queue_policy" "tls" {
  for_each = { for name, policy in data.aws_iam_policy_document.tls : name => policy if var.require_tls }

  queue_url = (
    endswith(each.key, "-dead")
    ? aws_sqs_queue.dead[trimsuffix(each.key, "-dead")].id
    : aws_sqs_queue.this[each.key].id
  )
  policy = each.value.json
}
