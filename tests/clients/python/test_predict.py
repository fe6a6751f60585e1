"""What is on a picture, asked as people ask: with curl's body, with JSON, and as a container is asked."""

import base64
import struct
from pathlib import Path

import pytest

from busbar_server import Server, settings

EYES = "efficientnet-lite0"
PHOTOS = Path(__file__).parents[4] / "shared" / "models" / "mobilenet-v2"


@pytest.fixture(scope="module")
def looking():
    toml = settings().replace("[models]", f'[models]\nvision = ["{EYES}"]')
    with Server(toml) as running:
        yield running


def bmp(side=64):
    """A picture of our own: colours that change from corner to corner."""
    rows = b"".join(bytes((x * 4 % 256, y * 4 % 256, 128)) for y in range(side) for x in range(side))
    head = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 24, 0, len(rows), 2835, 2835, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(rows), 0, 0, 54) + head + rows


def test_a_picture_gets_labels_however_it_is_sent(looking):
    with looking.http() as http:
        raw = http.post("/predict?top_k=3", content=bmp(), headers={"content-type": "image/bmp"})
        assert raw.status_code == 200, raw.text
        labels = raw.json()["predictions"]
        assert len(labels) == 3 and labels == sorted(labels, key=lambda one: -one["score"])
        assert raw.json()["model"] == EYES and raw.json()["timings_ms"]["inference"] > 0
        told = http.post("/predict", json={"image": base64.b64encode(bmp()).decode(), "top_k": 3})
        assert told.json()["predictions"] == labels
        form = http.post("/predict?top_k=3", files={"image": ("a.bmp", bmp(), "image/bmp")})
        assert form.json()["predictions"] == labels
        container = http.post("/invocations?top_k=3", content=bmp(), headers={"content-type": "application/x-image"})
        assert container.json()["predictions"] == labels


def test_what_is_no_picture_is_told(looking):
    with looking.http() as http:
        refused = http.post("/predict", content=b"no picture at all", headers={"content-type": "image/png"})
        assert refused.status_code == 400 and refused.json()["param"] == "image", refused.text


@pytest.mark.parametrize(("photo", "label", "score"), [("cat.bmp", "Egyptian cat", 0.516), ("bird.bmp", "chickadee", 0.900)])
def test_a_photo_is_seen_for_what_it_is(looking, photo, label, score):
    if not (PHOTOS / photo).exists():
        pytest.skip(f"{photo} is not beside this checkout")
    with looking.http() as http:
        seen = http.post("/predict", content=(PHOTOS / photo).read_bytes(), headers={"content-type": "image/bmp"})
        best = seen.json()["predictions"][0]
        assert best["label"].lower() == label.lower() and abs(best["score"] - score) < 0.02, best
