"""A serverless handler as people have it around Bedrock, run offline: the endpoint is all that is added.

The first call reads its endpoint from the environment, so that nothing of the handler is changed; what it
measures goes to a stand-in for the metrics service.
"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
import pytest


def lambda_handler(event, context):
    bedrock = boto3.client("bedrock-runtime")
    payload = {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 16,
        "messages": [{"role": "user", "content": event["prompt"]}],
    }
    response = bedrock.invoke_model(
        modelId="anthropic.claude-3-haiku-20240307-v1:0",
        body=json.dumps(payload),
    )
    return {"statusCode": 200, "body": response["body"].read().decode()}


def count(cloudwatch, response_time):
    cloudwatch.put_metric_data(
        Namespace="GenAI/ARM64",
        MetricData=[{"MetricName": "InferenceLatency", "Value": response_time, "Unit": "Milliseconds"}],
    )


@pytest.fixture
def measured():
    """A place for metrics: its address, and the bodies that came."""
    bodies = []

    class Place(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Place) as place:
        serving = threading.Thread(target=place.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{place.server_port}", bodies
        place.shutdown()
        serving.join()


def test_the_handler_answers_and_its_latency_is_counted(server, monkeypatch, measured):
    address, bodies = measured
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", server.url)
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", address)
    began = time.monotonic()
    done = lambda_handler({"prompt": "Say hello to the harbour."}, None)
    count(boto3.client("cloudwatch"), 1000 * (time.monotonic() - began))
    answer = json.loads(done["body"])
    assert done["statusCode"] == 200
    assert answer["content"][0]["text"] and answer["usage"]["output_tokens"] > 0
    assert len(bodies) == 1
