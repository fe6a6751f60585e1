"""Every official client streams from every vendor: a thought, a text, two calls at once, wherever the bytes are cut; and
what goes back to the vendor is what it can take."""

import json

import anthropic
import boto3
import openai
import pytest

from busbar_server import Server, bedrock_provider
from vendors import CALLS, SIGNATURE, TEXT, THOUGHT, Vendor

PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}, "blob": {"type": "string"}}}
SONNET = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
FAR = ["far-chat", "far-responses", "far-messages", "far-converse", "far-invoke"]
# A vendor of this format says nothing that would prove a thought to be its own.
UNSIGNED = ["far-chat"]


def provider(kind, name, url, models):
    listed = "\n".join(f"[[providers.models]]\n{model}" for model in models)
    return f'[[providers]]\nkind = "{kind}"\nname = "{name}"\nendpoint = "{url}"\napi_key = "unused"\n{listed}\n'


# A prime number of bytes that cuts letters and frames at other places each time, and all at once.
@pytest.fixture(scope="module", params=[997, 1 << 20])
def vendor(request):
    with Vendor(request.param) as running:
        yield running


@pytest.fixture(scope="module")
def front(vendor):
    toml = provider("deepseek", "chat", f"{vendor.url}/v1", ['id = "far-chat"'])
    toml += provider("openai", "responses", f"{vendor.url}/v1", ['id = "far-responses"\nupstream = "gpt-5"\napi = "responses"'])
    toml += provider("anthropic", "messages", vendor.url, ['id = "far-messages"\nupstream = "claude-sonnet-4-5"'])
    invoke = f'id = "far-invoke"\nupstream = "{SONNET}"\napi = "invoke"'
    toml += bedrock_provider("bedrock", vendor.url, [f'id = "far-converse"\nupstream = "{SONNET}"', invoke])
    with Server(toml) as running:
        yield running


@pytest.fixture(autouse=True)
def forget(vendor):
    vendor.asked.clear()


def calls_of(pairs):
    return {name: json.loads(arguments) for name, arguments in pairs}


@pytest.mark.parametrize("model", FAR)
def test_openais_chat_streams_from_every_vendor(front, model):
    tools = [{"type": "function", "function": {"name": "look", "parameters": PARAMETERS}}]
    text, thought, calls = "", "", {}
    with openai.OpenAI(base_url=f"{front.url}/v1", api_key="unused", max_retries=0) as client:
        asked = {"model": model, "messages": [{"role": "user", "content": "Look."}], "tools": tools}
        for chunk in client.chat.completions.create(**asked, stream=True):
            for choice in chunk.choices:
                text += choice.delta.content or ""
                thought += getattr(choice.delta, "reasoning_content", None) or ""
                for call in choice.delta.tool_calls or []:
                    kept = calls.setdefault(call.index, [call.id, ""])
                    kept[1] += call.function.arguments or ""
    assert (text, thought, calls_of(calls.values())) == (TEXT, THOUGHT, CALLS)


@pytest.mark.parametrize("model", FAR)
def test_openais_responses_stream_from_every_vendor(front, model):
    tools = [{"type": "function", "name": "look", "parameters": PARAMETERS, "strict": False}]
    with openai.OpenAI(base_url=f"{front.url}/v1", api_key="unused", max_retries=0) as client:
        with client.responses.stream(model=model, input="Look.", tools=tools, store=False) as stream:
            answer = stream.get_final_response()
    calls = [(item.call_id, item.arguments) for item in answer.output if item.type == "function_call"]
    assert (answer.output_text, calls_of(calls)) == (TEXT, CALLS)


@pytest.mark.parametrize("model", FAR)
def test_anthropics_client_streams_from_every_vendor_and_tells_the_thought_again(front, vendor, model):
    tools = [{"name": "look", "input_schema": PARAMETERS}]
    turns = [{"role": "user", "content": "Look."}]
    with anthropic.Anthropic(base_url=front.url, api_key="unused", max_retries=0) as client:
        asked = {"model": model, "max_tokens": 4096, "tools": tools}
        with client.messages.stream(**asked, messages=turns) as stream:
            answer = stream.get_final_message()
        thought, said, *calls = answer.content
        assert (thought.thinking, said.text) == (THOUGHT, TEXT)
        assert {call.id: call.input for call in calls} == CALLS
        content = [block.model_dump(exclude_none=True) for block in answer.content]
        results = [{"type": "tool_result", "tool_use_id": call.id, "content": "seen"} for call in calls]
        turns += [{"role": "assistant", "content": content}, {"role": "user", "content": results}]
        with client.messages.stream(**asked, messages=turns) as stream:
            stream.get_final_message()
    told = json.dumps(vendor.asked[-1], ensure_ascii=False)
    assert (SIGNATURE in told) == (model not in UNSIGNED)
    assert THOUGHT in told, "it went back, by its signature or as plain text"


@pytest.mark.parametrize("model", FAR)
def test_boto3_streams_from_every_vendor(front, surroundings, model):
    tool = {"toolSpec": {"name": "look", "inputSchema": {"json": PARAMETERS}}}
    client = boto3.client("bedrock-runtime", endpoint_url=front.url)
    turns = [{"role": "user", "content": [{"text": "Look."}]}]
    text, thought, calls = "", "", {}
    for event in client.converse_stream(modelId=model, messages=turns, toolConfig={"tools": [tool]})["stream"]:
        if start := event.get("contentBlockStart"):
            calls[start["contentBlockIndex"]] = [start["start"]["toolUse"]["toolUseId"], ""]
        if piece := event.get("contentBlockDelta"):
            delta = piece["delta"]
            text += delta.get("text", "")
            thought += delta.get("reasoningContent", {}).get("text", "")
            if "toolUse" in delta:
                calls[piece["contentBlockIndex"]][1] += delta["toolUse"]["input"]
    assert (text, thought, calls_of(calls.values())) == (TEXT, THOUGHT, CALLS)


def test_a_thought_that_nobody_signed_is_not_told_to_claude(front, vendor):
    turns = [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": "I see.", "reasoning_content": "unsigned"},
        {"role": "user", "content": "And?"},
    ]
    with openai.OpenAI(base_url=f"{front.url}/v1", api_key="unused", max_retries=0) as client:
        for model in ("far-messages", "far-converse", "far-invoke"):
            list(client.chat.completions.create(model=model, messages=turns, stream=True))
            told = json.dumps(vendor.asked[-1])
            assert "I see." in told and "unsigned" not in told, model


def test_an_effort_is_what_the_generation_of_claude_takes(front, vendor):
    turns = [{"role": "user", "content": "Look."}]
    with openai.OpenAI(base_url=f"{front.url}/v1", api_key="unused", max_retries=0) as client:
        for model in ("far-messages", "far-converse", "far-invoke"):
            list(client.chat.completions.create(model=model, messages=turns, reasoning_effort="low", stream=True))
            told = vendor.asked[-1]
            thinking = told.get("additionalModelRequestFields", told)["thinking"]
            assert thinking == {"type": "enabled", "budget_tokens": 2048}, model
