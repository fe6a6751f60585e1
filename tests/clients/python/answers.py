"""Bodies of requests, and what comes back, read from plain HTTP and from a WebSocket."""

import base64
import json

from busbar_server import MODEL

# The model's own ends of an answer: forbidden, it writes as long as it is let.
ENDLESS = {"0": -100, "2": -100}
# A picture of one red pixel.
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAA"
    "AADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)


def chat(words, **more):
    body = {"model": MODEL, "messages": [{"role": "user", "content": words}], "max_tokens": 8, "seed": 7}
    return {**body, **more}


def endless(words="Tell me a story.", **more):
    """One that is not at its end when a test stops it."""
    return chat(words, **{"max_tokens": 1500, "logit_bias": ENDLESS, **more})


def events(response):
    """The events of an SSE answer: (id, event, data), data as text; comments are left out."""
    fields = {}
    for line in response.iter_lines():
        if line == "":
            if "data" in fields:
                yield fields.get("id"), fields.get("event"), fields["data"]
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")


def piece(chunk):
    """The text that a chunk of an answer brings."""
    return "".join(choice["delta"].get("content") or "" for choice in chunk["choices"])


def by_rest(http, body):
    answer = http.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200, answer.text
    choice = answer.json()["choices"][0]
    return choice["message"]["content"], choice["finish_reason"]


def by_sse(http, body):
    with http.stream("POST", "/v1/chat/completions", json={**body, "stream": True}) as answer:
        assert answer.status_code == 200, answer.read()
        data = [data for _, _, data in events(answer)]
    assert data.pop() == "[DONE]"
    chunks = [json.loads(each) for each in data]
    ends = [choice["finish_reason"] for chunk in chunks for choice in chunk["choices"] if choice["finish_reason"]]
    assert len(ends) == 1
    return "".join(map(piece, chunks)), ends[0]


def chunks_of(stream):
    """The chunks of an AWS event stream that carries another format's JSON."""
    return [json.loads(event["chunk"]["bytes"]) for event in stream]
