"""boto3 sends pictures to a model that sees, and has pictures made, in Bedrock's own bodies."""

import base64
import json
import struct
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import boto3
import pytest

from answers import PIXEL
from busbar_server import Server, bedrock_provider, settings
from scripted_host import Host, ScriptedHost

PICTURE = base64.b64encode(PIXEL).decode()
CLAUDE = "anthropic.claude-3-haiku-20240307-v1:0"
PAINTER = Path(__file__).resolve().parents[2] / "fixtures" / "diffusion" / "sd1"
PAINTERS = ["amazon.titan-image-generator-v2:0", "amazon.nova-canvas-v1:0", "stability.stable-diffusion-xl-v1"]
PNG = b"\x89PNG\r\n\x1a\n"


class BedrockHost(Host):
    """Plays Bedrock's Converse for a model that sees; `asked` has each path, with the body that came."""

    def __init__(self):
        self.asked = []
        host = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                host.asked.append((self.path, body))
                said = {"role": "assistant", "content": [{"text": "A red dot."}]}
                usage = {"inputTokens": 20, "outputTokens": 4, "totalTokens": 24}
                answer = {"output": {"message": said}, "stopReason": "end_turn", "usage": usage, "metrics": {"latencyMs": 1}}
                if self.path.endswith("/invoke"):
                    answer = {
                        "id": "msg_1",
                        "type": "message",
                        "role": "assistant",
                        "model": "claude",
                        "content": [{"type": "text", "text": "A red dot."}],
                        "stop_reason": "end_turn",
                        "stop_sequence": None,
                        "usage": {"input_tokens": 20, "output_tokens": 4},
                    }
                written = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(written)))
                self.end_headers()
                self.wfile.write(written)

            def log_message(self, *_):
                pass

        super().__init__(Handler)


@pytest.fixture(scope="module")
def vendor():
    with BedrockHost() as running:
        yield running


@pytest.fixture(scope="module")
def compatible():
    with ScriptedHost() as running:
        yield running


@pytest.fixture(scope="module")
def seeing(vendor, compatible, surroundings):
    """boto3, at a server whose models are elsewhere and see."""
    models = [
        f'id = "far-converse"\nupstream = "{CLAUDE}"',
        f'id = "far-invoke"\nupstream = "{CLAUDE}"\napi = "invoke"',
    ]
    toml = f"""
{bedrock_provider("vendor", vendor.url, models)}
[[providers]]
name = "compatible"
kind = "openai-compatible"
endpoint = "{compatible.url}"
[[providers.models]]
id = "far-chat"
images = true
"""
    with Server(toml) as running:
        yield boto3.client("bedrock-runtime", endpoint_url=running.url)


@pytest.fixture(autouse=True)
def forget(vendor, compatible):
    vendor.asked.clear()
    compatible.asked.clear()


def by_converse(bedrock, model):
    picture = {"image": {"format": "png", "source": {"bytes": PIXEL}}}
    turns = [{"role": "user", "content": [{"text": "What is this?"}, picture]}]
    return bedrock.converse(modelId=model, messages=turns)["output"]["message"]["content"][0]["text"]


def by_claudes_body(bedrock, model):
    source = {"type": "base64", "media_type": "image/png", "data": PICTURE}
    content = [{"type": "text", "text": "What is this?"}, {"type": "image", "source": source}]
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 20, "messages": [{"role": "user", "content": content}]}
    answer = bedrock.invoke_model(modelId=model, body=json.dumps(body))
    return json.loads(answer["body"].read())["content"][0]["text"]


def by_novas_body(bedrock, model):
    picture = {"image": {"format": "png", "source": {"bytes": PICTURE}}}
    turns = [{"role": "user", "content": [{"text": "What is this?"}, picture]}]
    body = {"schemaVersion": "messages-v1", "messages": turns}
    answer = bedrock.invoke_model(modelId=model, body=json.dumps(body))
    return json.loads(answer["body"].read())["output"]["message"]["content"][0]["text"]


WAYS = [by_converse, by_claudes_body, by_novas_body]


@pytest.mark.parametrize("way", WAYS)
def test_a_picture_reaches_a_model_of_converse_byte_by_byte(seeing, vendor, way):
    assert way(seeing, "far-converse") == "A red dot."
    path, body = vendor.asked[-1]
    assert path.endswith("/converse")
    seen = body["messages"][0]["content"][1]["image"]
    assert seen["format"] == "png" and base64.b64decode(seen["source"]["bytes"]) == PIXEL


@pytest.mark.parametrize("way", WAYS)
def test_a_picture_reaches_a_model_with_a_body_of_its_own_byte_by_byte(seeing, vendor, way):
    assert way(seeing, "far-invoke") == "A red dot."
    path, body = vendor.asked[-1]
    assert path.endswith("/invoke")
    source = body["messages"][0]["content"][1]["source"]
    assert source["media_type"] == "image/png" and base64.b64decode(source["data"]) == PIXEL


@pytest.mark.parametrize("way", WAYS)
def test_a_picture_reaches_a_model_of_another_format_byte_by_byte(seeing, compatible, way):
    assert way(seeing, "far-chat")
    parts = compatible.asked[-1]["messages"][0]["content"]
    head, data = parts[1]["image_url"]["url"].split(",")
    assert head == "data:image/png;base64" and base64.b64decode(data) == PIXEL


@pytest.fixture(scope="module")
def painting(tmp_path_factory, surroundings):
    """boto3, at a server with a tiny local model that makes pictures under the vendors' names."""
    aliases = [f"{name}=tiny" for name in PAINTERS]
    toml = settings(models=[], aliases=aliases).replace("text = []", f'text = []\nimages = ["tiny={PAINTER}"]')
    server = Server(toml + "[images]\nthreads = 1\n")
    server.command += ["--home", str(tmp_path_factory.mktemp("home"))]
    with server:
        yield boto3.client("bedrock-runtime", endpoint_url=server.url)


def made(bedrock, model, body):
    answer = bedrock.invoke_model(modelId=model, body=json.dumps(body))
    return json.loads(answer["body"].read())


def size(png):
    assert png.startswith(PNG)
    return struct.unpack(">II", png[16:24])


@pytest.mark.parametrize("model", PAINTERS[:2])
def test_titans_and_novas_bodies_have_pictures_made_here(painting, model):
    room = {"numberOfImages": 2, "width": 64, "height": 64, "seed": 7}
    body = {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "a red apple"}, "imageGenerationConfig": room}
    pictures = made(painting, model, body)["images"]
    assert [size(base64.b64decode(picture)) for picture in pictures] == [(64, 64), (64, 64)]
    assert pictures[0] == made(painting, model, body)["images"][0], "the same seed, the same picture"


def test_stabilitys_body_has_a_picture_made_here(painting):
    body = {"text_prompts": [{"text": "a red apple", "weight": 1.0}], "width": 64, "height": 64, "steps": 2, "seed": 7}
    answer = made(painting, PAINTERS[2], body)
    artifact = answer["artifacts"][0]
    assert (answer["result"], artifact["finishReason"], artifact["seed"]) == ("success", "SUCCESS", 7)
    assert size(base64.b64decode(artifact["base64"])) == (64, 64)


def test_a_picture_of_no_words_is_a_validation_error(painting):
    body = {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": " "}}
    with pytest.raises(painting.exceptions.ValidationException, match="must not be empty"):
        made(painting, PAINTERS[0], body)
