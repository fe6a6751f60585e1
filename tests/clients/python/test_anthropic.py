"""The official client of Anthropic's Messages asks a local model; only its `base_url` says so."""

import base64

import anthropic
import pytest

from answers import PIXEL
from busbar_server import MODEL

HELLO = [{"role": "user", "content": "Say hello to the harbour."}]


def ask(claude, **more):
    return claude.messages.create(**asked(**more))


def asked(**more):
    # This client has no words of its own for how tokens are drawn any more.
    body = {"temperature": 0, **{name: more.pop(name) for name in ("temperature", "top_p") if name in more}}
    return {"model": MODEL, "max_tokens": 12, "messages": HELLO, "extra_body": body, **more}


def read_by(answer):
    """The prompt's tokens. Those that the model still knew from an earlier prompt are told apart."""
    return answer.usage.input_tokens + (answer.usage.cache_read_input_tokens or 0)


def text_of(message):
    return "".join(block.text for block in message.content)


def test_an_answer_has_its_text_its_end_and_its_usage(claude):
    answer = ask(claude)
    assert answer.type == "message" and answer.role == "assistant" and answer.id.startswith("msg_")
    assert text_of(answer) and answer.stop_reason in ("end_turn", "max_tokens")
    assert 0 < answer.usage.output_tokens <= 12 and read_by(answer) > 5
    assert answer._request_id


def test_a_model_goes_by_the_names_that_it_is_given(claude):
    assert text_of(ask(claude, model="claude-of-the-harbour")) == text_of(ask(claude))


def test_without_a_seed_the_coldest_answer_is_always_the_same(claude):
    assert len({text_of(ask(claude)) for _ in range(3)}) == 1


def test_a_stream_brings_the_same_text_and_ends_in_the_same_message(claude):
    whole = ask(claude)
    with claude.messages.stream(**asked()) as stream:
        pieces = list(stream.text_stream)
        final = stream.get_final_message()
    assert len(pieces) > 1 and "".join(pieces) == text_of(final) == text_of(whole)
    assert final.stop_reason == whole.stop_reason
    assert read_by(final) == read_by(whole)
    assert final.usage.output_tokens == whole.usage.output_tokens


def test_the_raw_events_come_in_their_order(claude):
    types = [event.type for event in ask(claude, stream=True) if event.type != "ping"]
    deltas = types.count("content_block_delta")
    assert deltas > 1
    assert types == [
        "message_start",
        "content_block_start",
        *["content_block_delta"] * deltas,
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]


def test_a_prompt_is_counted_as_it_is_then_read(claude):
    for more in ({}, {"system": "You are a lighthouse keeper."}, {"messages": [*HELLO, turn("Ahoy!"), *HELLO]}):
        body = {"model": MODEL, "messages": HELLO, **more}
        assert claude.messages.count_tokens(**body).input_tokens == read_by(ask(claude, **more))


def turn(words):
    return {"role": "assistant", "content": words}


def test_instructions_are_read_as_a_text_and_as_blocks(claude):
    words = "You are a lighthouse keeper."
    alone, text = ask(claude), ask(claude, system=words)
    blocks = ask(claude, system=[{"type": "text", "text": words, "cache_control": {"type": "ephemeral"}}])
    assert text_of(text) == text_of(blocks) and read_by(text) != read_by(alone)


def test_a_text_that_ends_the_answer_is_told(claude):
    whole = text_of(ask(claude))
    stop = whole.split()[1]
    answer = ask(claude, stop_sequences=["never written", stop])
    assert answer.stop_reason == "stop_sequence" and answer.stop_sequence == stop
    assert text_of(answer) == whole[: whole.index(stop)]


def test_an_unknown_model_is_not_found_and_the_known_ones_are_named(claude):
    with pytest.raises(anthropic.NotFoundError) as missing:
        ask(claude, model="gpt-nothing")
    assert missing.value.body["error"]["type"] == "not_found_error"
    assert MODEL in missing.value.message and missing.value.request_id


def test_what_is_wrong_is_a_bad_request_that_names_it(claude):
    for field, value in {"temperature": 1.5, "top_p": -1, "max_tokens": 0, "messages": []}.items():
        with pytest.raises(anthropic.BadRequestError) as refused:
            ask(claude, **{field: value})
        assert refused.value.body["error"]["type"] == "invalid_request_error"
        assert field in refused.value.message


def test_what_the_model_cannot_do_is_refused_whole_and_streamed(claude):
    tool = {"name": "weather", "description": "Of a place.", "input_schema": {"type": "object"}}
    source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(PIXEL).decode()}
    picture = [{"role": "user", "content": [{"type": "image", "source": source}]}]
    for more, why in (({"tools": [tool]}, "cannot call tools"), ({"messages": picture}, "takes no image")):
        for stream in (False, True):
            with pytest.raises(anthropic.BadRequestError, match=why):
                ask(claude, stream=stream, **more)


def test_a_prompt_beyond_the_window_is_refused_with_its_size(claude):
    with pytest.raises(anthropic.BadRequestError, match="2048"):
        ask(claude, messages=[{"role": "user", "content": "harbour " * 13_000}])


def test_a_stream_that_is_given_up_frees_the_engine(server, claude):
    cancelled = server.count("busbar_engine_requests_cancelled_total")
    words = "Go on: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20"
    with claude.messages.stream(**asked(max_tokens=1500, messages=[{"role": "user", "content": words}])) as stream:
        assert len([text for text, _ in zip(stream.text_stream, range(4))]) == 4
    server.eventually("busbar_engine_requests_cancelled_total", cancelled + 1)
    server.eventually("busbar_engine_slots_busy", 0)


def test_the_models_there_are_come_in_the_clients_own_shape(claude):
    listed = {model.id: model for model in claude.models.list()}
    assert listed[MODEL].type == "model" and listed[MODEL].display_name and listed[MODEL].created_at.year > 2000
    assert claude.models.retrieve(MODEL) == listed[MODEL]
    # What makes pictures is asked for in other formats.
    assert "emoji-diffusion" not in listed
