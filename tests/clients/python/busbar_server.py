"""A Busbar server of a test's own: started on a free port of this machine, and always stopped."""

import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import httpx2

MODEL = "smollm2-135m-instruct"
# What other services call their models, as a person who moves here would map it.
ALIASES = [
    f"{name}={MODEL}"
    for name in (
        "anthropic.claude*",
        "us.anthropic.claude*",
        "amazon.nova*",
        "amazon.titan*",
        "meta.llama*",
        "mistral.*",
        "cohere.command-r*",
        "arn:aws:bedrock:*",
        "claude*",
        "harbour-*",
    )
]
START_SECONDS = 120
STOP_SECONDS = 60


def settings(*, server="", text="", more="", models=(MODEL,), aliases=()):
    """A configuration file. One thread: two of them wait for each other on a busy machine."""
    listed = ", ".join(model if model.startswith("{") else f'"{model}"' for model in models)
    return f"""
[server]
{server}
[models]
text = [{listed}]
aliases = [{", ".join(f'"{alias}"' for alias in aliases)}]
[text]
threads = 1
{text}
{more}
"""


def bedrock_provider(name, endpoint, models):
    """A provider that signs as one does for AWS. `models`: a line or several for each."""
    listed = "\n".join(f"[[providers.models]]\n{model}" for model in models)
    return f"""
[[providers]]
name = "{name}"
kind = "bedrock"
region = "us-east-1"
endpoint = "{endpoint}"
access_key_id = "AKIDEXAMPLE"
api_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
{listed}
"""


class Server:
    """`with Server(settings()) as server:`; it has answered `/readyz` when the block begins."""

    def __init__(self, toml, *, port=None):
        self.folder = tempfile.TemporaryDirectory(prefix="busbar-clients-")
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_file = Path(self.folder.name) / "server.log"
        config = Path(self.folder.name) / "busbar.toml"
        config.write_text(toml, encoding="utf-8")
        self.command = [binary(), "serve", "--config", str(config), "--listen", f"127.0.0.1:{self.port}"]
        self.more = {}
        self.process = None

    def __enter__(self):
        self.launch()
        try:
            self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
                self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        finally:
            self.folder.cleanup()

    def launch(self):
        # Settings of whoever runs the tests are not ours; where the models are, is.
        kept = {key: value for key, value in os.environ.items() if not key.startswith("BUSBAR_") or key == "BUSBAR_HOME"}
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                self.command, env={**kept, **self.more}, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )

    def wait_until_ready(self):
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended at once:\n{self.log()}")
            try:
                if httpx2.get(f"{self.url}/readyz", trust_env=False).status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"the server was not ready in time:\n{self.log()}")

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self):
        """Its exit code, once it has gone."""
        return self.process.wait(timeout=STOP_SECONDS)

    def log(self):
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def http(self, **more):
        """A plain HTTP client of this server."""
        return httpx2.Client(base_url=self.url, timeout=120, trust_env=False, **more)

    def count(self, name):
        """A number out of `/metrics`, summed over its labels."""
        read = httpx2.get(f"{self.url}/metrics", trust_env=False, timeout=30).text.splitlines()
        found = [float(line.rsplit(" ", 1)[1]) for line in read if line.startswith((f"{name} ", f"{name}{{"))]
        assert found, f"no metric is called {name}"
        return sum(found)

    def eventually(self, name, wanted):
        """Waits until a number of `/metrics` is this."""
        until = time.monotonic() + 60
        while (seen := self.count(name)) != wanted:
            assert time.monotonic() < until, f"{name} stays {seen} and does not become {wanted}"
            time.sleep(0.02)


def binary():
    named = os.environ.get("TEST_BUSBAR")
    if not named:
        raise RuntimeError("TEST_BUSBAR does not name the binary; scripts/clients does")
    return named


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
