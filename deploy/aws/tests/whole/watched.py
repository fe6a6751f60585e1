"""The emulator with its gates shut: every call is held against the policy of the role that makes it, and written down.

Runs in the emulator's place. `WATCHED` names the file with a line for each call; `MODELS` is the address of a Busbar that
plays Bedrock's picture models; `GIVEN` names a file with variables that functions are given beside their own, once it is
there (addresses that are known only when everything is applied).
"""

import json
import os
import runpy
import threading
import urllib.error
import urllib.request

from ministack.core import iam_evaluator, lambda_runtime
from ministack.core.responses import get_account_id
from ministack.services import bedrock_runtime

PAINTERS = ("amazon.titan-image", "amazon.nova-canvas", "stability.")
# What Amazon asks for by the names of older calls; the emulator has names of its own for them.
ASKED_AS = {
    "bedrock:Converse": "bedrock:InvokeModel",
    "bedrock:ConverseStream": "bedrock:InvokeModelWithResponseStream",
}
writing = threading.Lock()
enforce, spawn, invoke = iam_evaluator.enforce, lambda_runtime.ProvidedWorker._spawn, bedrock_runtime.handle_request


def watched(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
    """Whether the call is allowed, as the emulator finds by the policies that were applied."""
    iam_action = ASKED_AS.get(iam_action, iam_action)
    denied = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
    who = iam_evaluator.resolve_principal(access_key_id or "", get_account_id())
    said = {
        "who": getattr(who, "arn", None),
        "action": iam_action,
        "resource": resource_arn,
        "allowed": denied is None,
        "because": None if denied is None else str(denied),
    }
    with writing, open(os.environ["WATCHED"], "a") as calls:
        calls.write(json.dumps(said) + "\n")
    return denied


def spawned(self, *words, **more):
    """A function's process, with what it is given beside what was applied."""
    given = os.environ["GIVEN"]
    if os.path.exists(given):
        with open(given) as read:
            os.environ.update(json.load(read))
    return spawn(self, *words, **more)


async def handled(method, path, headers, body, query_params):
    """Pictures are made by a model; what is said, the emulator makes up."""
    model = path.removeprefix("/model/").split("/")[0]
    if not model.startswith(PAINTERS):
        return await invoke(method, path, headers, body, query_params)
    return await bedrock_runtime.asyncio.to_thread(painted, path, body)


def painted(path, body):
    request = urllib.request.Request(os.environ["MODELS"] + path, body, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=300) as answer:
            return answer.status, {"Content-Type": "application/json"}, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, {"Content-Type": "application/json"}, refused.read()


iam_evaluator.enforce = watched
lambda_runtime.ProvidedWorker._spawn = spawned
bedrock_runtime.handle_request = handled
runpy.run_module("ministack", run_name="__main__")
