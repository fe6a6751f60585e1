"""One history of a configuration for all that share a table: servers on several machines, and functions."""

import uuid

import pytest
from lambda_service import Function, http_api
from test_appconfig import Deployed
from test_function import ours

from places import Busbar, eventually
from stores import Stores

WRONG = "[server]\nbody_limit = 'much'\n"


@pytest.fixture
def deployed(aws):
    return Deployed(aws, f"shared-{uuid.uuid4().hex}")


@pytest.fixture
def shared(aws):
    return {"jobs": Stores(aws).settings()["jobs"], "endpoint": aws.url}


def server(folder, name, deployed, shared):
    (folder / name).mkdir()
    return Busbar(folder / name, storage=shared, **deployed.source)


def history(busbar):
    keys = ("version", "hash", "serves", "refused")
    return [[version.get(key) for key in keys] for version in busbar.json("/v1/config/versions")["versions"]]


def test_a_new_server_serves_the_last_good_version_of_another(deployed, shared, host, tmp_path):
    deployed.deploy(host.provider("one"))
    with server(tmp_path, "first", deployed, shared) as first:
        eventually(lambda: len(history(first)) == 1, "it is kept")
    deployed.deploy(host.provider("two") + WRONG)
    # Nothing is left of the first one but what is in the table.
    with server(tmp_path, "second", deployed, shared) as second:
        assert second.ask() == "one"
        eventually(lambda: second.count("busbar_config_refused_total") == 1, "what is offered is refused")
        with server(tmp_path, "third", deployed, shared) as third:
            assert third.ask() == "one"
            eventually(lambda: third.count("busbar_config_refused_total") == 1, "there too")
            assert history(second) == history(third)
            assert [version[2] for version in history(third)] == [True, False]
            assert "server.body_limit" in third.config("history").stdout
            assert not (tmp_path / "third/data/configurations").exists()


def test_going_back_is_for_all_of_them_and_for_those_that_come(deployed, shared, host, tmp_path):
    deployed.deploy(host.provider("one"))
    with server(tmp_path, "first", deployed, shared) as first:
        deployed.deploy(host.provider("two"))
        first.look_again()
        eventually(lambda: first.ask() == "two" and len(history(first)) == 2, "two answers")
        with server(tmp_path, "second", deployed, shared) as second:
            assert second.ask() == "two"
            assert second.json("/v1/config/rollback", {})["version"] == 1
            assert second.ask() == "one"
            eventually(lambda: first.ask() == "one", "the other one goes back too")
            with server(tmp_path, "third", deployed, shared) as third:
                assert third.ask() == "one"
                assert len(history(third)) == 2


def test_a_new_instance_of_a_function_serves_the_last_good_version(deployed, shared, host, aws):
    source = {f"BUSBAR_SOURCE__{name.upper()}": value for name, value in deployed.source.items()}
    stores = {f"BUSBAR_STORAGE__{name.upper()}": value for name, value in shared.items()}
    given = {**ours(), **source, **stores}

    def upstream(function):
        body = '{"model": "m", "messages": [{"role": "user", "content": "who?"}]}'
        answer = function.call(http_api("POST", "/v1/chat/completions", body)).whole()
        return answer.json()["choices"][0]["message"]["content"]

    def kept(table):
        return [item for item in table.scan(TableName=shared["jobs"].removeprefix("dynamodb:"))["Items"]]

    deployed.deploy(host.provider("one"))
    with Function("", more=given) as function:
        assert upstream(function) == "one"
        eventually(lambda: len(kept(aws.client("dynamodb"))) == 2, "an index and a version")
    deployed.deploy(host.provider("two") + WRONG)
    with Function("", more=given) as function:
        assert upstream(function) == "one"
        assert "refused" in function.log()
