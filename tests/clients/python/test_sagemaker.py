"""boto3 asks an endpoint of SageMaker's runtime: the endpoint is a local model."""

import json

import pytest

from busbar_server import MODEL

# An endpoint's name is one segment of a path; this one is another name of the model.
ENDPOINT = "harbour-falcon-7b"
TGI = {"inputs": "Once upon a time", "parameters": {"max_new_tokens": 12, "do_sample": False}}
CHAT = {
    "messages": [{"role": "user", "content": "Say hello to the harbour."}],
    "max_tokens": 12,
    "temperature": 0,
}


def invoke(sagemaker, body, **more):
    asked = {"EndpointName": ENDPOINT, "ContentType": "application/json", "Body": json.dumps(body), **more}
    answer = sagemaker.invoke_endpoint(**asked)
    assert answer["ContentType"] == "application/json"
    return json.loads(answer["Body"].read())


def data_of(sagemaker, body):
    """The data of a streamed answer's events; what the parts are cut into means nothing."""
    asked = {"EndpointName": ENDPOINT, "ContentType": "application/json", "Body": json.dumps(body)}
    parts = [event["PayloadPart"]["Bytes"] for event in sagemaker.invoke_endpoint_with_response_stream(**asked)["Body"]]
    assert len(parts) > 1
    lines = b"".join(parts).decode().splitlines()
    return [line.removeprefix("data:").strip() for line in lines if line.startswith("data:")]


def test_a_containers_text_is_continued(sagemaker):
    whole = invoke(sagemaker, TGI)
    assert whole[0]["generated_text"]
    told = invoke(sagemaker, {**TGI, "parameters": {**TGI["parameters"], "details": True}})
    assert told[0]["generated_text"] == whole[0]["generated_text"]
    assert told[0]["details"]["generated_tokens"] <= 12


def test_a_text_comes_with_its_beginning_if_that_is_asked_for(sagemaker):
    whole = invoke(sagemaker, {**TGI, "parameters": {**TGI["parameters"], "return_full_text": True}})
    assert whole[0]["generated_text"].startswith(TGI["inputs"])


def test_a_containers_text_is_streamed_in_its_events(sagemaker):
    read = [json.loads(data) for data in data_of(sagemaker, {**TGI, "stream": True})]
    texts = [event["token"]["text"] for event in read if not event["token"]["special"]]
    whole = invoke(sagemaker, TGI)[0]["generated_text"]
    assert "".join(texts) == whole
    assert read[-1]["generated_text"] == whole
    assert all(event["generated_text"] is None for event in read[:-1])


def test_a_conversation_is_answered_and_streamed(sagemaker):
    whole = invoke(sagemaker, CHAT)
    text = whole["choices"][0]["message"]["content"]
    assert text and whole["usage"]["completion_tokens"] <= 12
    read = data_of(sagemaker, {**CHAT, "stream": True})
    chunks = [json.loads(data) for data in read if data != "[DONE]"]
    deltas = [choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"]]
    assert "".join(deltas) == text


def test_the_served_models_own_name_is_an_endpoint(sagemaker):
    assert invoke(sagemaker, TGI, EndpointName=MODEL) == invoke(sagemaker, TGI)


def test_an_unknown_endpoint_and_a_wrong_body_are_validation_errors(sagemaker):
    with pytest.raises(sagemaker.exceptions.ClientError) as missing:
        invoke(sagemaker, TGI, EndpointName="nothing")
    assert missing.value.response["Error"]["Code"] == "ValidationError"
    assert MODEL in missing.value.response["Error"]["Message"]
    with pytest.raises(sagemaker.exceptions.ClientError) as refused:
        invoke(sagemaker, {**TGI, "parameters": {"temperature": 9}})
    assert "temperature" in refused.value.response["Error"]["Message"]


def test_an_answer_that_comes_later_is_refused_for_want_of_a_place(sagemaker):
    with pytest.raises(sagemaker.exceptions.ClientError) as refused:
        sagemaker.invoke_endpoint_async(EndpointName=ENDPOINT, InputLocation="s3://bucket/key")
    assert "invocations" in refused.value.response["Error"]["Message"]


def test_a_stream_that_is_closed_in_the_middle_frees_the_engine(server, sagemaker):
    cancelled = server.count("busbar_engine_requests_cancelled_total")
    body = {"inputs": "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", "parameters": {"max_new_tokens": 1500}}
    stream = sagemaker.invoke_endpoint_with_response_stream(
        EndpointName=ENDPOINT, ContentType="application/json", Body=json.dumps(body)
    )["Body"]
    assert len([event for event, _ in zip(stream, range(4))]) == 4
    stream.close()
    server.eventually("busbar_engine_requests_cancelled_total", cancelled + 1)
    server.eventually("busbar_engine_slots_busy", 0)
