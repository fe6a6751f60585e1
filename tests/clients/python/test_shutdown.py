"""SIGTERM: what runs is finished, what is new is refused, and the next server takes the place."""

import json

import httpx2
from websockets.exceptions import ConnectionClosed

from answers import by_rest, chat, endless, events, piece
from busbar_server import Server, settings
from sockets import Socket, text

CHAT = "/v1/chat/completions"
TOML = settings(text="context = 1024")
RUNNING = endless(max_tokens=80)


def test_a_running_stream_is_finished_a_new_one_refused_and_the_server_leaves_well():
    with Server(TOML) as server, server.http() as http:
        greeting = by_rest(http, chat("hello"))
        whole = by_rest(http, RUNNING)
        socket = Socket(server)
        socket.send(type="chat", id="a", body=RUNNING)
        frames = [socket.next() for _ in range(3)]
        with http.stream("POST", CHAT, json={**RUNNING, "stream": True}) as answer:
            reading = events(answer)
            data = [next(reading)[2] for _ in range(3)]
            server.terminate()
            refused = asked_once_it_drains(server)
            data += [each for _, _, each in reading]
        frames += socket.until("done", "error")
        assert closed_with(socket) == 1001
        assert server.wait() == 0, server.log()

        assert refused.status_code == 503 and refused.json()["error"]["code"] == "draining"
        assert refused.headers["retry-after"]
        assert data.pop() == "[DONE]"
        assert "".join(piece(json.loads(each)) for each in data) == whole[0]
        assert (text(frames), frames[-1]["finish_reason"]) == whole

    with Server(TOML, port=server.port) as second, second.http() as http:
        assert by_rest(http, chat("hello")) == greeting
        second.terminate()
        assert second.wait() == 0


def asked_once_it_drains(server):
    """A new client's request; until the signal has arrived it would still be taken, so it is a wrong one."""
    while True:
        answer = httpx2.post(f"{server.url}{CHAT}", json=chat("hello", temperature=9), trust_env=False)
        if answer.status_code != 400:
            return answer


def closed_with(socket):
    try:
        socket.until("never")
    except ConnectionClosed as closed:
        return closed.rcvd.code
