"""AWS as moto plays it, and a copy of this tree to deploy from."""

import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

# What both emulators are asked to deploy is written down once.
sys.path.append(str(pathlib.Path(__file__).parents[1]))

from deployment import Deployment, copied


@pytest.fixture(scope="session")
def emulator(tmp_path_factory):
    """A fresh AWS: its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = open(tmp_path_factory.mktemp("moto") / "log", "w")
    server = subprocess.Popen(
        [str(pathlib.Path(sys.executable).parent / "moto_server"), "-H", "127.0.0.1", "-p", str(port)],
        stdout=log, stderr=log, env={**os.environ, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"},
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/moto-api/", timeout=5).read()
                break
            except OSError:
                assert server.poll() is None, "moto did not start"
                time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    return copied(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="session")
def deploy(tree, emulator):
    """Makes a deployment of an example; states are kept in a bucket, as `bootstrap` makes it."""
    first = Deployment(tree, emulator, "serverless", "dev", {})
    first.script("bootstrap", REPOSITORY="example/busbar")
    return lambda stack, environment, **variables: Deployment(tree, emulator, stack, environment, variables)
