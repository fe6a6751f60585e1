"""Texts that are longer than the model's window are summarised in parts."""

import json

import pytest

from answers import events
from busbar_server import MODEL, Server, settings

SENTENCES = [
    "In {year} the harbour of Eastmouth was closed by ice for {days} days.",
    "The council of that year bought coal from the north and lent it to the bakers.",
    "Its lighthouse burned oil of rape, and its keeper wrote down every ship.",
]
TEXT = " ".join(
    sentence.format(year=1800 + n, days=3 + n) for n in range(17) for sentence in SENTENCES
)
ASKED = {"model": MODEL, "text": TEXT, "style": "headline", "length": "short", "seed": 1, "max_tokens": 16}


@pytest.fixture(scope="module")
def small():
    """A window that the text does not fit into."""
    with Server(settings(text="context = 512\nsequences = 4")) as running, running.http() as http:
        yield http


@pytest.fixture(scope="module")
def whole(small):
    answer = small.post("/v1/summaries", json=ASKED)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_text_beyond_the_window_is_summarised_in_parts(whole):
    assert whole["object"] == "summary" and whole["model"] == MODEL
    assert whole["summary"].strip()
    assert whole["parts"] > 1 and whole["rounds"] >= 1
    assert whole["usage"]["prompt_tokens"] > 512
    assert whole["busbar"]["tokens_out"] == whole["usage"]["completion_tokens"]


def test_a_streamed_summary_tells_how_far_it_is_and_ends_in_the_same_text(small, whole):
    with small.stream("POST", "/v1/summaries", json={**ASKED, "stream": True}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        read = [(event, json.loads(data)) for _, event, data in events(answer)]
    progress = [data for event, data in read if event == "progress"]
    assert {each["stage"] for each in progress} == {"map", "reduce"}
    mapped = [each["done"] for each in progress if each["stage"] == "map"]
    assert mapped == sorted(mapped) and mapped[-1] == progress[0]["total"] == whole["parts"]
    assert read[-1][0] == "done" and [event for event, _ in read].count("done") == 1
    assert "".join(data["text"] for event, data in read if event == "delta") == whole["summary"]
    assert read[-1][1]["summary"] == whole["summary"]


def test_a_wrong_style_is_a_problem_that_names_its_field(small):
    answer = small.post("/v1/summaries", json={**ASKED, "style": "limerick"})
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["param"] == "style" and answer.json()["status"] == 400
