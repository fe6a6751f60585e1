"""The functions at the edge, run as CloudFront runs them: one request in, a request or an answer out."""

import json
import pathlib
import re
import shutil
import subprocess

import pytest

EDGE = pathlib.Path(__file__).parents[2] / "modules" / "edge"
DIGEST_OF_GOOD = "770e607624d689265ca6c44884d0807d9b054d23c473c106c72be9de08b7376c"


def run(source, request):
    """Runs a function over one request; the store of keys has the digest of `good` alone."""
    # Imports are CloudFront's; here they are Node's own and a store that we made.
    source = re.sub(r"^import .*$", "", source, flags=re.M)
    program = f"""
const crypto = require('crypto')
const cf = {{ kvs: () => ({{ exists: async (digest) => digest === '{DIGEST_OF_GOOD}' }}) }}
{source}
Promise.resolve(handler({{ request: {json.dumps(request)} }})).then((out) => console.log(JSON.stringify(out)))
"""
    assert shutil.which("node"), "Node.js runs the edge's functions here"
    done = subprocess.run(["node", "-e", program], capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


def viewer(require_key="true"):
    source = (EDGE / "viewer.js").read_text()
    for name, value in {"require_key": require_key, "prefix": "/stream", "websocket": '["/v1/ws"]'}.items():
        source = source.replace("${" + name + "}", value)
    assert "${" not in source
    return source


def request(uri, headers=None, query=None, method="POST"):
    wrap = lambda values: {name: {"value": value} for name, value in (values or {}).items()}
    return {"method": method, "uri": uri, "headers": wrap(headers), "querystring": wrap(query)}


@pytest.mark.parametrize("shown", [
    {"headers": {"authorization": "Bearer good"}},
    {"headers": {"x-api-key": "good"}},
    {"query": {"key": "good"}},
])
def test_a_known_key_passes_however_it_is_shown(shown):
    passed = run(viewer(), request("/stream/v1/chat/completions", **shown))
    assert passed["uri"] == "/v1/chat/completions"


@pytest.mark.parametrize("shown", [
    {},
    {"headers": {"authorization": "Bearer bad"}},
    {"headers": {"authorization": f"Bearer {DIGEST_OF_GOOD}"}},
    {"headers": {"authorization": "Basic good"}},
    {"query": {"key": ""}},
])
def test_no_key_or_another_is_refused(shown):
    assert run(viewer(), request("/stream/v1/chat/completions", **shown))["statusCode"] == 401


def test_a_key_in_the_query_goes_no_further():
    passed = run(viewer(), request("/v1/ws", query={"key": "good", "room": "1"}, method="GET"))
    assert passed["querystring"] == {"room": {"value": "1"}}


def test_a_conversation_is_opened_at_the_gateways_root():
    assert run(viewer(), request("/v1/ws", query={"key": "good"}, method="GET"))["uri"] == "/"


def test_a_preflight_needs_no_key():
    assert run(viewer(), request("/stream/v1/chat/completions", method="OPTIONS"))["uri"] == "/v1/chat/completions"


def test_where_no_key_is_asked_for_everybody_passes():
    assert run(viewer("false"), request("/stream/v1/models"))["uri"] == "/v1/models"


@pytest.mark.parametrize(("uri", "file"), [
    ("/", "/index.html"),
    ("/race", "/index.html"),
    ("/images/jobs/", "/index.html"),
    ("/assets/index-1a2b.js", "/assets/index-1a2b.js"),
    ("/config.js", "/config.js"),
])
def test_the_consoles_addresses_are_answered_by_its_page(uri, file):
    assert run((EDGE / "pages.js").read_text(), request(uri, method="GET"))["uri"] == file
