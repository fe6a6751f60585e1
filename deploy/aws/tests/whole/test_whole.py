"""`serverless` from its first resource to its last, by real processes: Terraform, the artefact, and an emulator that hands it
events as API Gateway, SQS and EventBridge do. One story: each test goes on where the one before it ended."""

import base64
import json

import pytest
from asking import sent
from conftest import eventually
from rights import explained, unseen

PNG = b"\x89PNG\r\n\x1a\n"
HELLO = {"model": "claude-3-haiku", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 20}


def test_whoever_has_no_token_is_sent_away_before_a_function_wakes(deployment):
    assert deployment.api("GET", "/healthz", token=False).status == 200
    assert deployment.api("GET", "/v1/models", token=False).status == 401
    assert deployment.api("GET", "/v1/models", headers={"authorization": "Bearer a.b.c"}, token=False).status == 401
    assert deployment.ask("stream_sse", "GET", "/v1/models").status == 403


def test_the_console_sees_the_models_that_the_configuration_names(deployment):
    listed = deployment.api("GET", "/v1/models").json()["data"]
    assert {"claude-3-haiku", "painter"} <= {model["id"] for model in listed}


def test_a_hosted_model_answers_whole(deployment):
    for ask in (deployment.api, deployment.stream):
        whole = ask("POST", "/v1/chat/completions", HELLO)
        assert whole.status == 200, whole.body
        assert whole.json()["choices"][0]["message"]["content"]


def test_a_hosted_model_answers_piece_by_piece(deployment):
    for ask in (deployment.api, deployment.stream):
        streamed = ask("POST", "/v1/chat/completions", {**HELLO, "stream": True})
        assert streamed.status == 200, streamed.body
        assert streamed.headers["content-type"].startswith("text/event-stream")
        said = [data for _, data in streamed.events()]
        assert said[-1] == "[DONE]"
        pieces = [json.loads(data)["choices"] for data in said[:-1]]
        assert "".join(choices[0]["delta"].get("content") or "" for choices in pieces if choices)


def test_a_conversation_is_answered_frame_by_frame(deployment):
    with deployment.conversation() as conversation:
        for name, body in {"whole": HELLO, "streamed": {**HELLO, "stream": True}}.items():
            conversation.send(type="chat", id=name, body=body)
            frames = conversation.until("done", "error")
            assert frames[-1]["type"] == "done", frames[-1]
            assert frames[0]["type"] == "started" and any(frame["type"] == "chunk" for frame in frames)
            assert {frame["id"] for frame in frames} == {name}


def asked(deployment, prompt, ask=None, headers=None, **more):
    size = {} if "image" in more else {"width": 64, "height": 64}
    body = {"model": "painter", "prompt": prompt, **size, **more}
    answer = (ask or deployment.api)("POST", "/v1/images/jobs", body, headers=headers)
    assert answer.status == 202, answer.body
    return answer.json()["id"]


def ended(deployment, name):
    """A job, once it is over."""
    over = {"succeeded", "failed", "cancelled", "expired"}
    return eventually(lambda: (job := deployment.job(name))["state"] in over and job, f"job {name} is over")


@pytest.fixture(scope="module")
def picture(deployment, hook):
    """A job that came to its end: accepted by one function, made by another, told to whoever asked."""
    told = {"webhook": {"url": f"{hook[0]}/told"}}
    once = {"idempotency-key": "one"}
    name = asked(deployment, "a red apple", headers=once, **told)
    assert asked(deployment, "a red apple", headers=once, **told) == name
    job = ended(deployment, name)
    assert job["state"] == "succeeded", job
    return job


def test_a_picture_goes_from_the_api_through_the_queue_to_an_address_that_opens_it(deployment, picture):
    address = picture["pictures"][0]["url"]
    assert "X-Amz-Signature=" in address
    opened = sent("GET", address)
    assert opened.status == 200 and opened.body.startswith(PNG)
    assert sent("GET", address.replace("X-Amz-Signature=", "X-Amz-Signature=0")).status == 403
    assert sent("GET", address.split("?")[0]).status == 403


def test_nothing_of_a_job_that_is_done_stays_in_the_queue(deployment, picture):
    eventually(lambda: deployment.depth("jobs-image") == 0, "the queue is empty")
    assert deployment.depth("jobs-image-dead") == 0
    listed = deployment.api("GET", "/v1/images/jobs").json()
    assert picture["id"] in [job["id"] for job in listed["data"]]


def test_whoever_follows_a_job_is_told_its_end(deployment, picture):
    told = dict(deployment.stream("GET", f"/v1/images/jobs/{picture['id']}/events").events())
    assert json.loads(told["succeeded"])["job"]["id"] == picture["id"]


def test_whoever_wanted_to_know_is_told(picture, hook):
    eventually(lambda: hook[1], "the hook is called")
    assert hook[1][0]["type"] == "image.succeeded" and hook[1][0]["data"]["id"] == picture["id"]


def test_what_is_given_with_a_job_goes_with_it_to_the_worker_and_is_removed_with_it(deployment, picture):
    """This host takes no picture: the job fails at once, and its letter is a dead one."""
    given = base64.b64encode(sent("GET", picture["pictures"][0]["url"]).body).decode()
    for ask in (deployment.api, deployment.stream):
        dead = deployment.depth("jobs-image-dead")
        name = asked(deployment, "a green apple", ask=ask, image=given, strength=0.5)
        assert ended(deployment, name)["error"]["code"] == "unsupported_parameter"
        eventually(lambda: deployment.depth("jobs-image-dead") == dead + 1, "it is a dead letter")
        kept = lambda: [key for key in deployment.files() if f"/{name}/" in key]
        assert kept()
        assert name in [job["id"] for job in ask("GET", "/v1/images/jobs").json()["data"]]
        assert ask("DELETE", f"/v1/images/jobs/{name}").status == 204
        assert ask("GET", f"/v1/images/jobs/{name}").status == 404
        assert not kept()


def test_a_picture_may_be_asked_for_at_the_streams_address_and_waited_for(deployment):
    asked_for = {"model": "painter", "prompt": "a lemon", "size": "64x64", "response_format": "url"}
    answer = deployment.stream("POST", "/v1/images/generations", asked_for)
    assert answer.status == 200, answer.body
    assert sent("GET", answer.json()["data"][0]["url"]).body.startswith(PNG)


def test_the_sweep_announces_what_a_crash_forgot_and_removes_what_is_old(deployment, picture):
    with deployment.nobody_works():
        name = asked(deployment, "a plum")
        deployment.forget(name)
        deployment.grow_old(picture["id"])
        announced = lambda: deployment.depth("jobs-image") == 1
        eventually(announced, "the sweep has announced the job again")
    assert ended(deployment, name)["state"] == "succeeded"
    gone = lambda: deployment.api("GET", f"/v1/images/jobs/{picture['id']}").status == 404
    eventually(gone, "the sweep has removed the old job")
    assert not [key for key in deployment.files() if f"/{picture['id']}/" in key]


def test_what_fails_again_and_again_is_a_dead_letter(deployment, models):
    models.stop()
    dead = deployment.depth("jobs-image-dead")
    name = asked(deployment, "a pear")
    job = ended(deployment, name)
    assert job["state"] == "failed" and job["attempts"] == 2, job
    eventually(lambda: deployment.depth("jobs-image-dead") == dead + 1, "it is a dead letter")
    eventually(lambda: deployment.depth("jobs-image") == 0, "and no other message")


def test_what_names_no_job_is_a_dead_letter_too(deployment):
    dead = deployment.depth("jobs-image-dead")
    queue = deployment.made["data"]["queues"]["jobs-image"]["url"]
    deployment.client("sqs").send_message(QueueUrl=queue, MessageBody="no job")
    eventually(lambda: deployment.depth("jobs-image-dead") == dead + 1, "it is a dead letter")


def test_each_duty_may_do_what_it_did_and_little_else(deployment):
    """The emulator asked the policies as they were applied; what they allow beyond that has its reason in rights.py."""
    calls = list(deployment.calls())
    refused = [call for call in calls if not call["allowed"]]
    assert not refused, refused
    for duty, policy in deployment.made["policies"].items():
        made = [call for call in calls if call["duty"] == duty]
        assert made, duty
        policy = json.loads(policy)
        unexplained = unseen(policy, made) - explained(duty)
        assert not unexplained, (duty, unexplained)
        assert explained(duty) <= unseen(policy, []), f"reasons for what {duty} may not do any more"


def test_what_somebody_changed_by_another_way_is_found(deployment):
    it = deployment.deployment
    queue = deployment.made["data"]["queues"]["jobs-image"]["url"]
    hidden = lambda seconds: deployment.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": str(seconds)})
    assert "Nothing has drifted" in it.script("drift")
    hidden(60)
    drifted = it.run("drift")
    assert drifted.returncode == 2, drifted.stderr
    assert 'aws_sqs_queue.this["jobs-image"]: visibility_timeout_seconds\n' in drifted.stdout
    hidden(900)
    assert "Nothing has drifted" in it.script("drift")


def test_nothing_stays(deployment):
    it = deployment.deployment
    it.script("clean")
    assert it.script("terraform", "state", "list").split() == []
    assert it.client("lambda").list_functions()["Functions"] == []
    assert it.client("dynamodb").list_tables()["TableNames"] == []
    assert not [bucket["Name"] for bucket in it.client("s3").list_buckets()["Buckets"] if bucket["Name"].startswith("busbar-dev")]
