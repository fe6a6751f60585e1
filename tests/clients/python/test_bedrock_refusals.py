"""What a local model cannot do is refused in boto3's own exceptions, by the name of what it was."""

import base64
import json

import botocore.exceptions
import pytest

from answers import PIXEL
from busbar_server import MODEL

HELLO = [{"role": "user", "content": [{"text": "hello"}]}]
CLAUDE = "anthropic.claude-3-haiku-20240307-v1:0"
SCHEMA = {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]}
TOOL = {"toolSpec": {"name": "weather", "description": "Of a place.", "inputSchema": {"json": SCHEMA}}}


def refused(bedrock, **more):
    """What both calls say of this, which is the same."""
    asked = {"modelId": MODEL, "messages": HELLO, "inferenceConfig": {"maxTokens": 4}, **more}
    with pytest.raises(bedrock.exceptions.ValidationException) as whole:
        bedrock.converse(**asked)
    with pytest.raises(bedrock.exceptions.ValidationException) as streamed:
        bedrock.converse_stream(**asked)
    message = whole.value.response["Error"]["Message"]
    assert message == streamed.value.response["Error"]["Message"]
    assert whole.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return message


def test_an_unknown_model_is_not_found_and_the_known_ones_are_named(bedrock):
    for name in ("ai21.jamba-1-5-mini-v1:0", "anthropic:nothing"):
        with pytest.raises(bedrock.exceptions.ResourceNotFoundException) as missing:
            bedrock.converse(modelId=name, messages=HELLO)
        assert MODEL in missing.value.response["Error"]["Message"]
        with pytest.raises(bedrock.exceptions.ResourceNotFoundException):
            bedrock.invoke_model_with_response_stream(modelId=name, body=json.dumps({"prompt": "x", "max_gen_len": 2}))


def test_tools_are_refused_by_a_model_that_cannot_call_them(bedrock):
    for choice in ({}, {"toolChoice": {"any": {}}}, {"toolChoice": {"tool": {"name": "weather"}}}):
        assert "cannot call tools" in refused(bedrock, toolConfig={"tools": [TOOL], **choice})


def test_a_picture_is_refused_by_a_model_without_eyes(bedrock):
    picture = {"image": {"format": "png", "source": {"bytes": PIXEL}}}
    turns = [{"role": "user", "content": [{"text": "What is this?"}, picture]}]
    message = refused(bedrock, messages=turns)
    assert "takes no image" in message and "messages[0].content[1]" in message


def test_a_picture_in_claudes_own_body_is_refused_too(bedrock):
    source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(PIXEL).decode()}
    turns = [{"role": "user", "content": [{"type": "image", "source": source}]}]
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 4, "messages": turns}
    with pytest.raises(bedrock.exceptions.ValidationException, match="takes no image"):
        bedrock.invoke_model(modelId=CLAUDE, body=json.dumps(body))


def test_a_number_out_of_range_is_named(bedrock):
    # This client checks some of its numbers itself; they are told by other fields of the same request.
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 4, "temperature": 7, "messages": []}
    with pytest.raises(bedrock.exceptions.ValidationException, match="temperature|messages"):
        bedrock.invoke_model(modelId=CLAUDE, body=json.dumps(body))
    body = {"prompt": "x", "max_gen_len": 4, "temperature": 7}
    with pytest.raises(bedrock.exceptions.ValidationException, match="temperature"):
        bedrock.invoke_model(modelId="meta.llama3-8b-instruct-v1:0", body=json.dumps(body))


def test_a_body_that_is_not_json_is_told_by_its_place(bedrock):
    with pytest.raises(bedrock.exceptions.ValidationException, match="line 1 column"):
        bedrock.invoke_model(modelId=CLAUDE, body=b"{oops")


def test_a_model_that_makes_pictures_is_not_played_by_one_that_writes(bedrock):
    body = {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "a harbour"}}
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        bedrock.invoke_model(modelId="amazon.titan-image-generator-v2:0", body=json.dumps(body))
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_a_refusal_carries_the_requests_id(bedrock):
    with pytest.raises(bedrock.exceptions.ResourceNotFoundException) as missing:
        bedrock.converse(modelId="ai21.jamba-1-5-mini-v1:0", messages=HELLO)
    assert missing.value.response["ResponseMetadata"]["RequestId"]
