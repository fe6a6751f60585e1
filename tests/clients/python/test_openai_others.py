"""The official Python client asks for continued texts, embeddings and models."""

import math

import openai
import pytest

from answers import ENDLESS
from busbar_server import MODEL


def test_a_text_is_continued_whole_and_streamed(client):
    asked = {"model": MODEL, "prompt": "Once upon a time", "max_tokens": 6, "seed": 3, "logit_bias": ENDLESS}
    whole = client.completions.create(**asked)
    assert whole.choices[0].text and whole.choices[0].finish_reason == "length"
    assert whole.usage.completion_tokens == 6
    chunks = list(client.completions.create(**asked, stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == whole.choices[0].text


def test_embeddings_come_in_the_clients_own_encoding_and_mean_the_same_in_numbers(client):
    words = ["a boat in the harbour", "a ship at the quay"]
    # Asked for nothing else, this client asks for base64 and decodes it.
    packed = client.embeddings.create(model=MODEL, input=words)
    plain = client.embeddings.create(model=MODEL, input=words, encoding_format="float")
    assert [each.index for each in packed.data] == [0, 1] and packed.usage.prompt_tokens > 2
    for one, other in zip(packed.data, plain.data, strict=True):
        assert len(one.embedding) == 576
        assert math.isclose(math.hypot(*one.embedding), 1, abs_tol=1e-3)
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)


def test_like_texts_lie_nearer_than_unlike_ones(client):
    words = ["a boat in the harbour", "a ship in the harbour", "def parse(tokens): return None"]
    boat, ship, code = (each.embedding for each in client.embeddings.create(model=MODEL, input=words).data)
    assert dot(boat, ship) > dot(boat, code)


def test_models_are_listed_and_described(client):
    assert MODEL in [model.id for model in client.models.list()]
    assert client.models.retrieve(MODEL).id == MODEL


def test_an_unknown_model_is_not_found_and_the_known_ones_are_named(client):
    messages = [{"role": "user", "content": "hello"}]
    with pytest.raises(openai.NotFoundError) as missing:
        client.chat.completions.create(model="gpt-nothing", messages=messages)
    assert missing.value.code == "model_not_found" and MODEL in missing.value.message
    with pytest.raises(openai.NotFoundError) as missing:
        client.models.retrieve("gpt-nothing")
    assert MODEL in missing.value.message


def test_a_field_out_of_range_is_named(client):
    messages = [{"role": "user", "content": "hello"}]
    for field, value in {"temperature": 9, "top_p": -1, "n": 9, "max_tokens": -5, "logprobs": "maybe"}.items():
        with pytest.raises(openai.BadRequestError) as refused:
            client.chat.completions.create(model=MODEL, messages=messages, **{field: value})
        assert refused.value.param == field, refused.value
        assert refused.value.type == "invalid_request_error"


def test_a_prompt_beyond_the_window_is_refused_with_both_counts(client):
    messages = [{"role": "user", "content": "harbour " * 2500}]
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model=MODEL, messages=messages, max_tokens=5)
    assert refused.value.code == "context_length_exceeded" and refused.value.param == "messages"
    counts = [int(word) for word in refused.value.message.replace(",", " ").split() if word.isdigit()]
    assert 2048 in counts and max(counts) > 2500, refused.value.message


def test_an_answer_carries_its_metrics_and_its_request_id(client):
    messages = [{"role": "user", "content": "hello"}]
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL, messages=messages, max_tokens=4, logit_bias=ENDLESS, extra_headers={"x-request-id": "mine-1"}
    )
    answer = raw.parse()
    assert raw.headers["x-request-id"] == "mine-1" and answer._request_id == "mine-1"
    assert raw.headers["x-busbar-model"] == MODEL
    assert int(raw.headers["x-busbar-tokens-out"]) == answer.usage.completion_tokens == 4
    assert int(raw.headers["x-busbar-tokens-in"]) == answer.usage.prompt_tokens
    assert 0 < float(raw.headers["x-busbar-first-chunk-ms"]) <= float(raw.headers["x-busbar-total-ms"])
    assert float(raw.headers["x-busbar-tokens-per-second"]) > 0
    # The client keeps fields that it does not know.
    assert answer.busbar["tokens_out"] == 4


def test_an_error_carries_a_request_id(client):
    with pytest.raises(openai.NotFoundError) as missing:
        client.models.retrieve("gpt-nothing")
    assert missing.value.request_id


def dot(one, other):
    return sum(a * b for a, b in zip(one, other, strict=True))
