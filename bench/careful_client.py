"""A client that asks for a counted answer (flaky_host.py) and believes nothing.

An answer is `whole`, `resumed` (whole, and announced that another host goes on), `static`, an `error` of
Busbar's with its type, or `lost`, which is none of these: cut short, said twice, mixed without a word,
without an end, or not there at all.
"""

import asyncio
import contextlib
import json
import re

from flaky_host import counted, question

# What a gateway may say that failed to get an answer from anybody. Anything else is a fault of its own.
EXPECTED = {429, 502, 503, 504}
LETTERS = re.compile(r"(?<=\d)[a-z]")


class Lost(Exception):
    """An answer that is not as it must be."""


class Asked:
    """One request: what it asks for, and what came of it."""

    def __init__(self, number, words, route, stream, static):
        self.number, self.words, self.route, self.stream, self.static = number, words, route, stream, static
        self.expected = counted(words, number, "x")
        self.message = ""

    async def ask(self, port, patience):
        """What came of it: a kind, and a word about it."""
        try:
            return await asyncio.wait_for(self.exchange(port), patience)
        except asyncio.TimeoutError:
            return "lost", f"no end within {patience:g} s"
        except (OSError, asyncio.IncompleteReadError) as error:
            return "lost", f"connection: {type(error).__name__}"
        except (Lost, ValueError, LookupError, TypeError) as error:
            return "lost", f"{'SSE' if self.stream else 'JSON'}: {type(error).__name__}: {error}"

    async def exchange(self, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            body = json.dumps(
                {
                    "model": self.route,
                    "messages": [{"role": "user", "content": question(self.words, self.number)}],
                    "stream": self.stream,
                }
            )
            head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n"
            head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            writer.write((head + body).encode())
            status, headers = await read_head(reader)
            raw = (await read_body(reader, headers)).decode()
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        if status != 200:
            if status not in EXPECTED:
                raise Lost(f"status {status}: {raw[:200]}")
            return "error", f"{status} {self.typed(json.loads(raw)['error'])}"
        return self.streamed(raw, headers) if self.stream else self.in_one_piece(json.loads(raw), headers)

    def in_one_piece(self, answer, headers):
        (choice,) = answer["choices"]
        if choice["finish_reason"] != "stop":
            raise Lost(f"ended with {choice['finish_reason']}")
        text = choice["message"]["content"]
        if self.is_static(text, headers):
            return "static", ""
        if set(LETTERS.findall(text)) != {served(headers)}:
            raise Lost("written by another host than the header says, or by several")
        self.compare(text, whole=True)
        return "whole", ""

    def streamed(self, raw, headers):
        items = [line[len("data: ") :] for line in raw.split("\n") if line.startswith("data: ")]
        text, writer, ended, announced = "", served(headers), False, 0
        for place, item in enumerate(items):
            if item == "[DONE]":
                break
            chunk = json.loads(item)
            if "error" in chunk:
                if place + 1 != len(items) or ended:
                    raise Lost("something follows an error, or it follows an end")
                self.compare(text, whole=False)
                return "error", f"stream {self.typed(chunk['error'])}"
            if note := chunk.get("busbar_resumed"):
                announced += 1
                writer = letter_of(note["to"])
            for choice in chunk["choices"]:
                piece = choice["delta"].get("content") or ""
                if piece and (ended or (writer and set(filter(str.islower, piece)) - {writer})):
                    raise Lost(f"{piece!r} after the end, or from another host than announced ({writer})")
                text += piece
                if choice["finish_reason"]:
                    if ended or choice["finish_reason"] != "stop":
                        raise Lost(f"ended twice, or with {choice['finish_reason']}")
                    ended = True
        if not ended or items[-1] != "[DONE]" or items.count("[DONE]") != 1:
            raise Lost(f"a stream without its end, after {len(text)} of {len(self.expected)} characters")
        if self.is_static(text, headers):
            return "static", ""
        self.compare(text, whole=True)
        return ("resumed", f"{announced}x") if announced else ("whole", "")

    def is_static(self, text, headers):
        if headers.get("x-busbar-degraded") != "static":
            return False
        if text != self.static:
            raise Lost(f"labelled static, and says {text[:60]!r}")
        return True

    def typed(self, error):
        self.message = error["message"]
        if not (isinstance(self.message, str) and self.message and isinstance(error["type"], str)):
            raise Lost(f"an error without words or type: {error}")
        return f"{error['type']} {error.get('code') or '-'}"

    def compare(self, text, *, whole):
        said, wanted = LETTERS.sub("x", text), self.expected
        if not (said == wanted if whole else wanted.startswith(said)):
            at = next((n for n, (a, b) in enumerate(zip(said, wanted)) if a != b), min(len(said), len(wanted)))
            raise Lost(f"{len(said)} of {len(wanted)} characters, wrong at {at}: {text[max(0, at - 40) : at + 40]!r}")


def served(headers):
    """The letter of the host that the header names; empty where it names none."""
    target = headers.get("x-busbar-target", "")
    return "" if target in ("", "static") else letter_of(target)


def letter_of(name):
    return name.rsplit("-", 1)[-1]


async def read_head(reader):
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
    return int(lines[0].split(" ")[1]), headers


async def read_body(reader, headers):
    """The body, which must be as long as it says."""
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    if headers.get("transfer-encoding") != "chunked":
        raise Lost("neither a length nor chunks")
    body = b""
    while True:
        size = int((await reader.readuntil(b"\r\n")).decode(), 16)
        piece = await reader.readexactly(size + 2)
        if size == 0:
            return body
        body += piece[:-2]


async def get(port, path):
    """A JSON document of Busbar's own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n".encode())
        status, headers = await read_head(reader)
        body = await read_body(reader, headers)
    finally:
        writer.close()
    if status != 200:
        raise RuntimeError(f"{path} answers {status}")
    return json.loads(body)
