"""Several models in one server, and files that are none."""

import subprocess
from pathlib import Path

import openai
import pytest

from busbar_server import MODEL, Server, binary, settings

BASE = "gemma-3-270m"


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory):
    """The beginning of a model file."""
    whole = subprocess.run([binary(), "models", "path", MODEL], capture_output=True, text=True, check=True)
    broken = tmp_path_factory.mktemp("models") / "broken.gguf"
    with Path(whole.stdout.strip()).open("rb") as read:
        broken.write_bytes(read.read(3_000_000))
    return broken


def table(path):
    return f'{{ id = "broken", path = "{path}" }}'


def test_a_broken_model_is_left_out_and_the_others_serve(cut_off):
    toml = settings(models=(MODEL, BASE, table(cut_off)), text="context = 512\nsequences = 1")
    with Server(toml) as server, server.http() as http:
        assert http.get("/healthz").status_code == 200
        assert http.get("/readyz").status_code == 200
        said = [line for line in server.log().splitlines() if "ERROR" in line]
        assert len(said) == 1 and str(cut_off) in said[0] and "cut off" in said[0]
        client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="unused", max_retries=0)
        with client:
            # Beside them the one that is built in.
            assert {model.id for model in client.models.list()} == {MODEL, BASE, "emoji-diffusion"}
            continued = client.completions.create(model=BASE, prompt="The harbour", max_tokens=3, seed=1)
            assert continued.model == BASE and continued.choices[0].text
            messages = [{"role": "user", "content": "hello"}]
            # A base model continues texts; it does not talk.
            with pytest.raises(openai.BadRequestError) as refused:
                client.chat.completions.create(model=BASE, messages=messages)
            assert BASE in refused.value.message
            assert client.chat.completions.create(model=MODEL, messages=messages, max_tokens=2).model == MODEL
            with pytest.raises(openai.NotFoundError):
                client.chat.completions.create(model="broken", messages=messages)


@pytest.mark.parametrize("what", ["cut off", "no model", "absent"])
def test_a_server_whose_only_model_is_broken_leaves_and_says_why(cut_off, tmp_path, what):
    file = {"cut off": cut_off, "no model": tmp_path / "letter.gguf", "absent": tmp_path / "absent.gguf"}[what]
    if what == "no model":
        file.write_text("Dear reader, I am no model.", encoding="utf-8")
    command = [binary(), "serve", "--listen", "127.0.0.1:0", "-m", f"broken={file}"]
    left = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert left.returncode not in (0, -6, -11), left.returncode
    assert str(file) in left.stderr and "panicked" not in left.stderr
