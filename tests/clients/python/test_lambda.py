"""The function on AWS Lambda, asked as API Gateway and function URLs ask it."""

import base64
import json
import os
import subprocess
import threading

import pytest

from lambda_service import Function, bootstrap, function_url, http_api, rest_api
from scripted_host import ScriptedHost

SAID = '{"sum":2}'
HELLO = {"model": "far", "messages": [{"role": "user", "content": "One and one?"}]}
GATEWAYS = [function_url, http_api, rest_api]


def configuration(host):
    """Nothing says where to listen, so it would be the loopback address, which answers to no other name."""
    return f"""
[[providers]]
name = "elsewhere"
kind = "openai"
endpoint = "{host.url}"
api_key = "unused"
[[providers.models]]
id = "far"
upstream = "m"
"""


def chat(gateway, **more):
    return gateway("POST", "/v1/chat/completions", json.dumps({**HELLO, **more}))


def deltas(sent):
    """What is said in the events of a stream."""
    sent = sent[: sent.rfind(b"\n\n") + 1].decode()
    lines = [line.removeprefix("data: ") for line in sent.splitlines() if line.startswith("data: ")]
    chunks = [json.loads(line) for line in lines if line != "[DONE]"]
    return "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])


@pytest.fixture(scope="module")
def host():
    with ScriptedHost() as scripted:
        yield scripted


@pytest.fixture(scope="module")
def function(host):
    with Function(configuration(host)) as running:
        yield running


@pytest.fixture(scope="module")
def streaming(host):
    with Function(configuration(host), answers="streamed") as running:
        yield running


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_it_is_ready_with_its_first_request_under_any_name(function, gateway):
    for path in ("/healthz", "/readyz"):
        answer = function.call(gateway("GET", path)).whole()
        assert answer.status == 200, answer.body
    # The gateway in front speaks HTTPS only.
    assert "strict-transport-security" in answer.headers


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_the_models_are_listed(function, gateway):
    answer = function.call(gateway("GET", "/v1/models", query="limit=5")).whole()
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert not answer.encoded
    # Built together with the whole workspace, the function has the engines of its neighbours too.
    assert "far" in [model["id"] for model in answer.json()["data"]]


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_chat_is_answered_whole(function, gateway):
    answer = function.call(chat(gateway)).whole()
    assert answer.status == 200, answer.body
    assert answer.json()["choices"][0]["message"]["content"] == SAID


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_body_in_base64_is_read(function, gateway):
    body = base64.b64encode(json.dumps(HELLO).encode()).decode()
    answer = function.call(gateway("POST", "/v1/chat/completions", body, encoded=True)).whole()
    assert answer.json()["choices"][0]["message"]["content"] == SAID


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_refusal_has_its_status_and_its_reason(function, gateway):
    unknown = function.call(chat(gateway, model="nobody")).whole()
    assert unknown.status == 404 and "nobody" in unknown.json()["error"]["message"]
    broken = function.call(gateway("POST", "/v1/chat/completions", "{")).whole()
    assert broken.status == 400 and broken.json()["error"]["message"]
    nowhere = function.call(gateway("GET", "/v1/nothing")).whole()
    assert nowhere.status == 404


def test_a_stream_that_is_asked_of_a_gateway_comes_whole(function):
    answer = function.call(chat(http_api, stream=True)).whole()
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert not answer.encoded
    assert deltas(answer.body) == SAID


def test_what_is_no_text_goes_through_a_gateway_in_base64(function):
    body = json.dumps({"messages": [{"role": "user", "content": [{"text": "One and one?"}]}]})
    answer = function.call(http_api("POST", "/model/far/converse-stream", body)).whole()
    assert (answer.status, answer.encoded) == (200, True)
    assert answer.headers["content-type"] == "application/vnd.amazon.eventstream"
    assert b"messageStop" in answer.body


def test_a_streamed_answer_comes_word_by_word_while_its_model_still_speaks():
    go_on = threading.Semaphore(0)
    with ScriptedHost(held=go_on) as slow, Function(configuration(slow), answers="streamed") as function:
        invocation = function.call(chat(function_url, stream=True))
        head = invocation.head()
        assert head["statusCode"] == 200
        assert head["headers"]["content-type"].startswith("text/event-stream")
        pieces = invocation.pieces()
        read = b""
        for length in range(1, len(SAID) + 1):
            while len(deltas(read)) < length:
                read += next(pieces)
            assert deltas(read) == SAID[:length], "the model has said no more than this"
            go_on.release()
        go_on.release(10)
        read += b"".join(pieces)
        assert deltas(read) == SAID
        assert read.endswith(b"data: [DONE]\n\n")


def test_a_streamed_function_answers_everything_else_too(streaming):
    invocation = streaming.call(chat(function_url))
    assert invocation.head()["statusCode"] == 200
    assert json.loads(b"".join(invocation.pieces()))["choices"][0]["message"]["content"] == SAID
    refused = streaming.call(chat(function_url, model="nobody", stream=True))
    assert refused.head()["statusCode"] == 404
    assert "nobody" in json.loads(b"".join(refused.pieces()))["error"]["message"]


def test_an_event_that_is_no_request_fails_alone(host):
    with Function(configuration(host)) as function:
        strange = function.call({"Records": [{"messageId": "m", "body": "job"}]})
        assert list(strange.pieces()) == [] and strange.failure
        assert function.call(function_url("GET", "/healthz")).whole().status == 200


def test_it_ends_when_it_is_asked_to(host):
    with Function(configuration(host)) as function:
        function.call(function_url("GET", "/healthz")).whole()
        function.terminate()
        assert function.wait() == 0, function.log()


def test_a_wrong_configuration_is_said_at_once():
    with Function("", answers="slowly") as function:
        assert function.wait() == 1
        assert "lambda.answers" in function.log()


def test_on_a_machine_it_says_what_to_run_instead():
    without = {name: value for name, value in os.environ.items() if not name.startswith("AWS_LAMBDA_")}
    ended = subprocess.run([bootstrap()], env=without, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "busbar serve" in ended.stderr
