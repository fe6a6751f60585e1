"""Addresses of pictures that a distribution in front of the bucket hands out: signed as AWS's own client for
Python signs them, with a key that Secrets Manager keeps."""

import datetime
import urllib.parse
import uuid
from pathlib import Path

import pytest
import rsa
from botocore.signers import CloudFrontSigner
from lambda_service import Function, http_api

from stores import Stores
from test_function import asked, configuration, job, ours, received

KEY = Path(__file__).parents[2] / "crates/providers/tests/keys/rsa.pkcs1.pem"
ADDRESS = "https://d111111abcdef8.cloudfront.net"
KEY_ID = "K2JCJMDEHXQW5F"


@pytest.fixture(scope="module")
def stores(aws):
    return Stores(aws)


@pytest.fixture(scope="module")
def private():
    # Not one of that package's own making: its primes differ in length, which is not how others make keys.
    return rsa.PrivateKey.load_pkcs1(KEY.read_bytes())


def behind(host, stores, key):
    """A function whose pictures are handed out by the distribution."""
    toml = configuration(host, stores) + (
        f'[distribution]\naddress = "{ADDRESS}"\nkey_id = "{KEY_ID}"\nprivate_key = "{key}"\n'
    )
    return Function(toml, more={**ours(), "BUSBAR_VAULT__ENDPOINT": stores.aws.url})


def secret(stores, text):
    name = f"pictures-{uuid.uuid4().hex}"
    stores.aws.client("secretsmanager").create_secret(Name=name, SecretString=text)
    return f"secretsmanager:{name}"


def test_an_address_is_what_aws_own_client_signs(host, stores, private):
    with behind(host, stores, secret(stores, private.save_pkcs1().decode())) as function:
        name = asked(function, "a red apple")
        assert function.call(received(stores)).said() == {"batchItemFailures": []}
        picture = job(function, name)["pictures"][0]
        # Pages may show what is there.
        page = function.call(http_api("GET", "/healthz")).whole()
        assert page.headers["content-security-policy"].endswith(f"img-src 'self' data: blob: {ADDRESS}")
        again = job(function, name)["pictures"][0]
    assert again == picture
    whole = urllib.parse.urlsplit(picture["url"])
    # The same name as in the bucket, for the distribution adds nothing to it.
    assert whole.path.removeprefix("/") in stores.objects()
    end = int(urllib.parse.parse_qs(whole.query)["Expires"][0])
    until = datetime.datetime.fromtimestamp(end, datetime.timezone.utc)
    assert until == datetime.datetime.fromisoformat(picture["urls_expire_at"])
    signer = CloudFrontSigner(KEY_ID, lambda policy: rsa.sign(policy, private, "SHA-256"))
    theirs = signer.generate_presigned_url(f"{ADDRESS}{whole.path}", date_less_than=until)
    assert picture["url"] == f"{theirs}&Hash-Algorithm=SHA256"


def test_a_key_that_is_none_stops_the_start_by_its_setting(host, stores):
    for key in [secret(stores, "hunter2"), "secretsmanager:nowhere", "nowhere.pem"]:
        with behind(host, stores, key) as function:
            assert function.wait() == 1
            told = function.log()
        assert "distribution.private_key" in told and "hunter2" not in told
