"""What a function does beside answering HTTP: where its configuration and keys come from, what it tells of itself, and
conversations whose connections an API holds."""

import json
import threading
import time

import pytest

from amazon import Amazon
from lambda_service import WAIT_SECONDS, Function, function_url, http_api, websocket
from scripted_host import ScriptedHost
from test_lambda import HELLO, SAID, chat, configuration

TRACE = "5bef4de7ad49b0e87f6ef6c87fc2e700"
CONNECTION = "Kx1yzcXXoAMCJ2g="


@pytest.fixture
def host():
    with ScriptedHost() as scripted:
        yield scripted


@pytest.fixture
def amazon():
    with Amazon() as services:
        yield services


def eventually(there):
    until = time.monotonic() + 60
    while not there():
        assert time.monotonic() < until
        time.sleep(0.05)


def models(function):
    return [model["id"] for model in function.call(http_api("GET", "/v1/models")).whole().json()["data"]]


def test_the_parameter_store_is_named_in_one_word_and_looked_at_as_events_come(host, amazon):
    amazon.parameters["/busbar/configuration"] = configuration(host)
    surroundings = {
        "BUSBAR_CONFIG": "ssm:/busbar/configuration",
        "BUSBAR_SOURCE__ENDPOINT": amazon.url,
        "BUSBAR_SOURCE__INTERVAL": "1s",
    }
    with Function("", more=surroundings) as function:
        assert "far" in models(function)
        amazon.parameters["/busbar/configuration"] = configuration(host).replace('"far"', '"farther"')
        eventually(lambda: "farther" in models(function))
        amazon.parameters["/busbar/configuration"] = "nonsense"
        eventually(lambda: models(function) and "refused" in function.log())
        assert "farther" in models(function)


def test_appconfigs_agent_is_named_in_one_word(host, amazon):
    amazon.configurations["/applications/a/environments/e/configurations/p"] = configuration(host)
    surroundings = {"BUSBAR_CONFIG": "appconfig-extension:a/e/p", "BUSBAR_SOURCE__ENDPOINT": amazon.url}
    with Function("", more=surroundings) as function:
        assert "far" in models(function)


def test_a_word_that_leads_nowhere_stops_the_start_and_says_why(amazon):
    with Function("", more={"BUSBAR_CONFIG": "appconfig:only/two"}) as function:
        assert function.wait() == 1 and "APPLICATION/ENVIRONMENT/PROFILE" in function.log()
    with Function("", more={"BUSBAR_CONFIG": "ssm:/gone", "BUSBAR_SOURCE__ENDPOINT": amazon.url}) as function:
        assert function.wait() == 1 and "/gone" in function.log()


def figures(function):
    lines = [line for line in function.log().splitlines() if line.startswith('{"') and '"_aws"' in line]
    return [json.loads(line) for line in lines]


def test_each_answer_is_a_line_of_figures(host):
    surroundings = {"BUSBAR_METRICS__EMF": "Busbar", "BUSBAR_METRICS__NAME": "busbar-dev"}
    with Function(configuration(host), name="busbar-dev-sync-api", more=surroundings) as function:
        for _ in range(2):
            assert function.call(chat(http_api)).whole().status == 200
        assert function.call(http_api("GET", "/readyz")).whole().status == 200
        assert function.call(http_api("GET", "/v1/nothing")).whole().status == 404
        told = figures(function)
    assert [line.get("ColdStarts") for line in told] == [1, 0, None]
    assert {(line["Service"], line["Duty"]) for line in told} == {("busbar-dev", "sync-api")}
    assert (told[0]["Model"], told[0]["Requests"], told[0]["OutputTokens"]) == ("far", 1, 5)
    assert told[2]["HttpErrors"] == 1 and told[2]["Status"] == "404"
    by = [directive["Dimensions"] for directive in told[0]["_aws"]["CloudWatchMetrics"]]
    assert by == [[["Service", "Duty"]], [["Service", "Model"]], [["Service", "Architecture"]]]
    assert HELLO["messages"][0]["content"] not in json.dumps(told)


def test_the_trace_goes_on_to_the_models_host_and_into_the_log(host):
    with Function(configuration(host), more={"BUSBAR_LOG__FORMAT": "json"}) as function:
        answer = function.call(chat(function_url)).whole()
        assert answer.headers["x-request-id"].startswith(TRACE)
        assert TRACE in function.log()
    sent = {name.lower(): value for name, value in host.heads[0].items()}
    assert sent["x-amzn-trace-id"] == "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0"


def kept(host, key="secretsmanager:prod/far#key"):
    return configuration(host).replace('"unused"', f'"{key}"')


def key_of(host):
    return {name.lower(): value for name, value in host.heads[-1].items()}["authorization"]


def test_a_key_is_fetched_from_where_it_is_kept_and_again_later(host, amazon):
    amazon.secrets["prod/far"] = '{"key": "sk-one"}'
    with Function(kept(host), more={"BUSBAR_VAULT__ENDPOINT": amazon.url, "BUSBAR_VAULT__KEEP": "1s"}) as function:
        assert function.started.wait(WAIT_SECONDS)
        assert len(amazon.asked) == 1, "at the start, before anybody asks"
        assert function.call(chat(http_api)).whole().status == 200
        assert key_of(host) == "Bearer sk-one"
        amazon.secrets["prod/far"] = '{"key": "sk-two"}'

        def renewed():
            assert function.call(chat(http_api)).whole().status == 200
            return key_of(host) == "Bearer sk-two"

        eventually(renewed)
        amazon.secrets.clear()
        asked = len(amazon.asked)

        def in_vain():
            assert function.call(chat(http_api)).whole().status == 200, "what is known goes on"
            return len(amazon.asked) > asked

        eventually(in_vain)
        assert key_of(host) == "Bearer sk-two"
        assert "sk-" not in function.log()


def test_a_variable_may_name_a_key_by_its_arn(host, amazon):
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:far-AbCdEf"
    amazon.secrets[arn] = "sk-arn"
    toml = configuration(host).replace('api_key = "unused"', 'api_key_env = "FAR_KEY"')
    with Function(toml, more={"FAR_KEY_SECRET_ARN": arn, "BUSBAR_VAULT__ENDPOINT": amazon.url}) as function:
        assert function.call(chat(http_api)).whole().status == 200
    assert key_of(host) == "Bearer sk-arn"


def test_a_key_that_cannot_be_had_stops_the_start_by_its_field(host, amazon):
    with Function(kept(host), more={"BUSBAR_VAULT__ENDPOINT": amazon.url}) as function:
        assert function.wait() == 1
        told = function.log()
    assert "providers[0].api_key" in told and "prod/far" in told and "vault.region" in told


def talking(host, amazon):
    return Function(configuration(host), more={"BUSBAR_LAMBDA__CONNECTIONS": amazon.url})


def said(function, frame):
    return function.call(websocket("MESSAGE", "$default", json.dumps(frame))).whole()


def test_a_conversation_is_answered_on_its_connection(host, amazon):
    with talking(host, amazon) as function:
        for kind, route in (("CONNECT", "$connect"), ("DISCONNECT", "$disconnect")):
            assert function.call(websocket(kind, route)).whole().status == 200
        assert amazon.posts == [], "nothing can be said before there is a connection"
        assert said(function, {"type": "chat", "id": "a", "body": HELLO}).status == 200
        frames = [frame for connection, frame in amazon.posts if connection == CONNECTION]
        assert (frames[0]["type"], frames[-1]["type"]) == ("started", "done")
        assert frames[-1]["usage"]["completion_tokens"] == 5
        chunks = [frame["data"] for frame in frames if frame["type"] == "chunk"]
        text = "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])
        assert text == SAID
        assert [frame["seq"] for frame in frames[1:]] == list(range(1, len(frames)))
        said(function, {"type": "ping", "at": 7})
        assert amazon.posts[-1][1] == {"type": "pong", "at": 7}
        # The same function answers requests.
        assert function.call(chat(http_api)).whole().status == 200


def test_what_is_said_comes_while_the_model_still_speaks():
    go_on = threading.Semaphore(0)
    with ScriptedHost(held=go_on) as slow, Amazon() as amazon, talking(slow, amazon) as function:
        asked = function.call(websocket("MESSAGE", "$default", json.dumps({"type": "chat", "id": "a", "body": HELLO})))
        amazon.wait_for(2)
        assert amazon.posts[0][1]["type"] == "started"
        assert not any(frame["type"] == "done" for _, frame in amazon.posts)
        go_on.release(50)
        assert asked.whole().status == 200
        assert amazon.posts[-1][1]["type"] == "done"


def test_a_connection_that_is_gone_stops_the_work_and_nothing_else(host):
    go_on = threading.Semaphore(0)
    with ScriptedHost(held=go_on) as slow, Amazon() as amazon, talking(slow, amazon) as function:
        asked = function.call(websocket("MESSAGE", "$default", json.dumps({"type": "chat", "id": "a", "body": HELLO})))
        amazon.wait_for(2)
        amazon.gone.add(CONNECTION)
        go_on.release(1)
        # The model would have more to say, and never gets to: the event is over nevertheless.
        assert asked.whole().status == 200
        assert "the client has left" in function.log()
        go_on.release(50)
        other = websocket("MESSAGE", "$default", json.dumps({"type": "ping", "at": 1}), connection="other")
        assert function.call(other).whole().status == 200
        assert amazon.posts[-1] == ("other", {"type": "pong", "at": 1})


def test_what_one_message_cannot_do_to_another_is_said(host, amazon):
    with talking(host, amazon) as function:
        said(function, {"type": "cancel", "id": "a"})
        assert amazon.posts[-1][1]["error"]["code"] == "messages_are_apart"
        function.call(websocket("MESSAGE", "$default", "hello?")).whole()
        assert amazon.posts[-1][1]["type"] == "error"
