"""A host of models elsewhere that fails and comes back at random.

It speaks OpenAI's chat format, whole and as server-sent events. Its answer to "Count 20 for 417." is
"417.0a 417.1a … 417.19a", with its own letter on every word: whoever reads it knows which host wrote
each word, whether one is missing or said twice, and whether the answer ended. Given the beginning of an
answer, it goes on from there, as models do: at once, or with what was said last once more.
"""

import asyncio
import contextlib
import json
import random
import re
import socket

ASKED = re.compile(r"Count (\d+) for (\d+)\.")
BAD = ["refuse", "throttle", "broken", "stall", "cut", "slow"]
USAGE = {"prompt_tokens": 8, "completion_tokens": 8, "total_tokens": 16}
# What is shorter Busbar takes for chance, and not for a repetition.
LEAST_REPEATED = 16
HELD_SECONDS = 5


def counted(words, number, letter):
    """The answer of one host. All hosts' answers are equal but for the letter."""
    return " ".join(f"{number}.{word}{letter}" for word in range(words))


def question(words, number):
    return f"Count {words} for {number}."


class Gone(Exception):
    """The connection is to end without a word."""


class FlakyHost:
    """A host with a letter, at an address that stays its own even while it refuses connections."""

    def __init__(self, letter, seed, good_seconds, bad_seconds):
        self.letter = letter
        # Two of them: how it fares is the same each time, however much it is asked.
        self.fate, self.dice = random.Random(f"{seed} {letter} fate"), random.Random(f"{seed} {letter}")
        self.good_seconds, self.bad_seconds = good_seconds, bad_seconds
        self.mode = "well"
        self.bag = []
        self.seen = dict.fromkeys(["well", *BAD], 0)
        self.switched = 0
        self.server = None
        self.writers = set()
        self.socket = bound(0)
        self.port = self.socket.getsockname()[1]

    def url(self):
        return f"http://127.0.0.1:{self.port}/v1"

    async def open(self):
        self.server = await asyncio.start_server(self.serve, sock=self.socket, backlog=512)

    async def close(self):
        if self.server:
            self.server.close()
            self.server = None
        for writer in list(self.writers):
            writer.transport.abort()

    async def live(self):
        """Well for a while, then bad in one way, then well again; every way has come before one comes again."""
        while True:
            await asyncio.sleep(self.fate.uniform(*self.good_seconds))
            if not self.bag:
                self.bag = self.fate.sample(BAD, len(BAD))
            await self.turn(self.bag.pop())
            await asyncio.sleep(self.fate.uniform(*self.bad_seconds))
            await self.turn("well")

    async def turn(self, mode):
        if mode == "refuse":
            await self.close()
            # Bound and not listening: connections are refused, and nobody else gets the port.
            self.socket = bound(self.port)
        elif self.server is None:
            await self.open()
        self.mode = mode
        self.switched += 1

    async def serve(self, reader, writer):
        self.writers.add(writer)
        try:
            while True:
                body = await request(reader)
                await self.answer(body, writer)
        except (Gone, OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # Cancelled: the run is over, and nothing is left to do but to go.
            writer.transport.abort()
        finally:
            self.writers.discard(writer)
            with contextlib.suppress(OSError):
                writer.close()

    async def answer(self, body, writer):
        mode = self.mode
        self.seen[mode] += 1
        if mode == "throttle":
            return await refusal(writer, "429 Too Many Requests", "rate_limit_error", "retry-after: 1\r\n")
        if mode == "broken":
            return await refusal(writer, "500 Internal Server Error", "api_error")
        if mode == "slow":
            await asyncio.sleep(0.6)
        said = self.rest_of(body["messages"])
        if body.get("stream"):
            return await self.stream(body, said, mode, writer)
        return await self.whole(said, mode, writer)

    def rest_of(self, messages):
        """What is left to say, after what of the answer stands there already."""
        words, number = ASKED.search(text_of(messages[0])).groups()
        said = counted(int(words), number, self.letter)
        given = [text_of(message) for message in messages if message["role"] == "assistant"]
        if not given:
            return said
        sent = given[-1]
        again = 0
        if messages[-1]["role"] == "user" and len(sent) > LEAST_REPEATED:
            again = self.dice.choice([0, self.dice.randint(LEAST_REPEATED, len(sent)), len(sent)])
        return sent[len(sent) - again :] + said[len(sent) :]

    async def whole(self, said, mode, writer):
        await asyncio.sleep(self.dice.uniform(0.02, 0.15))
        choice = {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
        common = {"id": "far-1", "object": "chat.completion", "created": 1, "model": "far"}
        body = json.dumps({**common, "choices": [choice], "usage": USAGE}).encode()
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        if mode in ("stall", "cut"):
            await write(writer, head.encode() + body[: self.dice.randrange(len(body))])
            await self.fail(mode)
        await write(writer, head.encode() + body)

    async def stream(self, body, said, mode, writer):
        head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        await write(writer, head.encode())
        pieces = [{"role": "assistant", "content": ""}, *({"content": piece} for piece in self.pieces(said))]
        ends_after = self.dice.randrange(len(pieces) + 1) if mode in ("stall", "cut") else None
        pace = 0.02 if mode == "slow" else self.dice.uniform(0.001, 0.01)
        for place, delta in enumerate(pieces):
            if place == ends_after:
                await self.fail(mode)
            await event(writer, [{"index": 0, "delta": delta, "finish_reason": None}])
            await asyncio.sleep(pace)
        if ends_after is not None:
            await self.fail(mode)
        await event(writer, [{"index": 0, "delta": {}, "finish_reason": "stop"}])
        if (body.get("stream_options") or {}).get("include_usage"):
            await event(writer, [], usage=USAGE)
        await write(writer, framed(b"data: [DONE]\n\n") + b"0\r\n\r\n")

    def pieces(self, said):
        while said:
            length = self.dice.randint(1, 16)
            yield said[:length]
            said = said[length:]

    async def fail(self, mode):
        if mode == "stall":
            await asyncio.sleep(HELD_SECONDS)
        raise Gone


def bound(port):
    """A socket that has an address, and does not listen yet."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    made.setblocking(False)
    return made


async def request(reader):
    """The body of the next request on a connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(re.search(r"content-length: *(\d+)", head).group(1))
    return json.loads(await reader.readexactly(length))


def text_of(message):
    content = message["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


async def refusal(writer, status, kind, more=""):
    body = json.dumps({"error": {"message": "not now", "type": kind, "param": None, "code": None}})
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{more}content-length: {len(body)}\r\n\r\n"
    await write(writer, (head + body).encode())


async def event(writer, choices, **more):
    common = {"id": "far-1", "object": "chat.completion.chunk", "created": 1, "model": "far"}
    data = json.dumps({**common, "choices": choices, **more})
    await write(writer, framed(f"data: {data}\n\n".encode()))


def framed(data):
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


async def write(writer, data):
    writer.write(data)
    await writer.drain()
