"""The part of AWS Lambda that a function sees: its Runtime API, played for the program `bootstrap`."""

import base64
import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

WAIT_SECONDS = 60
RUNTIME = "/2018-06-01/runtime/invocation/"
# What stands between an answer's head and its body where it is streamed.
BETWEEN = b"\0" * 8


class Invocation:
    """One event, and what the function says to it."""

    def __init__(self, event):
        self.id = str(uuid.uuid4())
        self.event = event
        self.streamed = None
        self.failure = None
        self.came = queue.Queue()

    def pieces(self):
        """What was sent, piece by piece, as it comes."""
        while (piece := self.came.get(timeout=WAIT_SECONDS)) is not None:
            yield piece

    def said(self):
        """What a function says that does not stream."""
        sent = b"".join(self.pieces())
        assert self.failure is None, self.failure
        assert not self.streamed
        return json.loads(sent)

    def whole(self):
        """The answer of a function that collects it: API Gateway's object."""
        return Answer(self.said())

    def head(self):
        """The head of a streamed answer. What comes after it is left to `pieces`."""
        read = b""
        while BETWEEN not in read:
            piece = self.came.get(timeout=WAIT_SECONDS)
            assert piece is not None, f"the answer ended within its head: {read}"
            read += piece
        assert self.streamed
        head, body = read.split(BETWEEN, 1)
        assert body == b"", "the runtime sends the body after the head, in pieces of its own"
        return json.loads(head)


class Answer:
    """What API Gateway makes of a function's object."""

    def __init__(self, said):
        self.status = said["statusCode"]
        several = {name: ", ".join(values) for name, values in (said.get("multiValueHeaders") or {}).items()}
        self.headers = {name.lower(): value for name, value in {**several, **said["headers"]}.items()}
        self.encoded = said["isBase64Encoded"]
        body = said.get("body") or ""
        self.body = base64.b64decode(body) if self.encoded else body.encode()

    def json(self):
        return json.loads(self.body)


class Function:
    """`with Function(toml) as function:`; `function.call(event)` hands over an event. `more` is what else it is
    given, as variables."""

    def __init__(self, toml, answers="whole", more=None, name="busbar"):
        self.folder = tempfile.TemporaryDirectory(prefix="busbar-lambda-")
        self.log_file = Path(self.folder.name) / "function.log"
        self.config = Path(self.folder.name) / "busbar.toml"
        self.config.write_text(toml, encoding="utf-8")
        self.answers = answers
        self.more = more or {}
        self.name = name
        self.waiting = queue.Queue()
        self.running = {}
        # Set once it asks for its first event: it has started then.
        self.started = threading.Event()
        self.process = None
        self.listener = ThreadingHTTPServer(("127.0.0.1", 0), handler(self))

    def __enter__(self):
        threading.Thread(target=self.listener.serve_forever, daemon=True).start()
        self.launch()
        return self

    def __exit__(self, *_):
        try:
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait(timeout=WAIT_SECONDS)
        finally:
            # A request for the next event may still be waiting for one.
            self.waiting.put(None)
            self.listener.shutdown()
            self.listener.server_close()
            self.folder.cleanup()

    def launch(self):
        given = {
            "BUSBAR_CONFIG": str(self.config),
            "BUSBAR_HOME": str(Path(self.folder.name) / "home"),
            "BUSBAR_LAMBDA__ANSWERS": self.answers,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.listener.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "NO_PROXY": "127.0.0.1",
            **self.more,
        }
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [bootstrap()], env=given, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )

    def call(self, event):
        invocation = Invocation(event)
        self.running[invocation.id] = invocation
        self.waiting.put(invocation)
        return invocation

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self):
        """Its exit code, once it has gone."""
        return self.process.wait(timeout=WAIT_SECONDS)

    def log(self):
        return self.log_file.read_text(encoding="utf-8", errors="replace")


def handler(function):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            assert self.path == f"{RUNTIME}next", self.path
            function.started.set()
            invocation = function.waiting.get()
            if invocation is None:
                self.close_connection = True
                return
            about = {
                "lambda-runtime-aws-request-id": invocation.id,
                "lambda-runtime-deadline-ms": "4102444800000",
                "lambda-runtime-invoked-function-arn": "arn:aws:lambda:us-east-1:123456789012:function:busbar:live",
                "lambda-runtime-trace-id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0",
                "content-type": "application/json",
            }
            self.answer(200, json.dumps(invocation.event).encode(), about)

        def do_POST(self):
            running, what = self.path.removeprefix(RUNTIME).split("/")
            invocation = function.running.pop(running)
            if what == "error":
                invocation.failure = self.rfile.read(int(self.headers["content-length"])).decode()
            else:
                assert what == "response", self.path
                mode = self.headers.get("lambda-runtime-function-response-mode")
                invocation.streamed = mode == "streaming"
                for piece in self.body():
                    invocation.came.put(piece)
            invocation.came.put(None)
            self.answer(202, b"{}", {"content-type": "application/json"})

        def body(self):
            """What is sent, in the pieces in which it is sent."""
            if self.headers.get("transfer-encoding") != "chunked":
                yield self.rfile.read(int(self.headers["content-length"]))
                return
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            # Trailers, up to an empty line.
            while self.rfile.readline().strip():
                pass

        def answer(self, status, body, headers):
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Handler


def bootstrap():
    """Built beside the program itself."""
    return str(Path(os.environ["TEST_BUSBAR"]).with_name("bootstrap"))


def headers_of(body):
    """What a client sends."""
    more = {"content-type": "application/json"} if body is not None else {}
    return {"host": "abc123.execute-api.us-east-1.amazonaws.com", "x-forwarded-proto": "https", **more}


def version_2(stage, before, method, path, body=None, encoded=False, query=""):
    """Payload 2.0. `before` is what its paths begin with."""
    headers = headers_of(body)
    context = {
        "accountId": "anonymous",
        "apiId": "abc123",
        "domainName": headers["host"],
        "domainPrefix": "abc123",
        "http": {
            "method": method,
            "path": before + path,
            "protocol": "HTTP/1.1",
            "sourceIp": "203.0.113.7",
            "userAgent": "test",
        },
        "requestId": "id",
        "routeKey": "$default",
        "stage": stage,
        "time": "12/Mar/2026:19:03:58 +0000",
        "timeEpoch": 1773342238000,
    }
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": before + path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": context,
        "isBase64Encoded": encoded,
    }
    return event if body is None else {**event, "body": body}


def function_url(*request, **more):
    return version_2("$default", "", *request, **more)


def http_api(*request, **more):
    """An API whose stage has a name, which comes before the path."""
    return version_2("live", "/live", *request, **more)


def rest_api(method, path, body=None, encoded=False, query=""):
    """Payload 1.0: the stage is beside the path, not in it."""
    headers = headers_of(body)
    pairs = dict(pair.split("=") for pair in query.split("&")) if query else None
    several = {name: [value] for name, value in pairs.items()} if pairs else None
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": pairs,
        "multiValueQueryStringParameters": several,
        "pathParameters": {"proxy": path.removeprefix("/")},
        "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc123",
            "domainName": headers["host"],
            "httpMethod": method,
            "identity": {"sourceIp": "203.0.113.7", "userAgent": "test"},
            "path": f"/live{path}",
            "protocol": "HTTP/1.1",
            "requestId": "id",
            "requestTimeEpoch": 1773342238000,
            "resourceId": "r",
            "resourcePath": "/{proxy+}",
            "stage": "live",
        },
        "body": body,
        "isBase64Encoded": encoded,
    }


def websocket(kind, route, body=None, stage="live", connection="Kx1yzcXXoAMCJ2g="):
    """A WebSocket API's event: CONNECT, MESSAGE or DISCONNECT."""
    context = {
        "routeKey": route,
        "eventType": kind,
        "extendedRequestId": "Kx1y0HdMIAMFp5g=",
        "requestTime": "12/Mar/2026:19:03:58 +0000",
        "messageDirection": "IN",
        "stage": stage,
        "connectedAt": 1773342238000,
        "requestTimeEpoch": 1773342239000,
        "identity": {"sourceIp": "203.0.113.7"},
        "requestId": "Kx1y0HdMIAMFp5g=",
        "domainName": "ws123.execute-api.us-east-1.amazonaws.com",
        "connectionId": connection,
        "apiId": "ws123",
    }
    event = {"requestContext": context, "isBase64Encoded": False}
    if kind == "CONNECT":
        event["headers"] = {"Host": context["domainName"], "Sec-WebSocket-Version": "13"}
        event["multiValueHeaders"] = {name: [value] for name, value in event["headers"].items()}
    return event if body is None else {**event, "messageId": "Kx1y0cHLoAMCJ2g=", "body": body}
