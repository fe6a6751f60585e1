"""The ports of jobs in DynamoDB, SQS and S3: the contracts that SQLite and files keep, the tests that kill
workers, and addresses that open what they are for."""

import json
import os
import subprocess
import urllib.error
import urllib.request

import pytest

from places import LONG


def kept(aws, port):
    command = [os.environ["TEST_PORTS"], aws.url, port, str(aws.clock)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=LONG).stdout


@pytest.mark.parametrize("port", ["jobs", "queues", "files", "notes", "versions"])
def test_a_port_keeps_its_contract(aws, port):
    assert kept(aws, port) == f"{port}: kept\n"


def test_whoever_is_killed_loses_nothing(aws):
    command = [os.environ["TEST_KILLS"]]
    ended = subprocess.run(
        command, env={**os.environ, "TEST_EMULATOR": aws.url}, capture_output=True, text=True, timeout=600
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "4 passed" in ended.stdout


def test_an_address_opens_one_file_for_its_time(aws):
    addresses = json.loads(kept(aws, "addresses"))
    with urllib.request.urlopen(addresses["get"], timeout=LONG) as answer:
        assert (answer.read(), answer.headers["content-type"]) == (b"a picture", "image/png")
    another = addresses["get"].replace(".png?", ".jpg?")
    assert [refused(addresses["over"]), refused(another)] == [403, 403]
    put = urllib.request.Request(addresses["put"], b"uploaded", {"content-type": "text/plain"}, method="PUT")
    with urllib.request.urlopen(put, timeout=LONG) as answer:
        assert answer.status == 200
    with urllib.request.urlopen(addresses["get_put"], timeout=LONG) as answer:
        assert answer.read() == b"uploaded"


def refused(address):
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(address, timeout=LONG)
    return refusal.value.code
