"""One server for all tests that do no harm to it."""

import openai
import pytest

from busbar_server import Server, settings


@pytest.fixture(scope="session")
def server():
    with Server(settings(text="context = 2048\nsequences = 4\nqueue = 64")) as running:
        yield running


@pytest.fixture(scope="session")
def client(server):
    """The official client, as anybody would point it at Busbar."""
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="unused", max_retries=0, timeout=120) as official:
        yield official


@pytest.fixture(scope="session")
def http(server):
    with server.http() as plain:
        yield plain
