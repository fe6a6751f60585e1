"""The official Python client asks for responses."""

from typing import Literal

import openai
import pytest
from pydantic import BaseModel

from busbar_server import MODEL


class Paint(BaseModel):
    colour: Literal["red", "blue"]


def asked(**more):
    return {"model": MODEL, "input": "Say hello to the harbour.", "max_output_tokens": 16, "temperature": 0, **more}


def test_a_response_has_its_text_its_status_and_its_usage(client):
    answer = client.responses.create(**asked())
    assert answer.id.startswith("resp_") and answer.object == "response" and answer.model == MODEL
    assert answer.output_text and answer.output[0].role == "assistant"
    assert answer.status in ("completed", "incomplete")
    assert 0 < answer.usage.output_tokens <= 16
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens


def test_one_that_is_cut_short_says_why(client):
    answer = client.responses.create(**asked(input="Count from 1 to 1000, one number on each line."))
    assert answer.status == "incomplete" and answer.incomplete_details.reason == "max_output_tokens"


def test_the_raw_events_build_up_to_the_whole_response(client):
    whole = client.responses.create(**asked())
    events = list(client.responses.create(**asked(stream=True)))
    types = [event.type for event in events]
    assert types[0] == "response.created" and types[-1] in ("response.completed", "response.incomplete")
    assert [event.sequence_number for event in events] == list(range(len(events)))
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert len(deltas) > 1 and "".join(deltas) == whole.output_text == events[-1].response.output_text
    assert events[-1].response.usage.output_tokens == whole.usage.output_tokens


def test_the_clients_own_gathering_of_a_stream_gives_the_whole_response(client):
    # It gathers only what comes to its own end.
    whole = client.responses.create(**asked(max_output_tokens=800))
    assert whole.status == "completed"
    with client.responses.stream(**asked(max_output_tokens=800)) as stream:
        for _ in stream:
            pass
        gathered = stream.get_final_response()
    assert gathered.output_text == whole.output_text


def test_a_response_keeps_to_a_type_whole_and_streamed(client):
    answer = client.responses.parse(**asked(max_output_tokens=60, text_format=Paint))
    assert answer.output_parsed.colour in ("red", "blue")
    with client.responses.stream(**asked(max_output_tokens=60, text_format=Paint)) as stream:
        for _ in stream:
            pass
        assert stream.get_final_response().output_parsed == answer.output_parsed


def test_instructions_and_earlier_turns_are_read(client):
    alone = client.responses.create(**asked())
    told = client.responses.create(**asked(instructions="You are a lighthouse keeper."))
    turns = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "Ahoy!"},
        {"role": "user", "content": [{"type": "input_text", "text": "Say hello to the harbour."}]},
    ]
    talked = client.responses.create(**asked(input=turns))
    assert told.usage.input_tokens != alone.usage.input_tokens < talked.usage.input_tokens


def test_what_is_wrong_or_not_to_be_had_is_a_bad_request_that_names_it(client):
    tool = {"type": "function", "name": "weather", "parameters": {"type": "object"}, "strict": False}
    for field, value in {"temperature": 9, "tools": [tool], "previous_response_id": "resp_1"}.items():
        for stream in (False, True):
            with pytest.raises(openai.BadRequestError) as refused:
                client.responses.create(**asked(stream=stream, **{field: value}))
            assert refused.value.param == field, refused.value
    with pytest.raises(openai.NotFoundError) as missing:
        client.responses.create(**asked(model="gpt-nothing"))
    assert missing.value.code == "model_not_found"


def test_a_stream_that_is_closed_in_the_middle_frees_the_engine(server, client):
    cancelled = server.count("busbar_engine_requests_cancelled_total")
    words = "Go on: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20"
    with client.responses.create(**asked(input=words, max_output_tokens=1500, stream=True)) as stream:
        assert len([event for event, _ in zip(stream, range(8))]) == 8
    server.eventually("busbar_engine_requests_cancelled_total", cancelled + 1)
    server.eventually("busbar_engine_slots_busy", 0)
