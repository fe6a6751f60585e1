"""The services of AWS that a function asks for what it is: the Parameter Store, AppConfig's agent, Secrets Manager,
and an API's connections. Each says what a test has put there."""

import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler

from scripted_host import Host


class Amazon(Host):
    """`parameters`, `configurations` and `secrets` by name; `posts` has what was said on connections, and whoever is
    in `gone` has left. `asked` counts what was asked for, by operation."""

    def __init__(self):
        self.parameters = {}
        self.configurations = {}
        self.secrets = {}
        self.posts = []
        self.gone = set()
        self.asked = []
        self.posted = threading.Condition()
        amazon = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                signed = self.headers.get("authorization", "")
                assert signed.startswith("AWS4-HMAC-SHA256 "), self.path
                path = urllib.parse.unquote(self.path)
                if path.startswith("/@connections/"):
                    assert "/execute-api/aws4_request" in signed
                    return self.said(amazon.take(path.removeprefix("/@connections/"), body), b"")
                operation = self.headers["x-amz-target"]
                amazon.asked.append(operation)
                wanted = json.loads(body)
                if operation == "AmazonSSM.GetParameter" and wanted["Name"] in amazon.parameters:
                    value = amazon.parameters[wanted["Name"]]
                    found = {"Name": wanted["Name"], "Type": "String", "Value": value, "Version": 1}
                    return self.said(200, json.dumps({"Parameter": found}).encode())
                if operation == "secretsmanager.GetSecretValue" and wanted["SecretId"] in amazon.secrets:
                    return self.said(200, json.dumps({"SecretString": amazon.secrets[wanted["SecretId"]]}).encode())
                return self.said(400, json.dumps({"__type": "ResourceNotFoundException", "message": "no such"}).encode())

            def do_GET(self):
                amazon.asked.append(self.path)
                found = amazon.configurations.get(self.path)
                return self.said(404, b"{}") if found is None else self.said(200, found.encode())

            def said(self, status, body):
                self.send_response(status)
                self.send_header("content-type", "application/x-amz-json-1.1")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        super().__init__(Handler)

    def take(self, connection, body):
        with self.posted:
            if connection in self.gone:
                return 410
            self.posts.append((connection, json.loads(body)))
            self.posted.notify_all()
            return 200

    def wait_for(self, count):
        with self.posted:
            assert self.posted.wait_for(lambda: len(self.posts) >= count, timeout=60), self.posts
