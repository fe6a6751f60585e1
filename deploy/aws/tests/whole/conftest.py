"""All of it at once: an emulator of AWS that runs functions, whom the models are played by, and what Terraform made there."""

import json
import os
import platform
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import zipfile
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[3]
# What both emulators are asked to deploy is written down once.
sys.path.append(str(HERE.parent))

from asking import Asking
from deployment import Deployment, copied

LONG = 300
# Parts that this emulator lacks, or that take as long here as there (a rollout takes its minutes), or that refuse plain
# HTTP, by which it is reached.
WITHOUT = ["appconfig_rollout", "costs", "tls_policies", "traces"]
CLAUDE = "anthropic.claude-3-haiku-20240307-v1:0"
TITAN = "amazon.titan-image-generator-v2:0"
PAINTER = ROOT / "tests/fixtures/diffusion/sd1"


def configuration(aws):
    """busbar.toml: the models of the example, played here, and a place that may be told of jobs."""
    return f"""
[jobs]
tries = 2
[fetch]
allow = ["127.0.0.1"]
[[providers]]
kind = "bedrock"
name = "bedrock"
region = "us-east-1"
endpoint = "{aws}"
[[providers.models]]
id = "claude-3-haiku"
upstream = "{CLAUDE}"
[[providers.models]]
id = "painter"
upstream = "{TITAN}"
task = "image"
[models]
default = "claude-3-haiku"
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(there, what, process=None, seconds=LONG):
    until = time.monotonic() + seconds
    while not (found := there()):
        assert process is None or process.poll() is None, f"it ended before: {what}"
        assert time.monotonic() < until, f"never: {what}"
        time.sleep(0.2)
    return found


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status == 200
    except OSError:
        return False


@contextmanager
def running(command, environment, log, url, what):
    with log.open("wb") as written:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=written, stderr=written, start_new_session=True
        )
    try:
        eventually(lambda: answers(url), what, process)
        yield process
    finally:
        # With whatever it has started: an emulator leaves its functions behind.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def built(name):
    """A program of this tree, as `scripts/aws whole` has built it."""
    found = Path(os.environ["CARGO_TARGET_DIR"]) / "debug" / name
    assert found.exists(), f"there is no {found}: run scripts/aws whole"
    return found


def clean():
    """This process's surroundings, without what a person's own machine says of AWS and of Busbar."""
    ours = ("AWS_", "TF_VAR_", "BUSBAR_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


class Models:
    def __init__(self, url, process):
        self.url, self.process = url, process

    def stop(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """A Busbar with a tiny model of its own that makes pictures, in Bedrock's dialect."""
    folder = tmp_path_factory.mktemp("models")
    port = free_port()
    (folder / "busbar.toml").write_text(
        f'[models]\ntext = []\nimages = ["tiny={PAINTER}"]\naliases = ["{TITAN}=tiny"]\n[images]\nthreads = 1\n'
    )
    command = [built("busbar"), "serve", "--config", folder / "busbar.toml", "--listen", f"127.0.0.1:{port}", "--home", folder / "home"]
    url = f"http://127.0.0.1:{port}"
    with running(command, clean(), folder / "log", f"{url}/readyz", "the models are ready") as process:
        yield Models(url, process)


@pytest.fixture(scope="session")
def hook():
    """Who is told of jobs: an address, and what was told."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    told = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", told
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def aws(tmp_path_factory, models):
    """A fresh AWS that asks each call for its signature and its right: its address, and the folder with what it writes."""
    folder = tmp_path_factory.mktemp("aws")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    # Functions get all of this too: their endpoints are here, everything else is as it was applied. Names of APIs end
    # with its host's, which therefore cannot be an address.
    environment = {
        **clean(), "GATEWAY_PORT": str(port), "MINISTACK_HOST": "localhost", "MINISTACK_REGION": "us-east-1",
        "BIND_HOST": "127.0.0.1",
        "S3_DATA_DIR": str(folder / "s3"), "LOG_LEVEL": "INFO", "AUTH": "true", "NO_PROXY": "127.0.0.1",
        "WATCHED": str(folder / "calls"), "GIVEN": str(folder / "given"), "MODELS": models.url,
        "BUSBAR_SOURCE__ENDPOINT": url, "BUSBAR_STORAGE__ENDPOINT": url, "BUSBAR_VAULT__ENDPOINT": url,
    }
    (folder / "calls").touch()
    command = [sys.executable, HERE / "watched.py"]
    with running(command, environment, folder / "log", f"{url}/_ministack/health", "the emulator answers"):
        yield url, folder


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    """What deploys, with the real artefact."""
    folder = copied(tmp_path_factory.mktemp("tree"))
    small = folder / "bootstrap"
    # Debug symbols make it larger than Lambda takes.
    subprocess.run(["strip", "-o", small, built("bootstrap")], check=True)
    with zipfile.ZipFile(folder / "lambda.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        archive.write(small, "bootstrap")
    small.unlink()
    return folder


@pytest.fixture(scope="session")
def deployment(aws, tree, hook):
    """`serverless`, as applied: what it is asked by."""
    url, folder = aws
    (folder / "busbar.toml").write_text(configuration(url))
    it = Deployment(
        tree, url, "serverless", "dev",
        {
            "without": WITHOUT, "configuration": str(folder / "busbar.toml"), "bedrock_models": [CLAUDE, TITAN],
            "architecture": {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()],
        },
    )
    # States in a bucket are what the examples on moto have.
    it.environment["STATE"] = "local"
    it.script("deploy", "all")
    asking = Asking(it, url, folder)
    # Known only now: an API is called by another name here than there.
    (folder / "given").write_text(json.dumps({"BUSBAR_LAMBDA__CONNECTIONS": asking.by_path("realtime_ws")}))
    return asking
