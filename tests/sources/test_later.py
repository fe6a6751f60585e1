"""Answers that come later, asked for by boto3, where the queues are SQS's: whoever took a request may be lost, a
function does what servers do, and where there will be no answer, it is said so."""

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from lambda_service import Function, http_api

from places import REGION, Busbar, eventually
from stores import Stores
from test_function import depth, ours, received

QUESTION = {"inputs": "who?", "parameters": {"max_new_tokens": 8}}
TICK = {"source": "aws.events"}


@pytest.fixture(scope="module")
def stores(aws):
    return Stores(aws)


def configuration(host, stores):
    settings = "\n".join(f'{name} = "{value}"' for name, value in stores.settings().items())
    places = "\n".join(f'{name} = "s3://{stores.name}/later/{name}"' for name in ("outputs", "failures"))
    return (
        f'[storage]\n{settings}\n[jobs]\ntries = 2\nlease = "2s"\n'
        f'[later]\n{places}\ninputs = ["s3://{stores.name}/later/requests"]\nendpoint = "{stores.aws.url}"\n'
        f'[[providers]]\nname = "far"\nkind = "openai-compatible"\nendpoint = "{host.url}"\n'
        'models = [{ id = "m", upstream = "u" }]\n'
    )


def put(stores, name, content):
    key = f"later/requests/{name}"
    stores.aws.client("s3").put_object(Bucket=stores.name, Key=key, Body=json.dumps(content).encode())
    return f"s3://{stores.name}/{key}"


def ask(url, location, **more):
    client = boto3.client("sagemaker-runtime", endpoint_url=url, region_name=REGION)
    return client.invoke_endpoint_async(
        EndpointName="m", InputLocation=location, ContentType="application/json", **more
    )


def at(stores, location):
    """What lies there; None: nothing."""
    s3 = stores.aws.client("s3")
    key = location.removeprefix(f"s3://{stores.name}/")
    listed = s3.list_objects_v2(Bucket=stores.name, Prefix=key)
    return json.loads(s3.get_object(Bucket=stores.name, Key=key)["Body"].read()) if listed["KeyCount"] else None


def test_a_request_outlives_the_server_that_took_it(aws, host, tmp_path):
    # Of its own: a server that was killed may have asked for the next message, which then waits for nobody.
    stores = Stores(aws)
    folders = [tmp_path / "one", tmp_path / "another"]
    for folder in folders:
        folder.mkdir()
        (folder / "busbar.toml").write_text(configuration(host, stores))
    asked = len(host.keys)
    host.gate.clear()
    try:
        with Busbar(folders[0]) as server:
            taken = ask(server.url, put(stores, "one", QUESTION))
            eventually(lambda: len(host.keys) > asked, "the model is asked")
            server.process.kill()
            server.process.wait()
    finally:
        host.gate.set()
    assert at(stores, taken["OutputLocation"]) is None
    with Busbar(folders[1]):
        eventually(lambda: at(stores, taken["OutputLocation"]), "another server answers")
    assert at(stores, taken["OutputLocation"])[0]["generated_text"] == "u"
    assert at(stores, taken["FailureLocation"]) is None
    assert depth(stores, "jobs-endpoint") == [0, 0]


@contextlib.contextmanager
def front(function):
    """What stands before a function, for clients that speak HTTP: an address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            event = http_api("POST", self.path, body)
            event["headers"] |= {name.lower(): value for name, value in self.headers.items() if name != "Host"}
            answer = function.call(event).whole()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name not in ("content-length", "connection"):
                    self.send_header(name, value)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_):
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.server_port}"
    finally:
        listener.shutdown()
        listener.server_close()


@pytest.fixture(scope="module")
def function(host, stores):
    with Function(configuration(host, stores), more=ours()) as running:
        yield running


@pytest.fixture(scope="module")
def api(host, stores):
    with Function(configuration(host, stores), more=ours()) as running, front(running) as url:
        yield url


def test_a_function_answers_what_another_one_took(api, function, stores):
    taken = ask(api, put(stores, "two", QUESTION), InferenceId="mine", CustomAttributes="a=b")
    assert taken["InferenceId"] == "mine"
    event = received(stores, "jobs-endpoint")
    assert len(event["Records"]) == 1
    assert at(stores, taken["OutputLocation"]) is None
    assert function.call(event).said() == {"batchItemFailures": []}
    assert at(stores, taken["OutputLocation"])[0]["generated_text"] == "u"
    assert depth(stores, "jobs-endpoint") == [0, 0]


def test_what_fails_says_why_and_is_a_dead_letter(api, function, stores):
    taken = ask(api, put(stores, "wrong", {"inputs": "x", "parameters": {"temperature": "hot"}}))
    assert function.call(received(stores, "jobs-endpoint")).said() == {"batchItemFailures": []}
    assert "temperature" in at(stores, taken["FailureLocation"])["Message"]
    assert depth(stores, "jobs-endpoint-dead")[0] == 1


def test_a_request_whose_time_is_over_before_anybody_has_looked_at_it_is_told_of(api, function, stores):
    taken = ask(api, put(stores, "late", QUESTION), RequestTTLSeconds=60)
    stores.aws.client("sqs").purge_queue(QueueUrl=stores.queues["jobs-endpoint"])
    ends(stores)
    assert function.call(TICK).said() is None
    assert "time was over" in at(stores, taken["FailureLocation"])["Message"]
    assert at(stores, taken["OutputLocation"]) is None


def ends(stores):
    """The waiting request's record as it will be when its time is over."""
    item = next(item for item in stores.items() if item.get("waiting") == {"S": "endpoint"})
    record = json.loads(item["record"]["S"])
    record["expires"] = int(time.time() * 1000) - 1
    item.update(record={"S": json.dumps(record)}, due={"N": str(record["expires"])})
    stores.aws.client("dynamodb").put_item(TableName=stores.name, Item=item)
