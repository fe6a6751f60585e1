"""One server for all tests that do no harm to it, and the official clients pointed at it."""

import anthropic
import boto3
import openai
import pytest

from busbar_server import ALIASES, Server, settings

# What a person's own machine says of AWS is not ours. Busbar looks at no signature, but these clients
# sign nothing without keys.
AWS = {
    "AWS_ACCESS_KEY_ID": "unused",
    "AWS_SECRET_ACCESS_KEY": "unused",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "1",
}
NOT_OURS = ["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK", "AWS_ENDPOINT_URL"]
# LangChain reports to a host elsewhere where these say so.
NOT_OURS += ["LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2", "ANTHROPIC_API_KEY", "OPENAI_API_KEY"]


@pytest.fixture(scope="session", autouse=True)
def surroundings():
    with pytest.MonkeyPatch.context() as patched:
        for name, value in {**AWS, "NO_PROXY": "127.0.0.1"}.items():
            patched.setenv(name, value)
        for name in NOT_OURS:
            patched.delenv(name, raising=False)
        yield patched


@pytest.fixture(scope="session")
def server():
    with Server(settings(text="context = 2048\nsequences = 4\nqueue = 64", aliases=ALIASES)) as running:
        yield running


@pytest.fixture(scope="session")
def client(server):
    """The official client, as anybody would point it at Busbar."""
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="unused", max_retries=0, timeout=120) as official:
        yield official


@pytest.fixture(scope="session")
def claude(server):
    with anthropic.Anthropic(base_url=server.url, api_key="unused", max_retries=0, timeout=120) as official:
        yield official


@pytest.fixture(scope="session")
def bedrock(server, surroundings):
    return boto3.client("bedrock-runtime", endpoint_url=server.url)


@pytest.fixture(scope="session")
def sagemaker(server, surroundings):
    return boto3.client("sagemaker-runtime", endpoint_url=server.url)


@pytest.fixture(scope="session")
def http(server):
    with server.http() as plain:
        yield plain
