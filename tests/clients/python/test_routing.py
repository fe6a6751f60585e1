"""Two Busbars: boto3 streams through the first from the second; the second is killed, and the first goes on
with its own model."""

import boto3
import pytest

from busbar_server import ALIASES, MODEL, Server, bedrock_provider, settings

LONG = [{"role": "user", "content": [{"text": "Count from 1 to 1000, one number on each line, and leave none out."}]}]
CLAUDE = "anthropic.claude-3-haiku-20240307-v1:0"


def routes(back):
    """The model far away first, then the one that is here."""
    far = f'id = "far"\nupstream = "{CLAUDE}"'
    return f"""
{bedrock_provider("bedrock", back, [far])}
[[routes]]
name = "assistant"
[[routes.tiers]]
targets = ["far"]
[[routes.tiers]]
targets = ["{MODEL}"]

[[routes]]
name = "strict"
on_cut = "fail"
[[routes.tiers]]
targets = ["far"]
[[routes.tiers]]
targets = ["{MODEL}"]
"""


@pytest.fixture
def back():
    with Server(settings(text="context = 2048\nsequences = 2", aliases=ALIASES)) as running:
        yield running


@pytest.fixture
def front(back):
    with Server(settings(text="context = 4096\nsequences = 2", more=routes(back.url))) as running:
        yield running


def said(event):
    return event.get("contentBlockDelta", {}).get("delta", {}).get("text", "")


def stream_and_kill(back, front, route):
    """Asks, kills the second server after a few words, and gives all events and the number before the kill."""
    client = boto3.client("bedrock-runtime", endpoint_url=front.url)
    limits = {"maxTokens": 200, "temperature": 0.0}
    answer = client.converse_stream(modelId=route, messages=LONG, inferenceConfig=limits)
    events, before = [], 0
    for event in answer["stream"]:
        events.append(event)
        if said(event):
            before += 1
        if before == 8 and back.process.poll() is None:
            back.process.kill()
            back.process.wait()
    return answer, events


def test_a_stream_goes_on_when_the_server_behind_is_killed(back, front):
    answer, events = stream_and_kill(back, front, "assistant")
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-busbar-target"] == "bedrock/us-east-1/far"
    words = [said(event) for event in events if said(event)]
    assert len(words) > 8, "the model that is here went on"
    assert [event for event in events if "messageStop" in event], "and said that it was done"
    assert events[-1]["metadata"]["usage"]["outputTokens"] >= 8
    starts = [event for event in events if "messageStart" in event]
    assert len(starts) == 1, "to the client it is one answer"
    assert front.count("busbar_route_resumed_total") == 1
    # From now on the plan knows, or learns at the first attempt.
    with front.http() as http:
        body = {"model": "assistant", "max_tokens": 4, "messages": [{"role": "user", "content": "Hello."}]}
        again = http.post("/v1/chat/completions", json=body)
        assert again.status_code == 200, again.text
        assert again.headers["x-busbar-target"] == f"local/{MODEL}"
        assert again.headers["x-busbar-degraded"] == "local"
        assert again.headers["x-busbar-model"] == MODEL


def test_a_route_may_rather_end_such_a_stream_with_a_typed_error(back, front):
    client = boto3.client("bedrock-runtime", endpoint_url=front.url)
    with pytest.raises(client.exceptions.ClientError):
        stream_and_kill(back, front, "strict")


def test_explaining_needs_no_model_and_knows_what_fails(back, front):
    with front.http() as http:
        told = http.post("/v1/routes/explain", json={"route": "assistant", "fail": ["bedrock/us-east-1"]}).json()
        assert [tried["target"] for tried in told["order"]] == [f"local/{MODEL}"]
        assert told["excluded"][0]["reason"] == "said_to_fail"
        listed = http.get("/v1/routes").json()["routes"]
        assert [route["name"] for route in listed] == ["assistant", "strict"]
        lost = http.post("/v1/routes/explain", json={"route": "assistent"})
        assert lost.status_code == 404 and "assistant" in lost.text
