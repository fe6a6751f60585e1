"""boto3 asks an endpoint whose answer comes later: request and answer lie in a store of objects."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import boto3
import pytest

from busbar_server import MODEL, Server, settings
from scripted_host import Host

TGI = {"inputs": "Once upon a time", "parameters": {"max_new_tokens": 8, "do_sample": False}}


class Store(Host):
    """A store of objects: what is put can be fetched. `objects` has them by bucket and path."""

    def __init__(self):
        self.objects = {}
        self.changed = threading.Condition()
        store = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self):
                content = self.rfile.read(int(self.headers["content-length"]))
                with store.changed:
                    store.objects[self.path] = content
                    store.changed.notify_all()
                self.reply(200, b"")

            def do_GET(self):
                content = store.objects.get(self.path)
                self.reply(404 if content is None else 200, content or b"")

            def reply(self, status, content):
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        super().__init__(Handler)

    def put(self, location, content):
        self.objects[location.removeprefix("s3:/")] = json.dumps(content).encode()

    def wait_for(self, location):
        path = location.removeprefix("s3:/")
        with self.changed:
            assert self.changed.wait_for(lambda: path in self.objects, timeout=60), f"nothing came to {location}"
        return json.loads(self.objects[path])


def home_at(folder):
    """A data directory with the models of the usual one: jobs of whoever runs the tests are not ours."""
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    usual = Path(os.environ.get("BUSBAR_HOME") or data / "busbar")
    (folder / "models").symlink_to(usual / "models")
    return str(folder)


@pytest.fixture(scope="module")
def store():
    with Store() as running:
        yield running


@pytest.fixture(scope="module")
def later(store, surroundings, tmp_path_factory):
    places = f"""
[later]
outputs = "s3://harbour/answers"
region = "us-east-1"
endpoint = "{store.url}"
"""
    server = Server(settings(more=places, aliases=[f"endpoint={MODEL}"]))
    server.command += ["--home", home_at(tmp_path_factory.mktemp("later"))]
    with server:
        yield boto3.client("sagemaker-runtime", endpoint_url=server.url)


def ask(client, location, **more):
    return client.invoke_endpoint_async(
        EndpointName="endpoint", InputLocation=location, ContentType="application/json", **more
    )


def test_the_answer_appears_where_it_was_said_to(store, later):
    store.put("s3://harbour/requests/one.json", TGI)
    taken = ask(later, "s3://harbour/requests/one.json", InferenceId="mine", RequestTTLSeconds=600)
    assert taken["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert taken["InferenceId"] == "mine"
    assert taken["OutputLocation"].startswith("s3://harbour/answers/")
    answer = store.wait_for(taken["OutputLocation"])
    now = later.invoke_endpoint(EndpointName="endpoint", ContentType="application/json", Body=json.dumps(TGI))
    assert answer == json.loads(now["Body"].read())


def test_a_request_that_is_wrong_says_so_where_failures_are_looked_for(store, later):
    store.put("s3://harbour/requests/wrong.json", {"inputs": "x", "parameters": {"temperature": "hot"}})
    taken = ask(later, "s3://harbour/requests/wrong.json")
    failure = store.wait_for(taken["FailureLocation"])
    assert "temperature" in failure["Message"]
    missing = ask(later, "s3://harbour/requests/nowhere.json")
    assert "nothing" in store.wait_for(missing["FailureLocation"])["Message"]


def test_what_cannot_be_is_refused_at_once(store, later):
    for location, names in [
        ("s3://elsewhere/secret.json", "later.inputs"),
        ("s3://harbour/../elsewhere/secret.json", "later.inputs"),
    ]:
        with pytest.raises(later.exceptions.ClientError, match=names) as refused:
            ask(later, location)
        assert refused.value.response["Error"]["Code"] == "ValidationError"
    with pytest.raises(later.exceptions.ClientError, match="nobody"):
        later.invoke_endpoint_async(EndpointName="nobody", InputLocation="s3://harbour/requests/one.json")


def test_a_server_without_a_place_says_which_setting_is_missing(sagemaker):
    with pytest.raises(sagemaker.exceptions.ClientError, match="later.outputs") as refused:
        sagemaker.invoke_endpoint_async(EndpointName="harbour-falcon-7b", InputLocation="s3://harbour/one.json")
    assert refused.value.response["Error"]["Code"] == "ValidationError"


def test_what_was_accepted_is_answered_by_the_next_process(store, surroundings, tmp_path):
    """The server is killed as soon as it has accepted a request."""
    places = f'[later]\noutputs = "s3://harbour/kept"\nregion = "us-east-1"\nendpoint = "{store.url}"\n[jobs]\nlease = "1s"\n'
    home_folder = home_at(tmp_path)
    toml = settings(more=places, aliases=[f"endpoint={MODEL}"])
    store.put("s3://harbour/requests/kept.json", {**TGI, "parameters": {"max_new_tokens": 64, "do_sample": False}})
    first = Server(toml)
    first.command += ["--home", home_folder]
    with first:
        client = boto3.client("sagemaker-runtime", endpoint_url=first.url)
        taken = ask(client, "s3://harbour/requests/kept.json")
        first.process.kill()
        first.wait()
    assert taken["OutputLocation"].removeprefix("s3:/") not in store.objects
    second = Server(toml)
    second.command += ["--home", home_folder]
    with second:
        assert store.wait_for(taken["OutputLocation"])[0]["generated_text"]
