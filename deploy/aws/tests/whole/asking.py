"""What was applied, asked as its users ask: by a token, by a signature, on a conversation; and what it wrote meanwhile."""

import base64
import json
import socket
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Message, Ping, Request, TextMessage

LONG = 120
ROOT_KEY = Credentials("test", "test")


class Answer:
    def __init__(self, answer):
        self.status, self.headers, self.body = answer.status, answer.headers, answer.read()

    def json(self):
        return json.loads(self.body)

    def events(self):
        """Server-sent events: their names and what they say."""
        for block in self.body.decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
            if "data" in fields:
                yield fields.get("event"), fields["data"]


class Asking:
    """The three ways to ask, and the one by which it is looked at."""

    def __init__(self, deployment, url, folder):
        self.deployment, self.url, self.folder = deployment, url, folder
        self.made = {name: output["value"] for name, output in json.loads(deployment.terraform("output", "-json")).items()}
        self.client = deployment.client
        self.token = None

    def by_path(self, which):
        """An address of the emulator: it has no names for APIs."""
        named = urllib.parse.urlsplit(self.made["addresses"][which])
        about = named.hostname.split(".")[0]
        if which == "stream_sse":
            return f"{self.url}/_aws/lambda-url/{about}"
        return f"{self.url}/_aws/execute-api/{about}/{named.path.strip('/') or '$default'}"

    def logged_in(self):
        """A token as Cognito makes it for programs, kept."""
        if self.token is None:
            cognito = self.client("cognito-idp")
            pool = self.made["login"]["issuer"].rsplit("/", 1)[-1]
            clients = cognito.list_user_pool_clients(UserPoolId=pool, MaxResults=10)["UserPoolClients"]
            programs = next(client["ClientId"] for client in clients if client["ClientName"].endswith("-programs"))
            secret = cognito.describe_user_pool_client(UserPoolId=pool, ClientId=programs)["UserPoolClient"]["ClientSecret"]
            body = urllib.parse.urlencode({"grant_type": "client_credentials", "scope": "busbar-dev/generate"}).encode()
            shown = base64.b64encode(f"{programs}:{secret}".encode()).decode()
            headers = {"authorization": f"Basic {shown}", "content-type": "application/x-www-form-urlencoded"}
            self.token = sent("POST", f"{self.url}/oauth2/token", body, headers).json()["access_token"]
        return {"authorization": f"Bearer {self.token}"}

    def api(self, method, path, body=None, headers=None, token=True):
        """The HTTP API, with a token."""
        return self.ask("sync_api", method, path, body, {**(self.logged_in() if token else {}), **(headers or {})})

    def stream(self, method, path, body=None, headers=None):
        """The function's own address, signed as the distribution signs."""
        written = None if body is None else json.dumps(body).encode()
        shown = {"content-type": "application/json", **(headers or {})}
        request = AWSRequest(method, self.by_path("stream_sse") + path, shown, written)
        SigV4Auth(ROOT_KEY, "lambda", "us-east-1").add_auth(request)
        return sent(method, request.url, written, dict(request.headers))

    def ask(self, which, method, path, body=None, headers=None):
        written = None if body is None else json.dumps(body).encode()
        return sent(method, self.by_path(which) + path, written, {"content-type": "application/json", **(headers or {})})

    def conversation(self):
        request = AWSRequest("GET", self.by_path("realtime_ws").replace("http://", "https://"))
        SigV4QueryAuth(ROOT_KEY, "execute-api", "us-east-1", expires=60).add_auth(request)
        return Conversation(request.url)

    def calls(self):
        """Every call that a duty has made so far, as the emulator saw it."""
        for line in (self.folder / "calls").read_text().splitlines():
            call = json.loads(line)
            if ":assumed-role/busbar-dev-" in (call["who"] or ""):
                call["duty"] = call["who"].split(":assumed-role/busbar-dev-")[1].split("/")[0]
                yield call

    def job(self, name):
        return self.api("GET", f"/v1/images/jobs/{name}").json()

    def depth(self, queue):
        """Messages of a queue, hidden ones included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        about, _, dead = queue.partition("-dead")
        url = self.made["data"]["queues"][about]["url"] + ("-dead" if queue.endswith("-dead") else dead)
        said = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(said[name]) for name in names)


    def files(self):
        listed = self.client("s3").list_objects_v2(Bucket=self.made["data"]["buckets"]["pictures"]["name"])
        return [one["Key"] for one in listed.get("Contents", [])]

    @contextmanager
    def nobody_works(self):
        """Messages wait as long as this lasts."""
        functions = self.client("lambda")
        mappings = functions.list_event_source_mappings()["EventSourceMappings"]
        image = next(one["UUID"] for one in mappings if one["EventSourceArn"].endswith("-jobs-image"))
        functions.update_event_source_mapping(UUID=image, Enabled=False)
        try:
            yield
        finally:
            functions.update_event_source_mapping(UUID=image, Enabled=True)

    def forget(self, name):
        """As a crash leaves it between recording a job and announcing it, a while ago."""
        self.client("sqs").purge_queue(QueueUrl=self.made["data"]["queues"]["jobs-image"]["url"])
        self.rewrite(name, lambda record: record.update(announced=False, changed=record["changed"] - 60_000))

    def grow_old(self, name):
        """A job that was kept long enough."""
        self.rewrite(name, lambda _: None)

    def rewrite(self, name, change):
        table = self.client("dynamodb")
        at = {"TableName": self.made["data"]["table"]["name"]}
        item = table.get_item(Key={"pk": {"S": f"job#{name}"}, "sk": {"S": "job"}}, ConsistentRead=True, **at)["Item"]
        record = json.loads(item["record"]["S"])
        change(record)
        table.put_item(Item={**item, "record": {"S": json.dumps(record)}, "due": {"N": "1000"}}, **at)


def sent(method, url, body=None, headers=None):
    request = urllib.request.Request(url, body, headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=LONG) as answer:
            return Answer(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return Answer(refused)


class Conversation:
    """A WebSocket, frame by frame."""

    def __init__(self, url):
        named = urllib.parse.urlsplit(url)
        self.peer = socket.create_connection((named.hostname, named.port), timeout=LONG)
        self.protocol = WSConnection(ConnectionType.CLIENT)
        self.waiting = []
        self.read = ""
        self.say(Request(host=named.netloc, target=f"{named.path}?{named.query}"))
        assert isinstance(self.event(), AcceptConnection)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.say(CloseConnection(code=1000))
        finally:
            self.peer.close()

    def say(self, event):
        self.peer.sendall(self.protocol.send(event))

    def send(self, **frame):
        self.say(Message(data=json.dumps(frame)))

    def event(self):
        while not self.waiting:
            came = self.peer.recv(65536)
            assert came, "the connection is gone"
            self.protocol.receive_data(came)
            self.waiting = list(self.protocol.events())
        return self.waiting.pop(0)

    def next(self):
        """The next frame."""
        while True:
            event = self.event()
            if isinstance(event, Ping):
                self.say(event.response())
            assert not isinstance(event, CloseConnection), event
            if isinstance(event, TextMessage):
                self.read += event.data
                if event.message_finished:
                    frame, self.read = json.loads(self.read), ""
                    # What a gateway says itself has no type.
                    assert "type" in frame, frame
                    return frame

    def until(self, *types):
        frames = [self.next()]
        while frames[-1]["type"] not in types:
            frames.append(self.next())
        return frames
