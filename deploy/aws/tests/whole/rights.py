"""What duties may do, statement by statement, beside what they were seen to do; and why they may do the rest."""

from fnmatch import fnmatchcase

BY_LAMBDA = "Lambda does it for the function; the emulator's own does not ask"
BY_KEY = "the table, the queues and the bucket ask the key in the caller's name; the emulator encrypts nothing"
LATER = "for answers that come later, which the story does not ask for; tests/sources/test_later.py does"
# By statement and action: what is allowed, and was not seen in the story that the test tells.
UNSEEN = {
    "all": {
        "Log logs:CreateLogStream": BY_LAMBDA,
        "Log logs:PutLogEvents": BY_LAMBDA,
        "Trace xray:PutTraceSegments": BY_LAMBDA,
        "Trace xray:PutTelemetryRecords": BY_LAMBDA,
        "Key kms:Decrypt": BY_KEY,
        "Key kms:GenerateDataKey": BY_KEY,
    },
    "sync-api": {},
    "stream-sse": {},
    "realtime-ws": {},
    "worker": {
        "Bedrock bedrock:InvokeModelWithResponseStream": "pictures are made whole; other work of a queue may be read as a stream",
        "Work sqs:ReceiveMessage": BY_LAMBDA,
        "Work sqs:GetQueueAttributes": BY_LAMBDA,
        "Records dynamodb:DeleteItem": "of the oldest version of the configuration, once there are fifty",
        "Files s3:DeleteObject": "of a start that came to nothing after its first picture",
        "Later s3:GetObject": LATER,
        "Later s3:PutObject": LATER,
        "ListLater s3:ListBucket": LATER,
    },
    "sweep": {
        "DeadLetters sqs:DeleteMessage": "of a letter that is a week old",
        "Failures s3:GetObject": LATER,
        "Failures s3:PutObject": LATER,
    },
}


def unseen(policy, calls):
    """The actions of each statement that none of the calls needed."""
    found = set()
    for statement in policy["Statement"]:
        resources = listed(statement["Resource"])
        for action in listed(statement["Action"]):
            needed = (call["action"] == action and any(fnmatchcase(call["resource"], one) for one in resources) for call in calls)
            if not any(needed):
                found.add(f"{statement['Sid']} {action}")
    return found


def explained(duty):
    return set(UNSEEN["all"]) | set(UNSEEN[duty])


def listed(one):
    return [one] if isinstance(one, str) else one
