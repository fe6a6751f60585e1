"""A WebSocket client: many answers at once, one given up, one lost and found again."""

import json

import pytest

from answers import by_rest, by_sse, chat, endless, events, piece
from busbar_server import MODEL
from sockets import Socket, by_socket, numbers, text

# Long enough to be lost in the middle, and always of the same length.
LOST = endless("Tell me of the sea.", max_tokens=40)


def test_six_answers_run_side_by_side_and_none_is_mixed_up(server, http):
    bodies = {f"answer {n}": endless(f"Count from {n}.", max_tokens=10, seed=n) for n in range(6)}
    with Socket(server) as socket:
        for name, body in bodies.items():
            socket.send(type="chat", id=name, body=body)
        frames = socket.answers(6)
    assert len({each[0]["stream"] for each in frames.values()}) == 6
    for name, body in bodies.items():
        assert frames[name][0]["type"] == "started" and frames[name][0]["model"] == MODEL
        assert numbers(frames[name]) == list(range(1, len(frames[name])))
        assert (text(frames[name]), frames[name][-1]["finish_reason"]) == by_rest(http, body)
        assert frames[name][-1]["usage"]["completion_tokens"] == 10
        assert frames[name][-1]["metrics"]["tokens_out"] == 10


def test_answers_overlap_in_time(server):
    with Socket(server) as socket:
        for name in ("a", "b"):
            socket.send(type="chat", id=name, body=endless(max_tokens=24))
        order = [frame["id"] for frame in socket.until("done")]
    assert set(order) == {"a", "b"}


def test_one_answer_is_given_up_and_the_other_goes_on(server, http):
    kept = endless(max_tokens=12)
    with Socket(server) as socket:
        socket.send(type="chat", id="stopped", body=endless())
        socket.send(type="chat", id="kept", body=kept)
        seen = []
        while not any(frame["type"] == "chunk" and frame["id"] == "stopped" for frame in seen):
            seen.append(socket.next())
        socket.send(type="cancel", id="stopped")
        while sum(frame["type"] == "done" for frame in seen) < 2:
            seen.append(socket.next())
    ends = {frame["id"]: frame["finish_reason"] for frame in seen if frame["type"] == "done"}
    assert ends == {"stopped": "cancelled", "kept": "length"}
    assert text([frame for frame in seen if frame["id"] == "kept"]) == by_rest(http, kept)[0]
    server.eventually("busbar_engine_slots_busy", 0)


def test_a_ping_is_answered_while_an_answer_runs(server):
    with Socket(server) as socket:
        socket.send(type="chat", id="a", body=endless(max_tokens=10))
        socket.send(type="ping", at=12345)
        frames = socket.until("done")
    assert {"type": "pong", "at": 12345} in frames


def test_what_is_wrong_is_told_and_the_connection_stays(server):
    with Socket(server) as socket:
        socket.peer.send("this is no JSON")
        assert "id" not in socket.until("error")[-1]
        socket.send(type="chat", id="a", body=chat("hello", temperature=9))
        refused = socket.until("error")[-1]
        assert (refused["id"], refused["status"], refused["error"]["param"]) == ("a", 400, "temperature")
        socket.send(type="chat", id="a", body=chat("hello", model="gpt-nothing"))
        refused = socket.until("error")[-1]
        assert refused["status"] == 404 and MODEL in refused["error"]["message"]
        socket.send(type="chat", id="a", body=chat("hello", max_tokens=2))
        assert socket.until("done", "error")[-1]["type"] == "done"


def test_a_client_that_goes_away_stops_its_answers(server):
    cancelled = server.count("busbar_engine_requests_cancelled_total")
    socket = Socket(server)
    for name in ("a", "b"):
        socket.send(type="chat", id=name, body=endless())
    running = set()
    while running != {"a", "b"}:
        frame = socket.next()
        if frame["type"] == "chunk":
            running.add(frame["id"])
    socket.drop()
    server.eventually("busbar_engine_requests_cancelled_total", cancelled + 2)
    server.eventually("busbar_engine_slots_busy", 0)


def test_a_lost_answer_is_gone_on_with_where_it_was_lost(server, http):
    socket = Socket(server)
    socket.send(type="chat", id="first", body=LOST, resume=60)
    before = [socket.next() for _ in range(6)]
    socket.drop()
    with Socket(server) as again:
        again.send(type="resume", id="second", stream=before[0]["stream"], after=before[-1]["seq"])
        rest = again.until("done", "error")
    assert rest[0]["type"] == "started" and rest[0]["stream"] == before[0]["stream"]
    assert numbers(before + rest) == list(range(1, numbers(rest)[-1] + 1))
    assert (text(before) + text(rest), rest[-1]["finish_reason"]) == by_rest(http, LOST)


def test_a_lost_event_stream_is_gone_on_with_too(server, http):
    headers = {"x-busbar-resume": "60"}
    with http.stream("POST", "/v1/chat/completions", json={**LOST, "stream": True}, headers=headers) as answer:
        reading = events(answer)
        before = [next(reading) for _ in range(6)]
    last = before[-1][0]
    with http.stream("GET", f"/v1/streams/{last.split(':')[0]}", headers={"last-event-id": last}) as answer:
        assert answer.status_code == 200, answer.read()
        rest = list(events(answer))
    assert rest.pop()[2] == "[DONE]"
    assert [int(id.split(":")[1]) for id, _, _ in before + rest] == list(range(1, len(before + rest) + 1))
    assert "".join(piece(json.loads(data)) for _, _, data in before + rest) == by_rest(http, LOST)[0]


def test_a_stream_that_nobody_knows_is_not_found(server):
    with Socket(server) as socket:
        socket.send(type="resume", id="a", stream="chatcmpl-" + "0" * 32, after=0)
        refused = socket.until("error")[-1]
    assert (refused["status"], refused["error"]["code"]) == (404, "stream_not_found")


@pytest.mark.parametrize("seed", [1, 2])
def test_all_three_ways_give_one_text(server, http, seed):
    body = chat("What is a lighthouse for?", seed=seed, max_tokens=14, temperature=0.9)
    assert by_rest(http, body) == by_sse(http, body) == by_socket(server, body)
