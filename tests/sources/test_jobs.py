"""Pictures as jobs of servers that share nothing but a table, queues and a bucket."""

import base64
import hmac
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from places import LONG, Busbar, eventually
from stores import Stores

MODEL = Path(__file__).parents[1] / "fixtures/diffusion/sd1"
MAKES = ["--image-model", f"tiny={MODEL}", "--set", "jobs.lease=2s", "--set", "images.threads=1"]
PNG = b"\x89PNG\r\n\x1a\n"


def small(steps):
    return {"prompt": "a red apple", "width": 64, "height": 64, "steps": steps, "seed": 7}


@pytest.fixture
def stores(aws):
    return Stores(aws)


def state(server, job):
    return server.json(f"/v1/images/jobs/{job}")["state"]


def fetched(address):
    with urllib.request.urlopen(address, timeout=LONG) as answer:
        return answer.headers["content-type"], answer.read()


def test_a_job_outlives_the_server_that_took_it_and_its_picture_is_fetched_from_the_bucket(stores, tmp_path):
    folders = [tmp_path / "one", tmp_path / "another"]
    for folder in folders:
        folder.mkdir()
    with Busbar(folders[0], *MAKES, storage=stores.settings()) as server:
        job = server.json("/v1/images/jobs", small(500))["id"]
        eventually(lambda: state(server, job) == "running", "the job runs")
        server.process.kill()
        server.process.wait()
    assert [item["phase"]["S"] for item in stores.items() if "phase" in item] == ["running"]
    with Busbar(folders[1], *MAKES, storage=stores.settings()) as server:
        eventually(lambda: state(server, job) == "succeeded", "the job is done")
        seen = server.json(f"/v1/images/jobs/{job}")
        assert seen["attempts"] == 2
        address = seen["pictures"][0]["url"]
        assert address.startswith(f"{stores.aws.url}/{stores.name}/files/{job}/")
        kind, picture = fetched(address)
        assert (kind, picture[:8]) == ("image/png", PNG)
        with pytest.raises(urllib.error.HTTPError, match="403"):
            fetched(address.replace("X-Amz-Expires=", "X-Amz-Expires=9"))
        # Pages may show what is there.
        with urllib.request.urlopen(f"{server.url}/healthz", timeout=LONG) as answer:
            assert answer.headers["content-security-policy"].endswith(f"img-src 'self' data: blob: {stores.aws.url}")
        assert len(stores.objects()) == 1
        gone = urllib.request.Request(f"{server.url}/v1/images/jobs/{job}", method="DELETE")
        urllib.request.urlopen(gone, timeout=LONG).close()
    assert stores.objects() == []
    # What signs for all servers stays.
    assert {item["sk"]["S"] for item in stores.items()} == {"signing"}


def test_a_server_answers_and_a_worker_elsewhere_makes_the_picture(stores, tmp_path):
    (tmp_path / "api").mkdir()
    (tmp_path / "worker").mkdir()
    with Busbar(tmp_path / "api", *MAKES, "--role", "api", storage=stores.settings()) as server:
        asked = server.json("/v1/images/jobs", small(3))
        assert asked["position"] == 1
        worker = Busbar(tmp_path / "worker", storage=stores.settings())
        with worker.working(*MAKES):
            eventually(lambda: state(server, asked["id"]) == "succeeded", "the worker is done")
        picture = server.json(f"/v1/images/jobs/{asked['id']}")["pictures"][0]
        assert fetched(picture["url"])[1][:8] == PNG


def test_a_server_whose_stores_are_out_of_reach_says_so_and_serves_the_rest(tmp_path):
    nowhere = {
        "jobs": "dynamodb:busbar",
        "queues": "sqs:http://127.0.0.1:9/0/busbar-",
        "files": "s3://busbar/files/",
        "endpoint": "http://127.0.0.1:9",
    }
    with Busbar(tmp_path, *MAKES, storage=nowhere) as server:
        with pytest.raises(urllib.error.HTTPError, match="503"):
            server.json("/v1/images/jobs", small(3))
        assert server.json("/v1/models")["data"]


def configured(folder, more):
    (folder / "busbar.toml").write_text(more)
    return ["--config", str(folder / "busbar.toml")]


@pytest.fixture
def receiver():
    with Receiver() as listening:
        yield listening


def test_servers_that_share_their_jobs_sign_alike(stores, receiver, tmp_path):
    settings = stores.settings()
    # Pictures lie in a folder that both have, so that addresses are ours.
    del settings["files"]
    shared = tmp_path / "files"
    shared.mkdir()
    folders = [tmp_path / "one", tmp_path / "another"]
    for folder in folders:
        (folder / "data/jobs").mkdir(parents=True)
        (folder / "data/jobs/files").symlink_to(shared)
    allowed = configured(tmp_path, '[fetch]\nallow = ["127.0.0.1"]\n')
    servers = [Busbar(folder, *MAKES, *allowed, storage=settings) for folder in folders]
    with servers[0] as one, servers[1] as another:
        jobs = [server.json("/v1/images/jobs", {**small(1), "webhook": {"url": receiver.url}})["id"] for server in servers]
        for job in jobs:
            eventually(lambda: state(one, job) == "succeeded", "the job is done")
        for job in jobs:
            for writer, reader in ((one, another), (another, one)):
                address = writer.json(f"/v1/images/jobs/{job}")["pictures"][0]["url"]
                assert address.startswith(writer.url)
                elsewhere = address.replace(writer.url, reader.url)
                assert fetched(elsewhere)[1][:8] == PNG
                with pytest.raises(urllib.error.HTTPError, match="403"):
                    fetched(elsewhere[:-2] + ("AA" if not elsewhere.endswith("AA") else "BB"))
        eventually(lambda: {job for job, _ in receiver.heard} == set(jobs), "both ends were told")
    secrets = [item["text"]["S"].strip() for item in stores.items() if item["pk"]["S"] == "signing#webhooks"]
    assert len(secrets) == 1
    assert all(signature == signed(secrets[0], about) for _, (about, signature) in receiver.heard)
    for folder in folders:
        assert not list((folder / "data/jobs").glob("*-*")), "nobody has keys of his own"


def signed(secret, about):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.digest(key, about, "sha256")).decode()


class Receiver(ThreadingHTTPServer):
    """Keeps what webhooks say, and how that was signed."""

    def __init__(self):
        self.heard = heard = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                about = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + body
                heard.append((self.headers["webhook-id"].split(".")[0], (about, self.headers["webhook-signature"])))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/hook"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
