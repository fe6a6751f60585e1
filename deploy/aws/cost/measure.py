#!/usr/bin/env python3
"""Measures what one request costs a gateway in processor time and memory, for cost.py.

A release build of busbar stands before a model on this machine that answers at once, gets REQUESTS requests one after
another, whole and streamed (TOKENS chunks each), and says itself what it used (/metrics). Prints JSON.

    python3 deploy/aws/cost/measure.py target/release/busbar > deploy/aws/cost/measured.json
"""

import http.client
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REQUESTS = 2000
TOKENS = 100
PIECE = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}


class Model(BaseHTTPRequestHandler):
    """Answers as OpenAI's API does, with nothing to say and no time to lose."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        usage = {"prompt_tokens": 20, "completion_tokens": TOKENS, "total_tokens": 20 + TOKENS}
        if asked.get("stream"):
            chunks = [PIECE | {"choices": [{"index": 0, "delta": {"content": "word "}}]} for _ in range(TOKENS)]
            chunks.append(PIECE | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": usage})
            body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
            kind = "text/event-stream"
        else:
            message = {"role": "assistant", "content": "word " * TOKENS}
            body = json.dumps({
                "id": "c", "object": "chat.completion", "created": 1, "model": "m", "usage": usage,
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            })
            kind = "application/json"
        body = body.encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def metric(connection, name):
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    return float(re.search(rf"^{name} (\S+)$", text, re.M).group(1))


def ask(connection, stream):
    body = json.dumps({"model": "m", "stream": stream, "messages": [{"role": "user", "content": "Name three colours."}]})
    connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200 or b"word" not in text:
        sys.exit(f"the gateway answered {answer.status}: {text[:300]!r}")


def cost_of(connection, stream):
    for _ in range(100):
        ask(connection, stream)
    before = metric(connection, "process_cpu_seconds_total")
    for _ in range(REQUESTS):
        ask(connection, stream)
    return (metric(connection, "process_cpu_seconds_total") - before) / REQUESTS


def main():
    busbar = sys.argv[1]
    model = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=model.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as home:
        port = free_port()
        settings = os.path.join(home, "busbar.toml")
        with open(settings, "w") as file:
            file.write(
                f'[server]\nlisten = "127.0.0.1:{port}"\n[log]\nfilter = "warn"\n[storage]\nhome = "{home}"\n'
                f'[[providers]]\nkind = "openai"\nname = "mock"\nendpoint = "http://127.0.0.1:{model.server_port}/v1"\n'
                '[[providers.models]]\nid = "m"\n'
            )
        began = time.monotonic()
        gateway = subprocess.Popen([busbar, "serve", "--config", settings], stdout=subprocess.DEVNULL)
        try:
            connection = wait_for(port)
            ready = time.monotonic() - began
            measured = {
                "date": time.strftime("%Y-%m-%d"),
                "program": subprocess.check_output([busbar, "version"], text=True).splitlines()[0],
                "machine": machine(),
                "architecture": platform.machine(),
                "requests": REQUESTS,
                "tokens": TOKENS,
                "cpu_seconds_whole": round(cost_of(connection, False), 7),
                "cpu_seconds_streamed": round(cost_of(connection, True), 7),
                "resident_bytes": int(metric(connection, "process_resident_memory_bytes")),
                "ready_seconds": round(ready, 3),
            }
        finally:
            gateway.terminate()
            gateway.wait(timeout=30)
    print(json.dumps(measured, indent=2))


def free_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    for _ in range(1000):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().read() is not None:
                return connection
        except OSError:
            time.sleep(0.01)
    sys.exit("the gateway did not start")


def machine():
    try:
        with open("/proc/cpuinfo") as info:
            return re.search(r"^model name\s*:\s*(.+)$", info.read(), re.M).group(1)
    except (OSError, AttributeError):
        return platform.processor() or "unknown"


if __name__ == "__main__":
    main()
