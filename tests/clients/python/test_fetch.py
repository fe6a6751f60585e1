"""Pictures that are named by their address: fetched where they may be, and nothing else is reached."""

import http.server
import threading
from contextlib import contextmanager

import pytest

from busbar_server import Server, settings
from test_predict import EYES, bmp


class Pictures(http.server.BaseHTTPRequestHandler):
    """A host of pictures, with doors to elsewhere."""

    def do_GET(self):
        if self.path == "/cat.bmp":
            return self.give("image/bmp", bmp())
        if self.path == "/page":
            return self.give("text/html", b"<p>secret</p>")
        if self.path == "/huge":
            return self.give("image/png", b"\x89PNG\r\n\x1a\n" + bytes(1 << 20))
        if self.path == "/bomb":
            return self.give("image/png", claiming(60_000, 60_000))
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("location", self.path.removeprefix("/to/"))
            return self.end_headers()
        return self.send_error(404)

    def give(self, kind, body):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # What is too large is not read to its end.

    def log_message(self, *_):
        pass


def claiming(width, height):
    """The head of a PNG that says how large it is, and has hardly a pixel."""
    import struct
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(999))) + chunk(b"IEND", b"")


@contextmanager
def hosting(address="127.0.0.1"):
    host = http.server.ThreadingHTTPServer((address, 0), Pictures)
    threading.Thread(target=host.serve_forever, daemon=True).start()
    try:
        yield f"http://{address}:{host.server_address[1]}"
    finally:
        host.shutdown()
        host.server_close()


@pytest.fixture(scope="module")
def host():
    with hosting() as url:
        yield url


@pytest.fixture(scope="module")
def fetching():
    more = '[fetch]\nallow = ["127.0.0.1"]\nsize_limit = "256 KiB"\ntimeout = "5s"'
    with Server(settings(more=more).replace("[models]", f'[models]\nvision = ["{EYES}"]')) as running:
        yield running


def refused(answer, status, code, param="image_url"):
    told = answer.json()
    assert (answer.status_code, told["code"], told["param"]) == (status, code, param), told
    assert "secret" not in answer.text and "127.0.0" not in answer.text


def test_a_picture_at_an_address_is_seen_like_one_that_is_sent(fetching, host):
    with fetching.http() as http:
        sent = http.post("/predict", content=bmp(), headers={"content-type": "image/bmp"}).json()
        told = http.post("/predict", json={"image_url": f"{host}/cat.bmp"})
        assert told.status_code == 200, told.text
        assert told.json()["predictions"] == sent["predictions"]
        assert told.json()["timings_ms"]["fetch"] > 0 and told.json()["version"]
        moved = http.post("/predict", json={"image_url": f"{host}/to//cat.bmp"})
        assert moved.status_code == 200, moved.text
        several = [{"image_url": f"{host}/cat.bmp"}, {"image_url": f"{host}/to//cat.bmp"}]
        results = http.post("/predict", json={"images": several, "top_k": 1}).json()["results"]
        assert [result["predictions"] for result in results] == [sent["predictions"][:1]] * 2
        container = http.post("/invocations", json={"image_url": f"{host}/cat.bmp"})
        assert container.json()["predictions"] == sent["predictions"]


def test_nothing_inside_is_reached_directly_or_by_a_detour(fetching, host):
    # Another address of this machine than the one that is allowed.
    with hosting("127.0.0.2") as inside, fetching.http() as http:
        for url in (
            f"{inside}/cat.bmp",
            f"{host}/to/{inside}/cat.bmp",
            "http://169.254.169.254/latest/meta-data/",
            "http://[::ffff:169.254.169.254]/",
            "http://2852039166/",
            "http://10.0.0.1/",
            "http://[fd00:ec2::254]/",
            "http://nobody.invalid/",
        ):
            refused(http.post("/predict", json={"image_url": url}), 400, "address_refused")
        for url in ("file:///etc/passwd", "ftp://127.0.0.1/", "http://me:secret@127.0.0.1/", f"{host}/to/file:///etc/passwd"):
            refused(http.post("/predict", json={"image_url": url}), 400, "address_invalid")
        second = [{"image_url": f"{host}/cat.bmp"}, {"image_url": f"{inside}/cat.bmp"}]
        refused(http.post("/predict", json={"images": second}), 400, "address_refused", "images[1].image_url")


def test_what_is_no_picture_or_too_much_of_one_is_told(fetching, host):
    with fetching.http() as http:
        for path, status, code in (
            ("page", 400, "fetched_unwanted"),
            ("missing", 400, "fetched_nothing"),
            ("huge", 413, "fetched_too_large"),
            ("bomb", 413, "image_too_large"),
        ):
            refused(http.post("/predict", json={"image_url": f"{host}/{path}"}), status, code)
        closed = http.post("/predict", json={"image_url": "http://127.0.0.1:1/"})
        refused(closed, 502, "fetch_failed")
