"""Pictures by OpenAI's own client, unmodified: a tiny model with random weights makes them."""

import base64
import struct
from pathlib import Path

import httpx2
import openai
import pytest

from busbar_server import Server, settings

MODEL = Path(__file__).resolve().parents[2] / "fixtures" / "diffusion" / "sd1"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def painter(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    toml = settings(models=[]).replace("text = []", f'text = []\nimages = ["tiny={MODEL}"]')
    server = Server(toml + "[images]\nthreads = 1\n")
    # Jobs of tests are not to stay among those of whoever runs them.
    server.command += ["--home", str(home)]
    with server:
        yield server


@pytest.fixture(scope="module")
def client(painter):
    with openai.OpenAI(base_url=f"{painter.url}/v1", api_key="unused", max_retries=0, timeout=120) as official:
        yield official


def size(png):
    return struct.unpack(">II", png[16:24])


def test_a_picture_comes_within_the_answer(client):
    answer = client.images.generate(
        model="tiny", prompt="a red apple", size="64x64", response_format="b64_json", extra_body={"steps": 3, "seed": 7}
    )
    picture = base64.b64decode(answer.data[0].b64_json)
    assert picture.startswith(PNG) and size(picture) == (64, 64)


def test_a_picture_is_fetched_at_its_address(client):
    answer = client.images.generate(
        model="tiny", prompt="a red apple", size="64x72", n=2, response_format="url", extra_body={"steps": 2}
    )
    assert len(answer.data) == 2
    for made in answer.data:
        # Without the key: the address itself opens it.
        fetched = httpx2.get(made.url, trust_env=False)
        assert fetched.headers["content-type"] == "image/png"
        assert size(fetched.content) == (64, 72)


def test_the_first_model_that_makes_pictures_is_meant_where_none_is_named(client):
    answer = client.images.generate(prompt="a red apple", size="64x64", extra_body={"steps": 1})
    assert base64.b64decode(answer.data[0].b64_json).startswith(PNG)


def test_what_is_wrong_has_the_class_and_the_field_that_the_client_knows(client):
    with pytest.raises(openai.BadRequestError) as refused:
        client.images.generate(model="tiny", prompt=" ", size="64x64")
    assert refused.value.param == "prompt"
    with pytest.raises(openai.NotFoundError):
        client.images.generate(model="nobody", prompt="a red apple")
