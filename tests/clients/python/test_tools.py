"""Tools by every official client: a call comes, its result goes back, whole and streamed; pictures and schemas, too."""

import base64
import json

import anthropic
import boto3
import openai
import pytest

from answers import PIXEL
from busbar_server import Server
from scripted_host import ScriptedHost

PICTURE = base64.b64encode(PIXEL).decode()
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
SCHEMA = {
    "type": "object",
    "properties": {"sum": {"type": "integer"}},
    "required": ["sum"],
    "additionalProperties": False,
}
ANSWER = "The tool says: 21 degrees"


@pytest.fixture(scope="module")
def host():
    with ScriptedHost() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(host):
    """A server that has nothing but a model elsewhere."""
    toml = f"""
[[providers]]
name = "far"
kind = "openai-compatible"
endpoint = "{host.url}"
[[providers.models]]
id = "far-model"
images = true
"""
    with Server(toml) as running:
        yield running


@pytest.fixture(autouse=True)
def forget(host):
    host.asked.clear()


def saw(host):
    """What the host was asked in the end: a picture, a call, its result."""
    first, last = host.asked[0], host.asked[-1]
    parts = first["messages"][0]["content"]
    assert parts[1]["image_url"]["url"] == f"data:image/png;base64,{PICTURE}"
    assert first["tools"][0]["function"]["parameters"] == PARAMETERS
    call, result = last["messages"][1], last["messages"][2]
    assert json.loads(call["tool_calls"][0]["function"]["arguments"]) == {"city": "Paris"}
    assert (result["role"], result["tool_call_id"], result["content"]) == ("tool", "call_1", "21 degrees")


def converse(bedrock, streamed, messages):
    tool = {"name": "weather", "description": "Of a place.", "inputSchema": {"json": PARAMETERS}}
    asked = {"modelId": "far-model", "messages": messages, "toolConfig": {"tools": [{"toolSpec": tool}]}}
    if not streamed:
        answer = bedrock.converse(**asked)
        return answer["output"]["message"], answer["stopReason"]
    blocks, reason = {}, None
    for event in bedrock.converse_stream(**asked)["stream"]:
        if start := event.get("contentBlockStart"):
            blocks[start["contentBlockIndex"]] = {"toolUse": {**start["start"]["toolUse"], "input": ""}}
        if piece := event.get("contentBlockDelta"):
            block, delta = blocks.setdefault(piece["contentBlockIndex"], {"text": ""}), piece["delta"]
            if "text" in delta:
                block["text"] += delta["text"]
            else:
                block["toolUse"]["input"] += delta["toolUse"]["input"]
        reason = event.get("messageStop", {}).get("stopReason", reason)
    for block in blocks.values():
        if "toolUse" in block:
            block["toolUse"]["input"] = json.loads(block["toolUse"]["input"])
    return {"role": "assistant", "content": list(blocks.values())}, reason


@pytest.mark.parametrize("streamed", [False, True])
def test_boto3_calls_a_tool_and_tells_what_it_said(gateway, host, surroundings, streamed):
    bedrock = boto3.client("bedrock-runtime", endpoint_url=gateway.url)
    picture = {"image": {"format": "png", "source": {"bytes": PIXEL}}}
    messages = [{"role": "user", "content": [{"text": "How warm is it here?"}, picture]}]
    called, reason = converse(bedrock, streamed, messages)
    assert reason == "tool_use"
    use = called["content"][-1]["toolUse"]
    assert (use["name"], use["input"]) == ("weather", {"city": "Paris"})
    result = {"toolUseId": use["toolUseId"], "content": [{"text": "21 degrees"}]}
    messages += [called, {"role": "user", "content": [{"toolResult": result}]}]
    answered, reason = converse(bedrock, streamed, messages)
    assert (answered["content"][0]["text"], reason) == (ANSWER, "end_turn")
    saw(host)


@pytest.mark.parametrize("streamed", [False, True])
def test_anthropics_client_calls_a_tool_and_tells_what_it_said(gateway, host, streamed):
    claude = anthropic.Anthropic(base_url=gateway.url, api_key="unused", max_retries=0)
    tool = {"name": "weather", "description": "Of a place.", "input_schema": PARAMETERS}
    source = {"type": "base64", "media_type": "image/png", "data": PICTURE}
    picture = {"type": "image", "source": source}
    messages = [{"role": "user", "content": [{"type": "text", "text": "How warm is it here?"}, picture]}]

    def ask():
        asked = {"model": "far-model", "max_tokens": 64, "tools": [tool], "messages": messages}
        if not streamed:
            return claude.messages.create(**asked)
        with claude.messages.stream(**asked) as stream:
            return stream.get_final_message()

    called = ask()
    use = called.content[-1]
    assert (called.stop_reason, use.name, use.input) == ("tool_use", "weather", {"city": "Paris"})
    result = {"type": "tool_result", "tool_use_id": use.id, "content": "21 degrees"}
    content = [block.model_dump(exclude_none=True, include={"type", "text", "id", "name", "input"}) for block in called.content]
    messages += [{"role": "assistant", "content": content}, {"role": "user", "content": [result]}]
    answered = ask()
    assert (answered.content[0].text, answered.stop_reason) == (ANSWER, "end_turn")
    saw(host)


@pytest.mark.parametrize("streamed", [False, True])
def test_openais_client_calls_a_tool_and_tells_what_it_said(gateway, host, streamed):
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="unused", max_retries=0)
    tool = {"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}}
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}"}}
    messages = [{"role": "user", "content": [{"type": "text", "text": "How warm is it here?"}, picture]}]

    def ask():
        asked = {"model": "far-model", "tools": [tool], "messages": messages}
        if not streamed:
            return client.chat.completions.create(**asked).choices[0]
        with client.chat.completions.stream(**asked) as stream:
            return stream.get_final_completion().choices[0]

    called = ask()
    call = called.message.tool_calls[0]
    assert (called.finish_reason, call.function.name) == ("tool_calls", "weather")
    assert json.loads(call.function.arguments) == {"city": "Paris"}
    kept = {"id": call.id, "type": "function", "function": {"name": "weather", "arguments": call.function.arguments}}
    messages += [
        {"role": "assistant", "content": called.message.content, "tool_calls": [kept]},
        {"role": "tool", "tool_call_id": call.id, "content": "21 degrees"},
    ]
    answered = ask()
    assert (answered.message.content, answered.finish_reason) == (ANSWER, "stop")
    saw(host)


@pytest.mark.parametrize("streamed", [False, True])
def test_openais_responses_call_a_tool_and_tell_what_it_said(gateway, host, streamed):
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="unused", max_retries=0)
    tool = {"type": "function", "name": "weather", "parameters": PARAMETERS, "strict": False}
    picture = {"type": "input_image", "image_url": f"data:image/png;base64,{PICTURE}"}
    question = [{"type": "input_text", "text": "How warm is it here?"}, picture]
    items = [{"role": "user", "content": question}]

    def ask():
        asked = {"model": "far-model", "tools": [tool], "input": items, "store": False}
        if not streamed:
            return client.responses.create(**asked)
        with client.responses.stream(**asked) as stream:
            return stream.get_final_response()

    called = ask()
    call = next(item for item in called.output if item.type == "function_call")
    assert (call.name, json.loads(call.arguments)) == ("weather", {"city": "Paris"})
    items += [
        {"role": "assistant", "content": called.output_text},
        {"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments},
        {"type": "function_call_output", "call_id": call.call_id, "output": "21 degrees"},
    ]
    assert ask().output_text == ANSWER
    saw(host)


def test_a_schema_reaches_a_host_from_every_client(gateway, host, surroundings):
    question = [{"role": "user", "content": "1 + 1?"}]
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="unused", max_retries=0)
    named = {"name": "sum", "strict": True, "schema": SCHEMA}
    form = {"type": "json_schema", "json_schema": named}
    client.chat.completions.create(model="far-model", messages=question, response_format=form)
    form = {"format": {"type": "json_schema", **named}}
    client.responses.create(model="far-model", input="1 + 1?", text=form, store=False)
    claude = anthropic.Anthropic(base_url=gateway.url, api_key="unused", max_retries=0)
    form = {"format": {"type": "json_schema", "schema": SCHEMA}}
    claude.messages.create(model="far-model", max_tokens=64, messages=question, output_config=form)
    bedrock = boto3.client("bedrock-runtime", endpoint_url=gateway.url)
    structure = {"jsonSchema": {"name": "sum", "schema": json.dumps(SCHEMA)}}
    form = {"textFormat": {"type": "json_schema", "structure": structure}}
    turns = [{"role": "user", "content": [{"text": "1 + 1?"}]}]
    answer = bedrock.converse(modelId="far-model", messages=turns, outputConfig=form)
    assert json.loads(answer["output"]["message"]["content"][0]["text"]) == {"sum": 2}
    for asked in host.asked:
        assert asked["response_format"]["json_schema"]["schema"] == SCHEMA
    assert len(host.asked) == 4
