"""What a duty may do and was not seen to do, with the reason: the one list that the end-to-end test holds policies against."""

BY_LAMBDA = "Lambda does it for the function; the emulator's own does not ask"
BY_KEY = "the table, the queues and the bucket ask the key in the caller's name; the emulator encrypts nothing"
SEEN_BY_NOBODY = {
    "all": {
        "logs:CreateLogStream": BY_LAMBDA,
        "logs:PutLogEvents": BY_LAMBDA,
        "xray:PutTraceSegments": BY_LAMBDA,
        "xray:PutTelemetryRecords": BY_LAMBDA,
        "kms:Decrypt": BY_KEY,
        "kms:GenerateDataKey": BY_KEY,
    },
    "sync-api": {},
    "stream-sse": {},
    "realtime-ws": {},
    "worker": {},
    "sweep": {},
}


def may(policy):
    """The actions of a policy."""
    return {action for statement in policy["Statement"] for action in listed(statement["Action"])}


def unused(policy, seen):
    return may(policy) - seen


def listed(one):
    return [one] if isinstance(one, str) else one
