"""The program as a container of SageMaker's: what the service asks of it, with models of each kind, and boto3 asking a
Busbar that asks such a container."""

import json
import os
import shutil
import subprocess
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import boto3
import httpx2
import pytest

from busbar_server import Server, binary
from scripted_host import Host

FIXTURES = Path(__file__).parents[2] / "fixtures"
SCRIPTS = Path(__file__).parents[3] / "scripts"
TGI = {"inputs": "Once upon a time", "parameters": {"max_new_tokens": 8, "do_sample": False}}
LOOKS = "efficientnet-lite0"


class Container(Server):
    """`docker run image serve`, without Docker: the same arguments and variables."""

    def __init__(self, *arguments, **variables):
        super().__init__("[text]\nthreads = 1\n[images]\nthreads = 1\n")
        config = self.command[self.command.index("--config") + 1]
        self.command = [binary(), "serve", *arguments]
        self.more = {
            "BUSBAR_CONFIG": config,
            "BUSBAR_ROLE": "sagemaker",
            # A container has a data folder of its own: jobs in a shared one may be taken by a server that has not its models.
            "BUSBAR_HOME": self.folder.name,
            "SAGEMAKER_BIND_TO_PORT": str(self.port),
            "SAGEMAKER_SAFE_PORT_RANGE": f"{self.port}-{self.port + 10}",
            **variables,
        }

    def wait_until_ready(self):
        """As the service finds out."""
        for _ in range(2400):
            assert self.process.poll() is None, self.log()
            try:
                if httpx2.get(f"{self.url}/ping", trust_env=False).status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            time.sleep(0.05)
        raise RuntimeError(self.log())


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A text model, one that makes pictures and one that looks at them, each as the service unpacks it."""
    root = tmp_path_factory.mktemp("models")
    text = root / "text" / "model"
    text.mkdir(parents=True)
    shutil.copy(FIXTURES / "falcon" / "falcon-tiny.gguf", text)
    shutil.copytree(FIXTURES / "diffusion" / "sd2", root / "paints" / "model" / "sd2")
    looks = root / "looks" / "model"
    looks.mkdir(parents=True)
    # As `make package-model MODEL=efficientnet-lite0` packs it.
    packed = root / "model.tar.gz"
    subprocess.run(
        [SCRIPTS / "package-model", LOOKS, packed], env={**os.environ, "BUSBAR": binary()}, capture_output=True, check=True
    )
    shutil.unpack_archive(packed, looks)
    (root / "empty").mkdir()
    return root


@pytest.fixture(scope="module")
def many():
    with Container(SAGEMAKER_MULTI_MODEL="true") as running:
        yield running


@pytest.fixture
def http(many):
    with many.http() as client:
        yield client
        for model in client.get("/models").json()["models"]:
            client.delete(f"/models/{model['modelName']}")


def load(http, name, folder):
    return http.post("/models", json={"model_name": name, "url": str(folder)})


def test_a_container_of_many_models_is_well_before_there_is_one(http):
    assert http.get("/ping").status_code == 200
    assert http.get("/models").json() == {"models": []}
    assert http.get("/v1/models").json()["data"] == []
    assert http.post("/models/text/invoke", json=TGI).status_code == 404


def test_models_of_each_kind_come_and_go(http, folders):
    for name in ("text", "paints", "looks"):
        assert load(http, name, folders / name / "model").status_code == 200
    listed = http.get("/models").json()["models"]
    assert [model["modelName"] for model in listed] == ["looks", "paints", "text"]
    assert http.get("/models/text").json()["modelUrl"] == str(folders / "text" / "model")
    said = http.post("/models/text/invoke", json=TGI)
    assert said.status_code == 200 and "generated_text" in said.json()[0]
    picture = http.post(
        "/models/paints/invoke",
        json={"prompt": "a house", "width": 64, "height": 64, "num_inference_steps": 1},
        headers={"accept": "application/json;png"},
    )
    assert picture.status_code == 200, picture.text
    seen = http.post(
        "/models/looks/invoke",
        content=(FIXTURES / "vision" / "turned-1.jpg").read_bytes(),
        headers={"content-type": "application/x-image"},
    )
    assert seen.status_code == 200, seen.text
    assert http.delete("/models/text").status_code == 200
    assert http.get("/models/text").status_code == 404
    assert http.post("/models/text/invoke", json=TGI).status_code == 404
    assert http.delete("/models/text").status_code == 404
    again = http.post("/models/paints/invoke", json={"prompt": "a", "width": 64, "height": 64, "num_inference_steps": 1})
    assert again.status_code == 200, "the others stay"


def test_a_body_that_names_another_model_reaches_the_one_of_its_path(http, folders):
    load(http, "one", folders / "text" / "model")
    asked = {"model": "two", "prompt": "Once", "max_tokens": 2}
    answer = http.post("/models/one/invoke", json=asked)
    assert answer.status_code == 200 and answer.json()["model"] == "one"


def test_what_cannot_be_loaded_says_why_and_changes_nothing(http, folders):
    load(http, "text", folders / "text" / "model")
    twice = load(http, "text", folders / "text" / "model")
    assert twice.status_code == 409 and "loaded already" in twice.text
    nowhere = load(http, "gone", "/nowhere/at/all")
    assert nowhere.status_code == 400 and "/nowhere/at/all" in nowhere.text
    empty = load(http, "empty", folders / "empty")
    assert empty.status_code >= 400 and "there is no model in" in empty.text
    assert load(http, "a/b", folders / "text").status_code == 400
    assert [model["modelName"] for model in http.get("/models").json()["models"]] == ["text"]


def test_pages_of_models_follow_one_another(http, folders):
    for name in ("a", "b", "c"):
        load(http, name, folders / "text" / "model")
    first = http.get("/models", params={"limit": 2}).json()
    assert [model["modelName"] for model in first["models"]] == ["a", "b"]
    second = http.get("/models", params={"next_page_token": first["nextPageToken"]}).json()
    assert [model["modelName"] for model in second["models"]] == ["c"] and "nextPageToken" not in second


@pytest.fixture(scope="module")
def single(folders):
    with Container("--set", f"models.directory={folders / 'text' / 'model'}") as running:
        yield running


def test_a_container_of_one_model_answers_whole_and_streamed(single):
    with single.http() as http:
        whole = http.post("/invocations", json=TGI).json()[0]["generated_text"]
        with http.stream("POST", "/invocations", json={**TGI, "stream": True}) as answer:
            events = [json.loads(line[5:]) for line in answer.iter_lines() if line.startswith("data:")]
        assert events[-1]["generated_text"] == whole
        # Models are brought one by one only where the service says so.
        assert http.post("/models", json={"model_name": "a", "url": "/x"}).status_code == 404


class Service(Host):
    """SageMaker's runtime in front of a container: an endpoint's invocation becomes the container's."""

    def __init__(self, container):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                assert self.path == "/endpoints/falcon/invocations", self.path
                body = self.rfile.read(int(self.headers["content-length"]))
                kind = {"content-type": self.headers["content-type"]}
                said = httpx2.post(f"{container.url}/invocations", content=body, headers=kind, timeout=60, trust_env=False)
                self.send_response(said.status_code)
                self.send_header("content-type", said.headers["content-type"])
                self.send_header("content-length", str(len(said.content)))
                self.end_headers()
                self.wfile.write(said.content)

            def log_message(self, *_):
                pass

        super().__init__(Handler)


def test_boto3_asks_a_busbar_that_asks_the_container(single):
    with Service(single) as service:
        toml = f"""
[[providers]]
name = "hosted"
kind = "sagemaker"
region = "us-east-1"
endpoint = "{service.url}"
[[providers.models]]
id = "falcon"
"""
        with Server(toml) as front:
            sagemaker = boto3.client("sagemaker-runtime", endpoint_url=front.url)
            asked = {"EndpointName": "falcon", "ContentType": "application/json", "Body": json.dumps(TGI)}
            said = json.loads(sagemaker.invoke_endpoint(**asked)["Body"].read())
    with single.http() as http:
        assert said[0]["generated_text"] == http.post("/invocations", json=TGI).json()[0]["generated_text"]


def test_a_role_that_is_none_is_said_at_once(tmp_path):
    command = [binary(), "serve", "--listen", "127.0.0.1:0"]
    told = subprocess.run(
        command, env={"BUSBAR_ROLE": "sagemaster", "HOME": str(tmp_path)}, capture_output=True, text=True, timeout=60, check=False
    )
    assert told.returncode == 2 and "sagemaker" in told.stderr
