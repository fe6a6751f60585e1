"""What is on a picture, asked as people ask: with curl's body, with JSON, and as a container is asked."""

import base64
import struct
from pathlib import Path

import pytest

from busbar_server import Server, settings

EYES = "efficientnet-lite0"
KNOWN = [("cat.bmp", "egyptian cat", 0.516), ("bird.bmp", "chickadee", 0.900)]
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


def test_scores_are_shares_of_one_and_photos_are_seen_for_what_they_are(looking):
    with looking.http() as http:
        every = http.post("/predict?top_k=1000", content=bmp(), headers={"content-type": "image/bmp"})
        assert abs(sum(label["score"] for label in every.json()["predictions"]) - 1) < 0.001
        # Known answers, where the photos are beside this checkout.
        for photo, label, score in KNOWN:
            if (PHOTOS / photo).exists():
                sent = (PHOTOS / photo).read_bytes()
                seen = http.post("/predict", content=sent, headers={"content-type": "image/bmp"})
                best = seen.json()["predictions"][0]
                assert best["label"].lower() == label and abs(best["score"] - score) < 0.02, best
