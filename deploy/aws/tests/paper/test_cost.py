"""The paper on cost is what its script writes, and the script counts as a person would."""

import importlib.util
import pathlib

import pytest

SCRIPT = pathlib.Path(__file__).parents[2] / "cost" / "cost.py"
SPEC = importlib.util.spec_from_file_location("cost", SCRIPT)
cost = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(cost)


def test_the_paper_is_what_the_script_writes():
    assert cost.PAPER.read_text() == cost.paper()


def test_a_functions_time_is_paid_by_the_gigabyte_second():
    # 0.8 s and half a gigabyte, a million times, at 0.0000133334: 5.33 dollars, and a little for its own work.
    assert cost.function("arm64")["time"] == pytest.approx(5.34, abs=0.01)


def test_more_requests_never_cost_more_each():
    for what in [cost.containers, cost.instances]:
        each = [what(volume, "arm64")[1] for volume in cost.VOLUMES]
        assert each == sorted(each, reverse=True)


def test_two_stand_until_the_peak_needs_more():
    assert cost.needed(1, 0.5, 0.7) == 2
    busy = 100_000 * cost.MILLION / cost.SECONDS * cost.PEAK * cost.processor_seconds()
    assert cost.needed(100_000, 0.5, 0.7) == pytest.approx(busy / 0.35, rel=0.01)


def test_the_paper_on_aws_quotes_these_figures():
    text = (cost.PAPER.parent / "aws.md").read_text()
    one = cost.usd(sum(cost.function("arm64").values()))
    for title, volume in [("a million requests (a million a month)", 1), ("the same at 100 million a month", 100)]:
        tasks, machines = (cost.usd(what(volume, "arm64")[1]) for what in [cost.containers, cost.instances])
        assert f"| {title} | {one} | {tasks} | {machines} |" in text
