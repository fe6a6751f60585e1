"""Keys that Secrets Manager keeps: fetched at the start, and again when their host refuses them."""

import json
import urllib.error

import pytest

from places import Busbar, eventually
from test_parameters import put


@pytest.fixture
def kept(aws, host):
    """A secret, and a provider whose key it is."""
    client = aws.client("secretsmanager")
    client.create_secret(Name="prod/far", SecretString=json.dumps({"key": "sk-one"}))
    put(aws, "/busbar/kept", host.provider("m", 'api_key = "secretsmanager:prod/far#key"'))
    yield client
    host.accepts = None
    client.delete_secret(SecretId="prod/far", ForceDeleteWithoutRecovery=True)


def started(folder, aws):
    busbar = Busbar(folder, kind="ssm", parameters="/busbar/kept", endpoint=aws.url)
    busbar.surroundings["BUSBAR_VAULT__ENDPOINT"] = aws.url
    return busbar


def test_a_key_that_was_turned_is_fetched_anew(aws, host, kept, tmp_path):
    with started(tmp_path, aws) as busbar:
        assert busbar.ask() == "m"
        assert host.keys[-1] == "Bearer sk-one"
        kept.put_secret_value(SecretId="prod/far", SecretString=json.dumps({"key": "sk-two"}))
        host.accepts = "Bearer sk-two"

        def accepted():
            try:
                return busbar.ask() == "m"
            except urllib.error.HTTPError as refused:
                assert refused.code == 502
                return False

        eventually(accepted, "the new key is used")
        assert "sk-" not in busbar.log()
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or b"sk-" not in file.read_bytes(), file


def test_a_key_that_cannot_be_had_stops_the_start_by_its_field(aws, host, tmp_path):
    put(aws, "/busbar/kept", host.provider("m", 'api_key = "secretsmanager:prod/nobody"'))
    busbar = started(tmp_path, aws)
    with pytest.raises(AssertionError, match=r"providers\[0\].api_key.*prod/nobody"), busbar:
        pass
