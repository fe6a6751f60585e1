"""Whoever is needed where a configuration, or what becomes of jobs, is kept elsewhere: an emulator of AWS, a
host of models, and a Busbar server that is told where to look."""

import base64
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zlib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3

REGION = "eu-west-1"
LONG = 90


class Emulator:
    """AWS on a port of this machine."""

    def __init__(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = tempfile.TemporaryDirectory(prefix="busbar-sources-")
        self.clock = Path(self.folder.name) / "clock"
        self.process = None

    def __enter__(self):
        surroundings = {
            **os.environ,
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "S3_DATA_DIR": self.folder.name,
            "LOG_LEVEL": "WARNING",
            "EMULATOR_CLOCK": str(self.clock),
        }
        log = (Path(self.folder.name) / "emulator.log").open("wb")
        command = [sys.executable, str(Path(__file__).with_name("shifted.py"))]
        self.process = subprocess.Popen(command, env=surroundings, stdout=log, stderr=log)
        eventually(lambda: answers(f"{self.url}/_ministack/health"), "the emulator answers")
        return self

    def __exit__(self, *_):
        self.stop()
        self.folder.cleanup()

    def stop(self):
        self.process.kill()
        self.process.wait()

    def client(self, service):
        return boto3.client(service, endpoint_url=self.url, region_name=REGION)


class Host:
    """A host of models that answers with the name of the model that it was asked for, and keeps who asked."""

    def __init__(self):
        self.keys = keys = []
        # Whoever has another key than this is refused; None: nobody is.
        self.accepts = None
        # While it is shut, whoever asks waits.
        self.gate = threading.Event()
        self.gate.set()
        host = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                keys.append(self.headers.get("authorization"))
                host.gate.wait(LONG)
                if host.accepts not in (None, keys[-1]):
                    self.send_response(401)
                    self.send_header("content-length", "0")
                    self.end_headers()
                    return
                if self.path.endswith("/images/generations"):
                    return self.paint(asked)
                message = {"role": "assistant", "content": asked["model"]}
                said = {
                    "id": "1",
                    "object": "chat.completion",
                    "created": 1,
                    "model": asked["model"],
                    "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
                    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
                }
                self.say(200, said)

            def paint(self, asked):
                """A grey picture, unless a prompt asks for a failure."""
                if "fail" in asked["prompt"]:
                    return self.say(500, {"error": {"message": "no"}})
                self.say(200, {"created": 1, "data": [{"b64_json": base64.b64encode(grey(64)).decode()}]})

            def say(self, status, said):
                body = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def provider(self, upstream, more=""):
        """A document with one model, `m`, that this host knows by that name."""
        return (
            f'[[providers]]\nname = "far"\nkind = "openai-compatible"\nendpoint = "{self.url}"\n{more}\n'
            f'models = [{{ id = "m", upstream = "{upstream}" }}]\n'
        )


class Busbar:
    """A server that keeps its configuration or its jobs elsewhere. Its folder outlives it, so that another may
    follow."""

    def __init__(self, folder, *arguments, storage=None, **source):
        self.folder = folder
        self.arguments = arguments
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_file = folder / f"server-{self.port}.log"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BUSBAR_")}
        named = {f"BUSBAR_SOURCE__{name.upper()}": str(value) for name, value in source.items()}
        stores = {f"BUSBAR_STORAGE__{name.upper()}": str(value) for name, value in (storage or {}).items()}
        home = {"BUSBAR_HOME": str(folder / "data"), "AWS_REGION": REGION}
        self.surroundings = {**kept, **named, **stores, **home}
        self.process = None

    def __enter__(self):
        command = [binary(), "serve", "--listen", f"127.0.0.1:{self.port}", "--log-format", "json", *self.arguments]
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, env=self.surroundings, stdout=log, stderr=log)
        try:
            eventually(self.is_ready, "the server is ready")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    @contextmanager
    def working(self, *arguments):
        """A process on the same stores that only works."""
        command = [binary(), "worker", "--log-format", "json", *arguments]
        with self.log_file.open("wb") as log:
            process = subprocess.Popen(command, cwd=self.folder, env=self.surroundings, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def is_ready(self):
        assert self.process.poll() is None, f"the server ended:\n{self.log()}"
        return answers(f"{self.url}/readyz")

    def ask(self):
        """Who answers for `m`."""
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "who?"}]}).encode()
        request = urllib.request.Request(
            f"{self.url}/v1/chat/completions", body, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=LONG) as answer:
            return json.load(answer)["choices"][0]["message"]["content"]

    def json(self, path, body=None):
        """What it answers, and what is sent with a body."""
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", sent, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=LONG) as answer:
            return json.load(answer)

    def count(self, name):
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=LONG) as answer:
            lines = answer.read().decode().splitlines()
        return float(next(line.split()[1] for line in lines if line.startswith(f"{name} ")))

    def look_again(self):
        self.process.send_signal(signal.SIGHUP)

    def log(self):
        return self.log_file.read_text(errors="replace")

    def config(self, *arguments):
        command = [binary(), "config", *arguments]
        return subprocess.run(command, cwd=self.folder, env=self.surroundings, capture_output=True, text=True)


def grey(side):
    """A picture as PNG."""

    def chunk(name, content):
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\x80" * side for _ in range(side)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def eventually(there, what):
    until = time.monotonic() + LONG
    while not there():
        assert time.monotonic() < until, f"never: {what}"
        time.sleep(0.05)


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=LONG) as answer:
            return answer.status == 200
    except (urllib.error.URLError, ConnectionError):
        return False


def binary():
    named = os.environ.get("TEST_BUSBAR")
    if not named:
        raise RuntimeError("TEST_BUSBAR does not name the binary; scripts/sources does")
    return named


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
