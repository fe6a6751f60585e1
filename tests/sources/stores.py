"""A table, queues and a bucket at the emulator, with the keys and indexes that deploy/aws gives them."""

import json
import re
import uuid
from pathlib import Path

from places import REGION

TERRAFORM = Path(__file__).parents[2] / "deploy/aws/modules/data/main.tf"
QUEUES = ["jobs-image", "jobs-endpoint", "webhooks"]


class Stores:
    """All of it under one name, as a server's settings say it."""

    def __init__(self, aws, receives=5):
        self.aws = aws
        self.name = f"busbar-{uuid.uuid4().hex}"
        aws.client("dynamodb").create_table(TableName=self.name, BillingMode="PAY_PER_REQUEST", **schema())
        sqs = aws.client("sqs")
        self.queues = {}
        for queue in QUEUES:
            dead = sqs.create_queue(QueueName=f"{self.name}-{queue}-dead")["QueueUrl"]
            redrive = {
                "deadLetterTargetArn": f"arn:aws:sqs:{REGION}:000000000000:{self.name}-{queue}-dead",
                "maxReceiveCount": receives,
            }
            attributes = {"RedrivePolicy": json.dumps(redrive)}
            url = sqs.create_queue(QueueName=f"{self.name}-{queue}", Attributes=attributes)["QueueUrl"]
            self.queues |= {queue: url, f"{queue}-dead": dead}
        here = {"LocationConstraint": REGION}
        aws.client("s3").create_bucket(Bucket=self.name, CreateBucketConfiguration=here)

    def settings(self):
        return {
            "jobs": f"dynamodb:{self.name}",
            "queues": f"sqs:{self.queues['jobs-image'].removesuffix('jobs-image')}",
            "files": f"s3://{self.name}/files/",
            "endpoint": self.aws.url,
        }

    def items(self):
        return self.aws.client("dynamodb").scan(TableName=self.name)["Items"]

    def objects(self):
        listed = self.aws.client("s3").list_objects_v2(Bucket=self.name)
        return [one["Key"] for one in listed.get("Contents", [])]


def schema():
    """Attributes, keys and indexes, from the Terraform itself."""
    text = TERRAFORM.read_text()
    indexes = re.findall(r'(\w+)\s*= { hash = "(\w+)", range = "(\w+)", projection = "(\w+)" }', text)
    attributes = re.findall(r'^    (\w+)\s*= "([SN])"$', text, re.MULTILINE)
    key = re.search(r'hash_key\s*= "(\w+)"\s*range_key\s*= "(\w+)"', text).groups()
    assert indexes and attributes, "the Terraform of the table is written in another way by now"
    return {
        "KeySchema": keys(*key),
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in attributes],
        "GlobalSecondaryIndexes": [
            {"IndexName": name, "KeySchema": keys(*key), "Projection": {"ProjectionType": projection}}
            for name, *key, projection in indexes
        ],
    }


def keys(first, second):
    return [{"AttributeName": first, "KeyType": "HASH"}, {"AttributeName": second, "KeyType": "RANGE"}]
