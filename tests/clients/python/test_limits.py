"""What is too much, too late or not understood is refused as the protocol says, and leaves nothing behind."""

import contextlib
import signal
import subprocess
import sys
import threading

import openai
import pytest

from answers import by_rest, chat, endless, events
from busbar_server import MODEL, Server, settings

CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def narrow():
    """Room for one answer and for one that waits."""
    toml = settings(server='body_limit = "64 KiB"', text="context = 2048\nsequences = 1\nqueue = 1")
    with Server(toml) as running:
        yield running


@contextlib.contextmanager
def occupied(server):
    """The only slot writes, until the block ends."""
    with server.http() as http, http.stream("POST", CHAT, json=endless(stream=True)) as answer:
        reading = events(answer)
        # It has begun to write when the first text is there.
        for _ in range(3):
            next(reading)
        yield
    server.eventually("busbar_engine_slots_busy", 0)


def test_malformed_json_is_told_by_line_and_column(http):
    answer = http.post(CHAT, content='{\n  "model": oops\n}', headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert "line 2 column 1" in answer.json()["error"]["message"]
    assert answer.headers["x-request-id"]


def test_a_body_over_the_limit_is_refused(narrow):
    with narrow.http() as http:
        answer = http.post(CHAT, json=chat("x" * 100_000))
    assert answer.status_code == 413, answer.text
    assert "65536 bytes" in answer.json()["error"]["message"]


def test_a_full_queue_sends_away_and_says_when_to_come_back(narrow):
    waited = {}

    def wait_in_line():
        with narrow.http() as http:
            waited["answer"] = by_rest(http, chat("hello", max_tokens=3))

    with occupied(narrow):
        waiting = threading.Thread(target=wait_in_line)
        waiting.start()
        narrow.eventually("busbar_engine_queue_depth", 1)
        with narrow.http() as http:
            refused = http.post(CHAT, json=chat("hello"))
        client = openai.OpenAI(base_url=f"{narrow.url}/v1", api_key="unused", max_retries=0)
        with client, pytest.raises(openai.InternalServerError) as official:
            client.chat.completions.create(**chat("hello"))
    waiting.join(timeout=60)
    assert refused.status_code == official.value.status_code == 503
    assert int(refused.headers["retry-after"]) >= 1
    # Whoever was in line got its answer as soon as the slot was free.
    with narrow.http() as http:
        assert waited["answer"] == by_rest(http, chat("hello", max_tokens=3))


def test_a_deadline_that_passes_in_line_is_told(narrow):
    with occupied(narrow), narrow.http() as http:
        answer = http.post(CHAT, json=chat("hello"), headers={"x-busbar-timeout-ms": "200"})
    assert answer.status_code == 504, answer.text
    narrow.eventually("busbar_engine_queue_depth", 0)


def test_a_deadline_that_passes_while_it_is_written_stops_it(narrow):
    with narrow.http() as http:
        answer = http.post(CHAT, json=endless(), headers={"x-busbar-timeout-ms": "700"})
    assert answer.status_code == 504, answer.text
    assert answer.json()["error"]["message"]
    narrow.eventually("busbar_engine_slots_busy", 0)


def test_a_client_that_is_killed_frees_the_engine(narrow):
    cancelled = narrow.count("busbar_engine_requests_cancelled_total")
    asks = (
        "import openai, sys\n"
        f"client = openai.OpenAI(base_url='{narrow.url}/v1', api_key='unused')\n"
        f"for _ in client.chat.completions.create(**{endless(stream=True)!r}):\n"
        "    print('piece', flush=True)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", asks], stdout=subprocess.PIPE, text=True)
    with child:
        for _ in range(3):
            assert child.stdout.readline() == "piece\n"
        child.send_signal(signal.SIGKILL)
    narrow.eventually("busbar_engine_requests_cancelled_total", cancelled + 1)
    narrow.eventually("busbar_engine_slots_busy", 0)


def test_an_unknown_path_and_a_wrong_method_are_told(http):
    assert http.get("/v1/nothing").status_code == 404
    assert http.get(CHAT).status_code == 405
    assert MODEL in [model["id"] for model in http.get("/v1/models").json()["data"]]
