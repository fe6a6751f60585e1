# What each duty may do: the calls that its part of the program makes, on the things that it makes them on.
# A statement that nobody's code makes use of is a mistake here; docs/aws.md says which call stands where.

locals {
  table = module.data.table.arn
  image = module.data.queues["jobs-image"]
  later = module.data.queues["jobs-endpoint"]
  hooks = module.data.queues["webhooks"]
  files = "${module.data.pictures.arn}/files/*"
  # Requests whose answers come later, answers, and why there are none: as BUSBAR_LATER__… has them.
  requests = "${module.data.pictures.arn}/later/requests/*"
  answers  = "${module.data.pictures.arn}/later/answers/*"
  failures = "${module.data.pictures.arn}/later/failures/*"
  region   = data.aws_region.here.name
  # A model's own ARN, or, for an inference profile (us.…), the profile's and the model's in every region it may use.
  bedrock = flatten([
    for id in var.models.bedrock : (
      can(regex("^(us|eu|apac|global)\\.", id))
      ? [
        "arn:aws:bedrock:${local.region}:${data.aws_caller_identity.me.account_id}:inference-profile/${id}",
        "arn:aws:bedrock:*::foundation-model/${replace(id, "/^(us|eu|apac|global)\\./", "")}",
      ]
      : ["arn:aws:bedrock:${local.region}::foundation-model/${id}"]
    )
  ])

  may_log = { for duty, _ in local.duties : duty => {
    Log = {
      actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      resources = ["arn:aws:logs:${local.region}:${data.aws_caller_identity.me.account_id}:log-group:/aws/lambda/${var.name}-${duty}:*"]
    }
  } }

  may_run = merge(
    {
      Trace = {
        actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
        resources = ["*"]
        because   = "X-Ray knows no resources for what is written"
      }
      Key = {
        actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
        resources = [module.audit.key_arn]
      }
    },
    local.with.appconfig_rollout ? {
      Configuration = {
        actions   = ["appconfig:StartConfigurationSession", "appconfig:GetLatestConfiguration"]
        resources = module.config.configuration_arns
      }
      } : {
      Configuration = {
        actions   = ["ssm:GetParameter"]
        resources = ["arn:aws:ssm:${local.region}:${data.aws_caller_identity.me.account_id}:parameter/${var.name}/configuration"]
      }
    },
    length(local.secrets) == 0 ? {} : {
      Secrets = {
        actions   = ["secretsmanager:GetSecretValue"]
        resources = values(module.config.secret_arns)
      }
    },
  )

  may_ask_models = merge(
    length(local.bedrock) == 0 ? {} : {
      Bedrock = {
        actions   = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
        resources = local.bedrock
      }
    },
    length(var.models.guardrails) == 0 ? {} : {
      Guardrails = {
        actions   = ["bedrock:ApplyGuardrail"]
        resources = var.models.guardrails
      }
    },
    length(var.models.endpoints) == 0 ? {} : {
      Endpoints = {
        actions = ["sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointWithResponseStream", "sagemaker:InvokeEndpointAsync"]
        resources = [
          for name in var.models.endpoints :
          "arn:aws:sagemaker:${local.region}:${data.aws_caller_identity.me.account_id}:endpoint/${name}"
        ]
      }
      # What asynchronous endpoints read and write.
      EndpointsFiles = {
        actions   = ["s3:GetObject", "s3:PutObject"]
        resources = ["${module.data.models.arn}/asynchronous/*"]
      }
    },
  )

  # Jobs as clients see them: submit (claim a key, insert), look, list, count who is ahead, cancel, remove.
  may_serve_jobs = {
    Records = {
      actions   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"]
      resources = [local.table]
    }
    Lists = {
      actions   = ["dynamodb:Query"]
      resources = ["${local.table}/index/tenant", "${local.table}/index/waiting"]
    }
    Announce = {
      actions   = ["sqs:SendMessage"]
      resources = [local.image.arn, local.later.arn, local.hooks.arn]
    }
    Files = {
      actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
      resources = [local.files]
    }
    # A file is one when it is listed, so that a missing one is 404 and not 403; a job's files are removed together.
    ListFiles = {
      actions   = ["s3:ListBucket"]
      resources = [module.data.pictures.arn]
      when      = { "s3:prefix" = { test = "StringLike", values = ["files/*"] } }
    }
  }

  grants = {
    sync-api   = merge(local.may_run, local.may_log["sync-api"], local.may_ask_models, local.may_serve_jobs)
    stream-sse = merge(local.may_run, local.may_log["stream-sse"], local.may_ask_models, local.may_serve_jobs)
    realtime-ws = merge(local.may_run, local.may_log["realtime-ws"], local.may_ask_models, {
      # Who is connected, what runs for whom, and the configuration's history: of the table, these items alone.
      Connections = {
        actions   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"]
        resources = [local.table]
        when      = { "dynamodb:LeadingKeys" = { test = "ForAllValues:StringLike", values = ["connection#*", "configuration#*"] } }
      }
      Answer = {
        actions   = ["execute-api:ManageConnections"]
        resources = [module.realtime_ws.connections.arn]
      }
    })
    worker = merge(local.may_run, local.may_log["worker"], local.may_ask_models, {
      Work = {
        actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"]
        resources = [local.image.arn, local.later.arn, local.hooks.arn]
      }
      # Webhooks of a job that changed; a message that nobody can deal with.
      Tell = {
        actions   = ["sqs:SendMessage"]
        resources = [local.hooks.arn, local.image.dead_arn, local.later.dead_arn, local.hooks.dead_arn]
      }
      # Removed are the oldest versions of the configuration.
      Records = {
        actions   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"]
        resources = [local.table]
      }
      Files = {
        actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
        resources = [local.files]
      }
      Later = {
        actions   = ["s3:GetObject", "s3:PutObject"]
        resources = [local.requests, local.answers, local.failures]
      }
      # So that a request that is not there is missing, and not forbidden.
      ListLater = {
        actions   = ["s3:ListBucket"]
        resources = [module.data.pictures.arn]
        when      = { "s3:prefix" = { test = "StringLike", values = ["later/*"] } }
      }
    })
    sweep = merge(local.may_run, local.may_log["sweep"], {
      Records = {
        actions   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"]
        resources = [local.table]
      }
      Due = {
        actions   = ["dynamodb:Query"]
        resources = ["${local.table}/index/due"]
      }
      Announce = {
        actions   = ["sqs:SendMessage"]
        resources = [local.image.arn, local.later.arn, local.hooks.arn]
      }
      DeadLetters = {
        actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage"]
        resources = [local.image.dead_arn, local.later.dead_arn, local.hooks.dead_arn]
      }
      Files = {
        actions   = ["s3:DeleteObject"]
        resources = [local.files]
      }
      # Says why there is no answer, where nobody has said so.
      Failures = {
        actions   = ["s3:GetObject", "s3:PutObject"]
        resources = [local.failures]
      }
      ListFiles = {
        actions   = ["s3:ListBucket"]
        resources = [module.data.pictures.arn]
        when      = { "s3:prefix" = { test = "StringLike", values = ["files/*", "later/*"] } }
      }
    })
  }
}
