"""A model's id never chooses a path: what walks, is encoded twice or hides a slash is an id or nothing.

These are raw requests: every client there is would tidy the path up first.
"""

import json
import socket

import pytest

from busbar_server import MODEL

BODY = json.dumps({"messages": [{"role": "user", "content": [{"text": "hello"}]}], "inferenceConfig": {"maxTokens": 2}})
WALKING = [
    "..",
    ".",
    "../../v1/models",
    "..%2f..%2fv1%2fmodels",
    "..%2F..%2Fhealthz",
    "%2e%2e%2f%2e%2e%2fmetrics",
    "%2e%2e/%2e%2e/metrics",
    "anthropic.claude-3%2f..%2f..%2f..%2fmetrics",
    "anthropic.claude-3/../../metrics",
    "..%5c..%5cmetrics",
    "%252e%252e%252fmetrics",
    "..%252f..%252fv1%252fmodels",
    "anthropic.claude-3%00",
    "anthropic.claude-3%0d%0ax-injected:%20yes",
    "anthropic.claude-3%3f",
    "anthropic.claude-3%23",
    "%ff%fe",
    "%",
    "%2",
    "a" * 3000,
    "//",
    "%2f",
]
HARMLESS = [
    MODEL,
    "anthropic.claude-3-haiku-20240307-v1:0",
    "anthropic.claude-3-haiku-20240307-v1%3A0",
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-3",
    "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.anthropic.claude-3",
]


def post(server, path, body=BODY):
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{server.port}\r\nconnection: close\r\n"
    head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as raw:
        raw.sendall((head + body).encode())
        read = b""
        while piece := raw.recv(65536):
            read += piece
    head, _, body = read.partition(b"\r\n\r\n")
    first, *headers = head.decode().split("\r\n")
    return int(first.split()[1]), [line.lower() for line in headers], body


@pytest.mark.parametrize("operation", ["converse", "converse-stream", "invoke", "invoke-with-response-stream"])
@pytest.mark.parametrize("model", WALKING, ids=lambda model: model[:40])
def test_no_id_leads_out_of_its_operation(server, model, operation):
    status, headers, body = post(server, f"/model/{model}/{operation}")
    assert status in (400, 404), body
    # Whatever it was taken for, the answer is the operation's own refusal and no other page.
    assert not any(line.startswith("x-injected") for line in headers)
    refusal = json.loads(body)
    assert refusal["message"] if "message" in refusal else refusal["error"]["message"]


@pytest.mark.parametrize("model", ["..", "..%2f..%2fmetrics", "a%2fb", "%252e%252e", "a/b", "%00"])
@pytest.mark.parametrize("operation", ["invocations", "invocations-response-stream"])
def test_no_endpoint_leads_out_of_its_operation(server, model, operation):
    status, _, body = post(server, f"/endpoints/{model}/{operation}", json.dumps({"inputs": "hello"}))
    assert status in (400, 404), body
    assert json.loads(body)


@pytest.mark.parametrize("model", HARMLESS)
def test_colons_and_the_slashes_of_arns_are_understood_encoded_or_not(server, model):
    status, _, body = post(server, f"/model/{model}/converse")
    assert status == 200, body
    assert json.loads(body)["output"]["message"]["content"]


def test_an_id_encoded_twice_is_not_decoded_twice(server):
    status, _, _ = post(server, "/model/anthropic.claude-3-haiku-20240307-v1%253A0/converse")
    assert status == 400


def test_an_operation_that_is_none_is_not_found(server):
    status, headers, _ = post(server, f"/model/{MODEL}/converse/more")
    assert status == 404
    assert any(line.startswith("x-amzn-errortype:") for line in headers)
