"""The worker's and the sweep's duties of a function on AWS Lambda: messages of queues that the emulator keeps,
handed over as Lambda does."""

import json
import os
import urllib.request

import pytest
from lambda_service import Function, http_api

from places import LONG, REGION, eventually
from stores import Stores

PNG = b"\x89PNG\r\n\x1a\n"


def ours():
    """Who the function is there, and where."""
    named = {name: os.environ[name] for name in os.environ if name.startswith("AWS_")}
    return {**named, "AWS_REGION": REGION}


def configuration(host, stores):
    settings = "\n".join(f'{name} = "{value}"' for name, value in stores.settings().items())
    return (
        f'[storage]\n{settings}\n[jobs]\ntries = 2\nkeep = "1m"\n'
        f'[[providers]]\nname = "far"\nkind = "openai-compatible"\nendpoint = "{host.url}"\n'
        'models = [{ id = "painter", upstream = "p", task = "image" }]\n'
    )


@pytest.fixture(scope="module")
def stores(aws):
    return Stores(aws)


@pytest.fixture(scope="module", params=["whole", "streamed"])
def function(request, host, stores):
    with Function(configuration(host, stores), answers=request.param, more=ours()) as running:
        yield running


@pytest.fixture(scope="module")
def api(host, stores):
    """The function that clients ask."""
    with Function(configuration(host, stores), more=ours()) as running:
        yield running


def asked(api, prompt):
    body = json.dumps({"model": "painter", "prompt": prompt, "width": 64, "height": 64})
    answer = api.call(http_api("POST", "/v1/images/jobs", body)).whole()
    assert answer.status == 202, answer.body
    return answer.json()["id"]


def job(api, name):
    return api.call(http_api("GET", f"/v1/images/jobs/{name}")).whole().json()


def received(stores, queue="jobs-image", hidden=60):
    """An event with what waits in a queue, and when it was handed out for how often."""
    got = stores.aws.client("sqs").receive_message(
        QueueUrl=stores.queues[queue],
        MaxNumberOfMessages=10,
        VisibilityTimeout=hidden,
        AttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
    )
    record = {
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:000000000000:{stores.name}-{queue}",
        "awsRegion": REGION,
    }
    return {
        "Records": [
            {
                **record,
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
            }
            for message in got.get("Messages", [])
        ]
    }


def depth(stores, queue):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    said = stores.aws.client("sqs").get_queue_attributes(QueueUrl=stores.queues[queue], AttributeNames=names)
    return [int(said["Attributes"][name]) for name in names]


def test_a_picture_is_made_of_a_message_and_the_message_is_ended(api, function, stores):
    name = asked(api, "a red apple")
    event = received(stores)
    assert [record["body"] for record in event["Records"]] == [name]
    assert function.call(event).said() == {"batchItemFailures": []}
    assert depth(stores, "jobs-image") == [0, 0]
    seen = job(api, name)
    assert seen["state"] == "succeeded", seen
    with urllib.request.urlopen(seen["pictures"][0]["url"], timeout=LONG) as picture:
        assert picture.read()[:8] == PNG


def test_of_several_messages_only_those_come_again_that_were_not_ended(api, function, stores):
    good, bad = asked(api, "a pear"), asked(api, "fail")
    event = received(stores)
    ids = {record["body"]: record["messageId"] for record in event["Records"]}
    assert function.call(event).said() == {"batchItemFailures": [{"itemIdentifier": ids[bad]}]}
    assert [job(api, name)["state"] for name in (good, bad)] == ["succeeded", "queued"]
    # Its next try is its last: then it is a dead letter, and ended.
    again = {"Records": []}

    def comes():
        again.update(received(stores))
        return again["Records"]

    eventually(comes, "the message comes again")
    assert again["Records"][0]["attributes"]["ApproximateReceiveCount"] == "2"
    assert function.call(again).said() == {"batchItemFailures": []}
    assert job(api, bad)["state"] == "failed"
    assert depth(stores, "jobs-image-dead")[0] >= 1


def test_what_names_no_job_is_a_dead_letter_at_once(function, stores):
    before = sum(depth(stores, "jobs-image-dead"))
    stores.aws.client("sqs").send_message(QueueUrl=stores.queues["jobs-image"], MessageBody="no job")
    assert function.call(received(stores)).said() == {"batchItemFailures": []}
    assert (depth(stores, "jobs-image"), sum(depth(stores, "jobs-image-dead"))) == ([0, 0], before + 1)


def test_the_sweep_announces_what_a_crash_left_unannounced(api, function, stores):
    name = asked(api, "a plum")
    received(stores)
    for queue in ("jobs-image", "jobs-image-dead"):
        stores.aws.client("sqs").purge_queue(QueueUrl=stores.queues[queue])
    forget(stores, name)
    tick = {"version": "0", "source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
    assert function.call(tick).said() is None
    event = received(stores)
    assert [record["body"] for record in event["Records"]] == [name]
    assert function.call(event).said() == {"batchItemFailures": []}
    assert job(api, name)["state"] == "succeeded"


def test_an_event_that_is_nobodys_is_refused_and_the_next_one_answered(function):
    call = function.call({"Records": [{"eventSource": "aws:s3"}]})
    assert list(call.pieces()) == []
    assert call.failure
    tick = {"source": "aws.events"}
    assert function.call(tick).said() is None


def forget(stores, name):
    """The record as a crash leaves it between recording a job and announcing it, a while ago."""
    table = stores.aws.client("dynamodb")
    key = {"pk": {"S": f"job#{name}"}, "sk": {"S": "job"}}
    item = table.get_item(TableName=stores.name, Key=key)["Item"]
    record = json.loads(item["record"]["S"])
    record.update(announced=False, changed=record["changed"] - 60_000)
    item.update(record={"S": json.dumps(record)}, due={"N": str(record["changed"] + 10_000)})
    table.put_item(TableName=stores.name, Item=item)
