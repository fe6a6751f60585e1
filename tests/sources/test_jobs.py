"""Pictures as jobs of servers that share nothing but a table, queues and a bucket."""

import urllib.error
import urllib.request
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
    assert stores.items()[0]["phase"] == {"S": "running"}
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
    assert (stores.objects(), stores.items()) == ([], [])


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
