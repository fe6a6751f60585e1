"""One Busbar in front of another that plays the vendors: the client's SDK, a signature, the vendor's own
framing, and llama.cpp at the end of it."""

import json

import anthropic
import boto3
import openai
import pytest

from busbar_server import ALIASES, MODEL, Server, bedrock_provider, settings

COLD = {"maxTokens": 12, "temperature": 0.0}
HELLO = [{"role": "user", "content": [{"text": "Say hello to the harbour."}]}]
LONG = [{"role": "user", "content": [{"text": "Count from 1 to 1000, one number on each line, and leave none out."}]}]
CLAUDE = "anthropic.claude-3-haiku-20240307-v1:0"


def providers(back):
    """Every vendor is the server behind."""
    price = 'price = { input = 0.25, output = 1.25, since = "2024-03-13" }'
    models = [
        f'id = "far-converse"\nupstream = "{CLAUDE}"',
        f'id = "far-invoke"\nupstream = "{CLAUDE}"\napi = "invoke"\n{price}',
    ]
    return f"""
{bedrock_provider("bedrock-far", back, models)}
[[providers]]
name = "sagemaker-far"
kind = "sagemaker"
region = "us-east-1"
endpoint = "{back}"
access_key_id = "AKIDEXAMPLE"
api_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
[[providers.models]]
id = "far-endpoint"
upstream = "harbour-endpoint"
format = "chat"

[[providers]]
name = "anthropic-far"
kind = "anthropic"
endpoint = "{back}"
api_key = "unused"
[[providers.models]]
id = "far-messages"
upstream = "claude-3-haiku-20240307"

[[providers]]
name = "openai-far"
kind = "openai"
endpoint = "{back}/v1"
api_key = "unused"
[[providers.models]]
id = "far-chat"
upstream = "{MODEL}"
[[providers.models]]
id = "far-responses"
upstream = "{MODEL}"
api = "responses"
"""


@pytest.fixture(scope="module")
def back():
    with Server(settings(text="context = 2048\nsequences = 2\nqueue = 64", aliases=ALIASES)) as running:
        yield running


@pytest.fixture(scope="module")
def front(back):
    with Server(f"[server]\n{providers(back.url)}") as running:
        yield running


@pytest.fixture(scope="module")
def bedrock_through(front):
    return boto3.client("bedrock-runtime", endpoint_url=front.url)


def said(events):
    return "".join(event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event)


FAR = ["far-converse", "far-invoke", "far-endpoint", "far-messages", "far-chat", "far-responses"]


@pytest.mark.parametrize("model", FAR)
def test_boto3_is_answered_whole_through_every_vendor(bedrock_through, model):
    answer = bedrock_through.converse(modelId=model, messages=HELLO, inferenceConfig=COLD)
    assert answer["output"]["message"]["content"][0]["text"].strip()
    assert answer["stopReason"] in ("max_tokens", "end_turn")
    assert 0 < answer["usage"]["outputTokens"] <= 12


@pytest.mark.parametrize("model", FAR)
def test_boto3_is_streamed_to_through_every_vendor(bedrock_through, model):
    asked = bedrock_through.converse_stream(modelId=model, messages=HELLO, inferenceConfig=COLD)
    events = list(asked["stream"])
    assert said(events).strip()
    assert len([event for event in events if "contentBlockDelta" in event]) > 1, "it comes in pieces"
    assert [event for event in events if "messageStop" in event]
    assert events[-1]["metadata"]["usage"]["outputTokens"] > 0


@pytest.mark.parametrize("model", FAR)
def test_the_other_clients_are_answered_by_the_same_models(front, model):
    with openai.OpenAI(base_url=f"{front.url}/v1", api_key="unused", max_retries=0, timeout=120) as client:
        hello = [{"role": "user", "content": "Say hello."}]
        answer = client.chat.completions.create(model=model, messages=hello, max_tokens=8, temperature=0)
        assert answer.choices[0].message.content.strip()
    with anthropic.Anthropic(base_url=front.url, api_key="unused", max_retries=0, timeout=120) as client:
        with client.messages.stream(model=model, messages=hello, max_tokens=8) as stream:
            assert "".join(stream.text_stream).strip()
            assert stream.get_final_message().usage.output_tokens > 0


def test_a_priced_model_says_what_it_cost_and_another_that_it_has_no_price(front):
    hello = {"messages": [{"role": "user", "content": "Hello."}], "max_tokens": 4, "temperature": 0}
    with front.http() as http:
        priced = http.post("/v1/chat/completions", json={"model": "far-invoke", **hello})
        assert priced.status_code == 200, priced.text
        usage = priced.json()["usage"]
        cached = usage["prompt_tokens_details"]["cached_tokens"]
        least = ((usage["prompt_tokens"] - cached) * 0.25 + usage["completion_tokens"] * 1.25) / 1e6
        assert float(priced.headers["x-busbar-cost-usd"]) >= least * 0.999 > 0
        unpriced = http.post("/v1/chat/completions", json={"model": "far-endpoint", **hello})
        assert unpriced.headers["x-busbar-cost-usd"] == "unpriced"
        assert unpriced.json()["busbar"]["cost_usd"] is None


def test_a_refusal_goes_all_the_way_through(bedrock_through):
    too_long = [{"role": "user", "content": [{"text": "word " * 4000}]}]
    with pytest.raises(bedrock_through.exceptions.ValidationException) as refused:
        bedrock_through.converse(modelId="far-converse", messages=too_long, inferenceConfig=COLD)
    assert "context window" in str(refused.value)


def test_a_body_of_the_models_own_passes_as_it_is(front, bedrock_through):
    body = {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 8,
        "temperature": 0,
        "messages": [{"role": "user", "content": "Say hello."}],
    }
    answer = bedrock_through.invoke_model(modelId="far-invoke", body=json.dumps(body))
    answer = json.loads(answer["body"].read())
    assert answer["type"] == "message" and answer["content"][0]["text"].strip()


@pytest.mark.parametrize("model", FAR)
def test_a_client_that_leaves_frees_the_model_behind(back, bedrock_through, model):
    long = {"maxTokens": 1500, "temperature": 0.0}
    stream = bedrock_through.converse_stream(modelId=model, messages=LONG, inferenceConfig=long)["stream"]
    for event in stream:
        if "contentBlockDelta" in event:
            break
    assert back.count("busbar_engine_slots_busy") == 1
    stream.close()
    back.eventually("busbar_engine_slots_busy", 0)


def test_a_host_that_is_gone_is_said_so_in_the_clients_own_words(back, front):
    dead = f"[server]\n{providers('http://127.0.0.1:9')}"
    with Server(dead) as lonely:
        client = boto3.client("bedrock-runtime", endpoint_url=lonely.url)
        with pytest.raises(client.exceptions.ClientError) as refused:
            client.converse(modelId="far-converse", messages=HELLO, inferenceConfig=COLD)
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] >= 424
