"""Hosts that stream the same answer in their vendors' own words: a thought with its signature, a text, and two calls
of a tool, the first with long arguments. Letters of several bytes are cut anywhere."""

import base64
import json
import struct
import zlib
from http.server import BaseHTTPRequestHandler

from scripted_host import Host

THOUGHT = "hm \U0001f600"
SIGNATURE = "c2lnbmF0dXJl"
TEXT = "H\u00e9 \U0001f468\u200d\U0001f469\u200d\U0001f467!"
CALLS = {
    "call_a": {"city": "Z\u00fcrich \u2028", "blob": "\u00fc" * 40_000},
    "call_b": {"city": "Bern"},
}
ANSWERED = {"id": "m", "created": 1, "model": "m"}


class Vendor(Host):
    """Answers every request with the stream, in pieces of so many bytes. `asked` has the bodies that came."""

    def __init__(self, size):
        self.asked = []
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                vendor.asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                media_type, answer = streams(self.path)
                self.send_response(200)
                self.send_header("content-type", media_type)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                for start in range(0, len(answer), size):
                    self.wfile.write(answer[start : start + size])
                    self.wfile.flush()

            def log_message(self, *_):
                pass

        super().__init__(Handler)


def streams(path):
    if path.endswith("/converse-stream"):
        return "application/vnd.amazon.eventstream", b"".join(message(*event) for event in converse())
    if path.endswith("/invoke-with-response-stream"):
        wrapped = ({"bytes": base64.b64encode(json.dumps(event).encode()).decode()} for event in claude())
        return "application/vnd.amazon.eventstream", b"".join(message("chunk", event) for event in wrapped)
    events = {"/messages": claude, "/responses": responses}.get(path[path.rindex("/") :], chat)()
    named = [f"event: {event['type']}\n" if "type" in event else "" for event in events]
    lines = [f"{name}data: {json.dumps(event, ensure_ascii=False)}\n\n" for name, event in zip(named, events)]
    return "text/event-stream", "".join(lines).encode()


def message(name, event):
    """A message of AWS's event stream."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    packed = b"".join(
        bytes([len(key)]) + key.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for key, value in headers.items()
    )
    payload = json.dumps(event, ensure_ascii=False).encode()
    prelude = struct.pack(">II", 16 + len(packed) + len(payload), len(packed))
    whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + packed + payload
    return whole + struct.pack(">I", zlib.crc32(whole))


def pieces(arguments):
    text = json.dumps(arguments, ensure_ascii=False)
    return [text[start : start + 5_000] for start in range(0, len(text), 5_000)]


def chat():
    """One of those that leave `[DONE]` out."""

    def chunk(delta, reason=None):
        return {**common, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    common = {**ANSWERED, "object": "chat.completion.chunk"}
    events = [chunk({"role": "assistant", "reasoning_content": THOUGHT}), chunk({"content": TEXT})]
    for index, (name, arguments) in enumerate(CALLS.items()):
        call = {"index": index, "id": name, "type": "function", "function": {"name": "look", "arguments": ""}}
        events.append(chunk({"tool_calls": [call]}))
        for piece in pieces(arguments):
            events.append(chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}))
    usage = {"prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29}
    return [*events, chunk({}, "tool_calls"), {**common, "choices": [], "usage": usage}]


def claude():
    start = {**ANSWERED, "type": "message", "role": "assistant", "content": [], "stop_reason": None, "stop_sequence": None}
    blocks = [
        ({"type": "thinking", "thinking": "", "signature": ""}, [
            {"type": "thinking_delta", "thinking": THOUGHT},
            {"type": "signature_delta", "signature": SIGNATURE},
        ]),
        ({"type": "text", "text": ""}, [{"type": "text_delta", "text": TEXT}]),
    ]
    for name, arguments in CALLS.items():
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces(arguments)]
        blocks.append(({"type": "tool_use", "id": name, "name": "look", "input": {}}, deltas))
    events = [{"type": "message_start", "message": {**start, "usage": {"input_tokens": 20, "output_tokens": 1}}}]
    for index, (block, deltas) in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    end = {"stop_reason": "tool_use", "stop_sequence": None}
    return [*events, {"type": "message_delta", "delta": end, "usage": {"output_tokens": 9}}, {"type": "message_stop"}]


def converse():
    blocks = [
        (None, [{"reasoningContent": {"text": THOUGHT}}, {"reasoningContent": {"signature": SIGNATURE}}]),
        (None, [{"text": TEXT}]),
    ]
    for name, arguments in CALLS.items():
        deltas = [{"toolUse": {"input": piece}} for piece in pieces(arguments)]
        blocks.append(({"toolUse": {"toolUseId": name, "name": "look"}}, deltas))
    events = [("messageStart", {"role": "assistant"})]
    for index, (start, deltas) in enumerate(blocks):
        if start:
            events.append(("contentBlockStart", {"contentBlockIndex": index, "start": start}))
        events += [("contentBlockDelta", {"contentBlockIndex": index, "delta": delta}) for delta in deltas]
        events.append(("contentBlockStop", {"contentBlockIndex": index}))
    usage = {"inputTokens": 20, "outputTokens": 9, "totalTokens": 29}
    end = [("messageStop", {"stopReason": "tool_use"}), ("metadata", {"usage": usage, "metrics": {"latencyMs": 1}})]
    return [*events, *end]


def responses():
    summary = {"type": "summary_text", "text": THOUGHT}
    thought = {"id": "rs", "type": "reasoning", "summary": [summary], "encrypted_content": SIGNATURE}
    part = {"type": "output_text", "text": TEXT, "annotations": []}
    said = {"id": "msg", "type": "message", "status": "completed", "role": "assistant", "content": [part]}
    calls = []
    for name, arguments in CALLS.items():
        call = {"id": f"fc_{name}", "type": "function_call", "call_id": name, "name": "look", "status": "completed"}
        calls.append({**call, "arguments": "".join(pieces(arguments))})
    usage = {"input_tokens": 20, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 9}
    usage |= {"output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 29}
    whole = {"id": "resp", "object": "response", "created_at": 1, "status": "completed", "error": None}
    whole |= {"incomplete_details": None, "model": "m", "output": [thought, said, *calls], "usage": usage}
    events = [event("created", response={**whole, "status": "in_progress", "output": [], "usage": None})]

    first = {"output_index": 0, "item_id": "rs", "summary_index": 0}
    events += [
        event("output_item.added", output_index=0, item={**thought, "summary": [], "encrypted_content": None}),
        event("reasoning_summary_part.added", **first, part={**summary, "text": ""}),
        event("reasoning_summary_text.delta", **first, delta=THOUGHT),
        event("output_item.done", output_index=0, item=thought),
    ]
    second = {"output_index": 1, "item_id": "msg", "content_index": 0}
    events += [
        event("output_item.added", output_index=1, item={**said, "content": []}),
        event("content_part.added", **second, part={**part, "text": ""}),
        event("output_text.delta", **second, delta=TEXT),
        event("output_item.done", output_index=1, item=said),
    ]
    for index, (call, arguments) in enumerate(zip(calls, CALLS.values()), 2):
        there = {"output_index": index, "item_id": call["id"]}
        events.append(event("output_item.added", output_index=index, item={**call, "arguments": ""}))
        events += [event("function_call_arguments.delta", **there, delta=piece) for piece in pieces(arguments)]
        events.append(event("output_item.done", output_index=index, item=call))
    return [*events, event("completed", response=whole)]


def event(name, **fields):
    return {"type": f"response.{name}", **fields}
