"""boto3 speaks InvokeModel: bodies that each family of models takes by itself, answered by a local model."""

import json
import math

import pytest

from answers import chunks_of
from busbar_server import MODEL

WORDS = "Say hello to the harbour."
CLAUDE = "anthropic.claude-3-haiku-20240307-v1:0"
LLAMA_TURN = (
    "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n"
    f"{WORDS}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
)


def claude(**more):
    turns = [{"role": "user", "content": [{"type": "text", "text": WORDS}]}]
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 12, "temperature": 0, "messages": turns}
    return {**body, **more}


def nova(**more):
    turns = [{"role": "user", "content": [{"text": WORDS}]}]
    room = {"maxTokens": 12, "temperature": 0}
    return {"schemaVersion": "messages-v1", "messages": turns, "inferenceConfig": room, **more}


# A family: its model, its body, where a whole answer has its text, where a chunk of it has.
FAMILIES = {
    "claude": (
        CLAUDE,
        claude(),
        lambda whole: whole["content"][0]["text"],
        lambda chunk: chunk["delta"].get("text", "") if chunk["type"] == "content_block_delta" else "",
    ),
    "nova": (
        "amazon.nova-lite-v1:0",
        nova(),
        lambda whole: whole["output"]["message"]["content"][0]["text"],
        lambda chunk: chunk.get("contentBlockDelta", {}).get("delta", {}).get("text", ""),
    ),
    "titan": (
        "amazon.titan-text-express-v1",
        {"inputText": WORDS, "textGenerationConfig": {"maxTokenCount": 12, "temperature": 0}},
        lambda whole: whole["results"][0]["outputText"],
        lambda chunk: chunk["outputText"],
    ),
    "llama": (
        "meta.llama3-8b-instruct-v1:0",
        {"prompt": LLAMA_TURN, "max_gen_len": 12, "temperature": 0},
        lambda whole: whole["generation"],
        lambda chunk: chunk["generation"],
    ),
    "mistral": (
        "mistral.mistral-7b-instruct-v0:2",
        {"prompt": f"<s>[INST] {WORDS} [/INST]", "max_tokens": 12, "temperature": 0},
        lambda whole: whole["outputs"][0]["text"],
        lambda chunk: chunk["outputs"][0]["text"],
    ),
    "mistral, a conversation": (
        "mistral.mistral-large-2402-v1:0",
        {"messages": [{"role": "user", "content": WORDS}], "max_tokens": 12, "temperature": 0},
        lambda whole: whole["choices"][0]["message"]["content"],
        lambda chunk: chunk["choices"][0]["message"]["content"],
    ),
    "cohere": (
        "cohere.command-r-plus-v1:0",
        {"message": WORDS, "max_tokens": 12, "temperature": 0},
        lambda whole: whole["text"],
        lambda chunk: chunk["text"] if chunk["event_type"] == "text-generation" else "",
    ),
}


def invoke(bedrock, model, body):
    answer = bedrock.invoke_model(modelId=model, body=json.dumps(body))
    return json.loads(answer["body"].read()), answer


@pytest.fixture(params=FAMILIES, ids=FAMILIES)
def family(request):
    return FAMILIES[request.param]


def test_a_family_is_answered_in_its_own_format(bedrock, family):
    model, body, text, _ = family
    whole, answer = invoke(bedrock, model, body)
    assert text(whole)
    assert answer["contentType"] == "application/json"
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    # What was found computed is counted apart.
    found = int(headers.get("x-amzn-bedrock-cache-read-input-token-count", 0))
    assert int(headers["x-amzn-bedrock-input-token-count"]) + found > 5
    assert 0 < int(headers["x-amzn-bedrock-output-token-count"]) <= 12


def test_a_family_is_streamed_in_its_own_format(bedrock, family):
    model, body, text, piece = family
    chunks = chunks_of(bedrock.invoke_model_with_response_stream(modelId=model, body=json.dumps(body))["body"])
    whole, _ = invoke(bedrock, model, body)
    assert len([chunk for chunk in chunks if piece(chunk)]) > 1
    assert "".join(map(piece, chunks)) == text(whole)
    # The last one tells what it took.
    metrics = chunks[-1]["amazon-bedrock-invocationMetrics"]
    assert metrics["inputTokenCount"] + metrics.get("cacheReadInputTokenCount", 0) > 5
    assert 0 < metrics["outputTokenCount"] <= 12


def test_all_families_say_the_same_to_the_same_words(bedrock):
    texts = {name: text(invoke(bedrock, model, body)[0]) for name, (model, body, text, _) in FAMILIES.items()}
    assert len({text.strip() for text in texts.values()}) == 1, texts


def test_claudes_answers_tell_what_it_read_and_why_it_ended(bedrock):
    whole, _ = invoke(bedrock, CLAUDE, claude())
    assert whole["type"] == "message" and whole["role"] == "assistant"
    assert whole["stop_reason"] in ("end_turn", "max_tokens")
    usage = whole["usage"]
    assert usage["input_tokens"] + usage["cache_read_input_tokens"] > 5 and usage["output_tokens"] <= 12


def test_an_arn_that_tells_no_family_is_read_by_its_body(bedrock):
    arn = "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abc123def456"
    whole, _ = invoke(bedrock, arn, claude())
    assert whole["content"][0]["text"] == invoke(bedrock, CLAUDE, claude())[0]["content"][0]["text"]


def test_titan_embeddings_are_vectors_of_unit_length(bedrock):
    whole, _ = invoke(bedrock, "amazon.titan-embed-text-v2:0", {"inputText": "a boat in the harbour"})
    assert len(whole["embedding"]) == 576 and whole["inputTextTokenCount"] > 2
    assert math.isclose(math.hypot(*whole["embedding"]), 1, abs_tol=1e-3)


def test_a_stream_that_is_closed_in_the_middle_frees_the_engine(server, bedrock):
    cancelled = server.count("busbar_engine_requests_cancelled_total")
    # A text to be continued rather than a conversation: there is no turn to end.
    body = {"prompt": "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", "max_gen_len": 1500, "temperature": 0}
    stream = bedrock.invoke_model_with_response_stream(
        modelId="meta.llama3-8b-instruct-v1:0", body=json.dumps(body)
    )["body"]
    assert len([event for event, _ in zip(stream, range(4))]) == 4
    stream.close()
    server.eventually("busbar_engine_requests_cancelled_total", cancelled + 1)
    server.eventually("busbar_engine_slots_busy", 0)


def test_the_served_model_takes_any_familys_body_under_its_own_name(bedrock):
    whole, _ = invoke(bedrock, MODEL, claude())
    assert whole["content"][0]["text"]
