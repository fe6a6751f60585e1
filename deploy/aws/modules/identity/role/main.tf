# Who a part of the program is on AWS, and the calls that it may make: each with a name and, as far as AWS allows, a
# resource.

data "aws_caller_identity" "me" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = [var.service]
    }

    # A service acts for whoever asks it to: only for this account here. Lambda and EC2 do not say for whom.
    dynamic "condition" {
      for_each = contains(["lambda.amazonaws.com", "ec2.amazonaws.com"], var.service) ? [] : [1]
      content {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [data.aws_caller_identity.me.account_id]
      }
    }
  }
}

data "aws_iam_policy_document" "may" {
  dynamic "statement" {
    for_each = var.may
    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources

      dynamic "condition" {
        for_each = statement.value.when
        content {
          test     = condition.value.test
          variable = condition.key
          values   = condition.value.values
        }
      }
    }
  }
}

resource "aws_iam_role" "this" {
  name                 = var.name
  description          = var.description
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = 3600
  permissions_boundary = var.boundary_arn
}

resource "aws_iam_role_policy" "may" {
  name   = "duty"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.may.json
}

resource "aws_iam_role_policy_attachment" "managed" {
  for_each = var.managed

  role       = aws_iam_role.this.name
  policy_arn = each.value
}

resource "aws_iam_instance_profile" "this" {
  count = var.service == "ec2.amazonaws.com" ? 1 : 0

  name = var.name
  role = aws_iam_role.this.name
}
