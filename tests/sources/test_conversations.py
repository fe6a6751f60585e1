"""Messages of one WebSocket connection, answered by two instances of a function that share a table: one can stop
what the other is at, before its model has said a word and after."""

import json
import threading
from http.server import BaseHTTPRequestHandler

import pytest
from amazon import Amazon
from lambda_service import Function, websocket
from scripted_host import Host
from test_function import ours

from places import LONG
from stores import Stores

CONNECTION = "Kx1yzcXXoAMCJ2g="


class Thinker(Host):
    """A host of models that says as many words as it was told, and then thinks until nobody waits any more."""

    def __init__(self):
        self.words = 0
        self.asked = threading.Semaphore(0)
        self.left = threading.Semaphore(0)
        host = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                if host.words:
                    self.send_response(200)
                    self.send_header("content-type", "text/event-stream")
                    self.send_header("transfer-encoding", "chunked")
                    self.end_headers()
                for _ in range(host.words):
                    delta = {"index": 0, "delta": {"role": "assistant", "content": "hm "}, "finish_reason": None}
                    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [delta]}
                    event = f"data: {json.dumps(chunk)}\n\n".encode()
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
                    self.wfile.flush()
                host.asked.release()
                # Comes to an end only when whoever asked hangs up.
                try:
                    self.connection.recv(1)
                except OSError:
                    pass
                host.left.release()
                self.close_connection = True

            def log_message(self, *_):
                pass

        super().__init__(Handler)
        self.url += "/v1"


def configuration(host, stores, amazon):
    settings = "\n".join(f'{name} = "{value}"' for name, value in stores.settings().items())
    return (
        f'[storage]\n{settings}\n[lambda]\nconnections = "{amazon.url}"\n'
        f'[[providers]]\nname = "far"\nkind = "openai-compatible"\nendpoint = "{host.url}"\n'
        'models = [{ id = "m", upstream = "m" }]\n'
    )


@pytest.fixture(scope="module")
def host():
    with Thinker() as thinking:
        yield thinking


@pytest.fixture(scope="module")
def amazon(aws):
    with Amazon() as services:
        yield services


@pytest.fixture(scope="module")
def stores(aws):
    return Stores(aws)


@pytest.fixture(scope="module")
def works(host, stores, amazon):
    with Function(configuration(host, stores, amazon), more=ours()) as function:
        yield function


@pytest.fixture(scope="module")
def other(host, stores, amazon):
    """Another instance, which has nothing in common with the first but the table."""
    with Function(configuration(host, stores, amazon), more=ours()) as function:
        yield function


@pytest.fixture
def connected(other, stores):
    assert other.call(websocket("CONNECT", "$connect")).whole().status == 200
    yield
    assert other.call(websocket("DISCONNECT", "$disconnect")).whole().status == 200
    assert stores.items() == []


def sends(function, frame, at):
    event = websocket("MESSAGE", "$default", json.dumps(frame))
    event["requestContext"]["requestTimeEpoch"] = at
    return function.call(event)


def asks(function, at=1773342240000):
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "What is it all about?"}]}
    return sends(function, {"type": "chat", "id": "a", "body": body}, at)


def running(stores):
    notes = [json.loads(item["text"]["S"]) for item in stores.items()]
    return [name for note in notes for name in note["requests"]]


@pytest.mark.parametrize("words", [0, 2])
def test_a_cancel_that_another_instance_hears_stops_the_model(connected, works, other, host, amazon, stores, words):
    host.words = words
    amazon.posts.clear()
    asked = asks(works)
    assert host.asked.acquire(timeout=LONG)
    assert running(stores) == ["a"]
    if words:
        amazon.wait_for(1 + words)
    assert sends(other, {"type": "cancel", "id": "a"}, 1773342241000).whole().status == 200
    assert host.left.acquire(timeout=LONG), "whoever asked the model has hung up"
    assert asked.whole().status == 200
    last = amazon.posts[-1][1]
    assert (last["type"], last["id"], last["finish_reason"]) == ("done", "a", "cancelled")
    assert running(stores) == []


@pytest.mark.parametrize("words", [0, 2])
def test_a_connection_that_ends_stops_the_model(works, other, host, amazon, stores, words):
    host.words = words
    assert other.call(websocket("CONNECT", "$connect")).whole().status == 200
    asked = asks(works)
    assert host.asked.acquire(timeout=LONG)
    amazon.gone.add(CONNECTION)
    try:
        assert other.call(websocket("DISCONNECT", "$disconnect")).whole().status == 200
        assert host.left.acquire(timeout=LONG)
        assert asked.whole().status == 200
    finally:
        amazon.gone.clear()
    assert stores.items() == []


def test_a_cancel_that_comes_before_what_it_is_for_is_heeded(connected, works, other, host, amazon):
    amazon.posts.clear()
    assert sends(other, {"type": "cancel", "id": "a"}, 1773342251000).whole().status == 200
    assert asks(works, at=1773342250000).whole().status == 200
    assert [frame["finish_reason"] for _, frame in amazon.posts] == ["cancelled"]
    # What is asked for later under the same name is not meant.
    host.words = 0
    while host.asked.acquire(blocking=False):
        pass
    while host.left.acquire(blocking=False):
        pass
    asked = asks(works, at=1773342260000)
    assert host.asked.acquire(timeout=LONG)
    sends(other, {"type": "cancel", "id": "a"}, 1773342261000).whole()
    assert asked.whole().status == 200


def test_whoever_was_not_noted_is_told_to_connect_again(works, amazon):
    amazon.posts.clear()
    assert asks(works).whole().status == 200
    assert [frame["error"]["code"] for _, frame in amazon.posts] == ["connection_unknown"]


def test_what_is_noted_of_a_connection_ends_by_itself(connected, stores):
    item = stores.items()[0]
    assert (item["pk"]["S"], item["sk"]["S"]) == (f"connection#{CONNECTION}", "connection")
    assert int(item["ttl"]["N"]) == json.loads(item["text"]["S"])["until"] // 1000
