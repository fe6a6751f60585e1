"""boto3 speaks Converse with a local model: nothing about it is changed but its `endpoint_url`."""

import json

import pytest

from busbar_server import MODEL

HELLO = [{"role": "user", "content": [{"text": "Say hello to the harbour."}]}]
COLD = {"maxTokens": 12, "temperature": 0.0}
# At temperature 0 the model goes on with this for longer than any test listens.
LONG = [{"role": "user", "content": [{"text": "Go on: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20"}]}]
ARN = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456"
NAMES = [
    MODEL,
    "anthropic.claude-3-haiku-20240307-v1:0",
    "us.anthropic.claude-3-5-sonnet-20241022-v2:0",
    "amazon.nova-micro-v1:0",
    "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
    ARN,
]


def converse(bedrock, **more):
    return bedrock.converse(**{"modelId": MODEL, "messages": HELLO, "inferenceConfig": COLD, **more})


def events(bedrock, **more):
    asked = {"modelId": MODEL, "messages": HELLO, "inferenceConfig": COLD, **more}
    return list(bedrock.converse_stream(**asked)["stream"])


def text_of(events):
    return "".join(event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event)


def read_by(answer):
    """The prompt's tokens. Those that the model still knew from an earlier prompt are told apart."""
    usage = answer["usage"]
    return usage["inputTokens"] + usage["cacheReadInputTokens"] + usage["cacheWriteInputTokens"]


def said(answer):
    assert answer["output"]["message"]["role"] == "assistant"
    return "".join(block["text"] for block in answer["output"]["message"]["content"])


def test_an_answer_has_its_text_its_end_its_usage_and_its_time(bedrock):
    answer = converse(bedrock)
    assert said(answer)
    assert answer["stopReason"] in ("end_turn", "max_tokens")
    usage = answer["usage"]
    assert 0 < usage["outputTokens"] <= 12 and read_by(answer) > 5
    assert usage["totalTokens"] == read_by(answer) + usage["outputTokens"]
    assert answer["metrics"]["latencyMs"] >= 0
    assert answer["ResponseMetadata"]["RequestId"]


@pytest.mark.parametrize("name", NAMES)
def test_profiles_and_arns_name_models(bedrock, name):
    assert said(converse(bedrock, modelId=name)) == said(converse(bedrock))
    assert text_of(events(bedrock, modelId=name)) == said(converse(bedrock))


def test_a_stream_brings_the_same_text_in_its_events(bedrock):
    read = events(bedrock)
    names = [next(iter(event)) for event in read]
    assert names[0] == "messageStart" and names[-2:] == ["messageStop", "metadata"]
    assert "contentBlockStop" in names and names.count("contentBlockDelta") > 1
    whole = converse(bedrock)
    assert text_of(read) == said(whole)
    assert read[-2]["messageStop"]["stopReason"] == whole["stopReason"]
    assert read[-1]["metadata"]["usage"]["outputTokens"] == whole["usage"]["outputTokens"]


def test_instructions_and_earlier_turns_are_read(bedrock):
    alone = converse(bedrock)
    told = converse(bedrock, system=[{"text": "You are a lighthouse keeper."}])
    turns = [*HELLO, {"role": "assistant", "content": [{"text": "Ahoy!"}]}, *HELLO]
    talked = converse(bedrock, messages=turns)
    assert read_by(alone) < read_by(talked)
    assert read_by(alone) != read_by(told)


def test_a_text_that_ends_the_answer_does(bedrock):
    whole = said(converse(bedrock))
    stop = whole.split()[1]
    answer = converse(bedrock, inferenceConfig={**COLD, "stopSequences": [stop]})
    assert answer["stopReason"] == "stop_sequence"
    assert said(answer) == whole[: whole.index(stop)]


def test_an_answer_keeps_to_a_json_schema(bedrock):
    schema = {
        "type": "object",
        "properties": {"colour": {"enum": ["red", "blue"]}},
        "required": ["colour"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "structure": {"jsonSchema": {"schema": json.dumps(schema)}}}
    answer = converse(bedrock, inferenceConfig={"maxTokens": 60}, outputConfig={"textFormat": form})
    assert json.loads(said(answer))["colour"] in ("red", "blue")


def test_a_prompt_of_a_hundred_kilobytes_is_read_and_told_to_be_too_long(bedrock):
    turns = [{"role": "user", "content": [{"text": "harbour " * 13_000}]}]
    with pytest.raises(bedrock.exceptions.ValidationException, match="2048"):
        converse(bedrock, messages=turns)


def test_a_longer_prompt_is_read(bedrock):
    turns = [{"role": "user", "content": [{"text": "harbour " * 700}]}]
    assert read_by(converse(bedrock, messages=turns)) > 700


def test_a_stream_that_is_closed_in_the_middle_frees_the_engine(server, bedrock):
    cancelled = server.count("busbar_engine_requests_cancelled_total")
    room = {"maxTokens": 1500, "temperature": 0.0}
    stream = bedrock.converse_stream(modelId=MODEL, messages=LONG, inferenceConfig=room)["stream"]
    read = [event for event, _ in zip(stream, range(4))]
    stream.close()
    assert text_of(read)
    server.eventually("busbar_engine_requests_cancelled_total", cancelled + 1)
    server.eventually("busbar_engine_slots_busy", 0)


def test_keys_of_the_newer_kind_are_taken_too(http):
    # boto3 sends them by TLS only, so this is what it would send.
    body = {"messages": HELLO, "inferenceConfig": COLD}
    answer = http.post(f"/model/{NAMES[1]}/converse", json=body, headers={"authorization": "Bearer unused"})
    assert answer.status_code == 200 and answer.json()["output"]["message"]["content"][0]["text"]


def test_tokens_are_counted_as_they_would_be_read(bedrock):
    counted = bedrock.count_tokens(modelId=MODEL, input={"converse": {"messages": HELLO}})
    assert counted["inputTokens"] == read_by(converse(bedrock))
