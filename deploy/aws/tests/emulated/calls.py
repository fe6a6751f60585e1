"""The calls that each duty makes, and for what: the contract of docs/aws.md ("One table", "Queues", "Buckets").

Written by hand from the ports of crates/jobs; ../whole holds the program's own calls against the same policies.
"""

MODELS = {
    "bedrock:InvokeModel": "a whole answer",
    "bedrock:InvokeModelWithResponseStream": "a streamed one",
}
JOBS = {
    "dynamodb:GetItem": "load, a note",
    "dynamodb:PutItem": "insert, claim, replace, a note",
    "dynamodb:DeleteItem": "remove, release, an old version of the configuration",
    "dynamodb:Query": "list, ahead",
    "sqs:SendMessage": "announce a job, a webhook",
    "s3:GetObject": "a picture",
    "s3:PutObject": "what was given with a job",
    "s3:DeleteObject": "remove a job's files",
    "s3:ListBucket": "find a job's files; a missing one is 404",
}
CALLS = {
    "all": {
        "logs:CreateLogStream": "Lambda, for the program",
        "logs:PutLogEvents": "Lambda, for the program",
        "xray:PutTraceSegments": "Lambda, for the program",
        "xray:PutTelemetryRecords": "Lambda, for the program",
        "kms:Decrypt": "table, queues, buckets, environment",
        "kms:GenerateDataKey": "queues and buckets, when written to",
        "ssm:GetParameter": "the configuration, where AppConfig is left out",
    },
    "sync-api": MODELS | JOBS,
    "stream-sse": MODELS | JOBS,
    "realtime-ws": MODELS | {
        "dynamodb:GetItem": "what runs for a connection, each second",
        "dynamodb:PutItem": "$connect, a request that begins, is cancelled or ends",
        "dynamodb:DeleteItem": "$disconnect",
        "execute-api:ManageConnections": "PostToConnection",
    },
    "worker": MODELS | {
        "sqs:ReceiveMessage": "the event source, for the program",
        "sqs:DeleteMessage": "the event source; a message that was buried",
        "sqs:ChangeMessageVisibility": "extend",
        "sqs:GetQueueAttributes": "the event source",
        "sqs:SendMessage": "a webhook, bury",
        "dynamodb:GetItem": "load, the configuration's history",
        "dynamodb:PutItem": "replace: progress, the end; a version of the configuration",
        "dynamodb:DeleteItem": "the oldest version of the configuration",
        "s3:GetObject": "what was given with a job",
        "s3:PutObject": "a picture",
        "s3:DeleteObject": "what a start left that came to nothing",
        "s3:ListBucket": "a request that is not there is missing, and not forbidden",
    },
    "sweep": {
        "dynamodb:GetItem": "load",
        "dynamodb:PutItem": "replace",
        "dynamodb:DeleteItem": "remove",
        "dynamodb:Query": "due",
        "sqs:SendMessage": "announce what a crash forgot",
        "sqs:ReceiveMessage": "look through dead letters",
        "sqs:DeleteMessage": "remove old ones",
        "s3:DeleteObject": "remove a job's files",
        "s3:ListBucket": "find them",
        "s3:GetObject": "whether it was said why there is no answer",
        "s3:PutObject": "say so",
    },
}
