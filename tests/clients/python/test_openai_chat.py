"""The official Python client asks for chat completions."""

import asyncio
import json

import openai
import pytest
from pydantic import BaseModel

from answers import ENDLESS
from busbar_server import MODEL

HELLO = [{"role": "user", "content": "Say hello to the harbour."}]


def ask(client, **more):
    return client.chat.completions.create(**{"model": MODEL, "messages": HELLO, "max_tokens": 12, "seed": 5, **more})


def text_of(stream):
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def test_an_answer_has_its_text_its_end_and_its_usage(client):
    answer = ask(client, logit_bias=ENDLESS)
    assert answer.model == MODEL and answer.id.startswith("chatcmpl-")
    assert answer.choices[0].message.role == "assistant" and answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 12
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + 12


def test_the_same_seed_writes_the_same_text_again_and_streamed(client):
    once, twice = ask(client), ask(client)
    assert once.choices[0].message.content == twice.choices[0].message.content
    assert text_of(ask(client, stream=True)) == once.choices[0].message.content


def test_several_answers_come_side_by_side_and_are_each_their_seeds_own(client):
    answer = ask(client, n=3, temperature=1.5)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    alone = [ask(client, seed=5 + index, temperature=1.5) for index in range(3)]
    assert [choice.message.content for choice in answer.choices] == [one.choices[0].message.content for one in alone]
    # The prompt counts once.
    assert answer.usage.prompt_tokens == alone[0].usage.prompt_tokens
    assert answer.usage.completion_tokens == sum(one.usage.completion_tokens for one in alone)
    streamed = ["", "", ""]
    for chunk in ask(client, n=3, temperature=1.5, stream=True):
        for choice in chunk.choices:
            streamed[choice.index] += choice.delta.content or ""
    assert streamed == [choice.message.content for choice in answer.choices]


def test_another_seed_writes_another_text(client):
    texts = {ask(client, seed=seed, temperature=1.5).choices[0].message.content for seed in range(3)}
    assert len(texts) > 1


def test_a_stream_ends_with_its_usage_if_it_is_asked_for(client):
    chunks = list(ask(client, stream=True, stream_options={"include_usage": True}, logit_bias=ENDLESS))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks[:-1]][-1] == "length"
    assert chunks[-1].choices == [] and chunks[-1].usage.completion_tokens == 12
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_a_stream_has_no_usage_otherwise(client):
    assert all(chunk.choices for chunk in ask(client, stream=True))


def test_an_answer_ends_before_a_stop_string_whole_and_streamed(client):
    whole = ask(client).choices[0].message.content
    stop = whole[len(whole) // 2 :][:4]
    before = whole.split(stop)[0]
    stopped = ask(client, stop=[stop, "never written"]).choices[0]
    assert (stopped.message.content, stopped.finish_reason) == (before, "stop")
    assert text_of(ask(client, stream=True, stop=stop)) == before


def test_logprobs_tell_of_every_token(client):
    choice = ask(client, logprobs=True, top_logprobs=3, temperature=0, max_tokens=4).choices[0]
    told = choice.logprobs.content
    assert "".join(token.token for token in told) == choice.message.content
    for token in told:
        assert token.logprob <= 0 and len(token.top_logprobs) == 3
        # Without temperature the likeliest is taken.
        assert token.top_logprobs[0].token == token.token
        assert bytes(token.bytes).decode() == token.token


def test_an_answer_keeps_to_a_json_schema(client):
    schema = {
        "type": "object",
        "properties": {"colour": {"enum": ["red", "blue"]}, "warm": {"type": "boolean"}},
        "required": ["colour", "warm"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "json_schema": {"name": "paint", "schema": schema, "strict": True}}
    read = json.loads(ask(client, response_format=form, max_tokens=80).choices[0].message.content)
    assert set(read) == {"colour", "warm"}
    assert read["colour"] in ("red", "blue") and isinstance(read["warm"], bool)


def test_the_clients_own_classes_describe_an_answer(client):
    class Choice(BaseModel):
        agreed: bool

    parsed = client.chat.completions.parse(model=MODEL, messages=HELLO, response_format=Choice, max_tokens=60, seed=5)
    assert isinstance(parsed.choices[0].message.parsed, Choice)


def test_max_completion_tokens_means_what_max_tokens_meant(client):
    answer = ask(client, max_tokens=openai.NOT_GIVEN, max_completion_tokens=3, logit_bias=ENDLESS)
    assert answer.usage.completion_tokens == 3


def test_a_developer_is_heard_as_the_system_is(client):
    def prompted(role):
        answer = ask(client, messages=[{"role": role, "content": "Be brief."}, *HELLO])
        return answer.choices[0].message.content, answer.usage.prompt_tokens

    assert prompted("developer") == prompted("system")


def test_a_message_may_come_in_parts(client):
    parts = [{"type": "text", "text": "Say hello "}, {"type": "text", "text": "to the harbour."}]
    answer = ask(client, messages=[{"role": "user", "content": parts}])
    assert answer.usage.prompt_tokens >= ask(client).usage.prompt_tokens


def test_a_model_without_tools_says_so(client):
    tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
    with pytest.raises(openai.BadRequestError) as refused:
        ask(client, tools=[tool])
    assert refused.value.param == "tools"
    assert MODEL in refused.value.message
    assert ask(client, tools=[tool], tool_choice="none").choices[0].message.content


def test_a_conversation_finds_its_beginning_computed(client):
    # With a seed, beginnings are found in pieces that are longer than this.
    first = ask(client, seed=None)
    said = {"role": "assistant", "content": first.choices[0].message.content}
    second = ask(client, seed=None, messages=[*HELLO, said, {"role": "user", "content": "Again."}])
    assert second.usage.prompt_tokens_details.cached_tokens > 0
    assert second.usage.prompt_tokens > first.usage.prompt_tokens


def test_a_stream_given_up_frees_the_engine(client, server):
    before = server.count("busbar_engine_requests_cancelled_total")
    with ask(client, stream=True, max_tokens=1500, logit_bias=ENDLESS) as stream:
        read = [next(stream) for _ in range(3)]
    assert len(read) == 3
    server.eventually("busbar_engine_requests_cancelled_total", before + 1)
    server.eventually("busbar_engine_slots_busy", 0)
    written = server.count("busbar_engine_output_tokens_total")
    ask(client, max_tokens=2, logit_bias=ENDLESS)
    assert server.count("busbar_engine_output_tokens_total") == written + 2


def test_eight_ask_at_once(server, client):
    async def all_of_them():
        async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="unused", max_retries=0) as many:
            return await asyncio.gather(*(ask(many, seed=seed, max_tokens=6) for seed in range(8)))

    answers = asyncio.run(all_of_them())
    assert len({answer.id for answer in answers}) == 8
    alone = ask(client, seed=3, max_tokens=6)
    assert answers[3].choices[0].message.content == alone.choices[0].message.content
