"""One emulator and one host for all tests; each test has names and a folder of its own."""

import os
import sys
from pathlib import Path

import pytest

from places import Emulator, Host

# The part of AWS Lambda that a function sees is played for the clients' tests already.
sys.path.append(str(Path(__file__).parents[1] / "clients/python"))

OURS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "127.0.0.1",
}
NOT_OURS = ["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"]


@pytest.fixture(scope="session", autouse=True)
def surroundings():
    os.environ.update(OURS)
    for name in NOT_OURS:
        os.environ.pop(name, None)


@pytest.fixture(scope="session")
def aws(surroundings):
    with Emulator() as running:
        yield running


@pytest.fixture(scope="session")
def host():
    with Host() as running:
        yield running
