"""What the runbooks tell people to type exists: calls of AWS with their options, words of `make`, scripts, outputs."""

import pathlib
import re

import botocore.session
import pytest
from botocore import xform_name

ROOT = pathlib.Path(__file__).parents[4]
BOOKS = sorted((ROOT / "docs/runbooks").glob("*.md"))
# Every command of AWS's has these beside its own.
EVERYWHERE = {"query", "output", "region", "profile"}


def typed(book):
    """What stands between backquotes, on one line."""
    return [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", book.read_text())]


@pytest.fixture(scope="module")
def known():
    return botocore.session.get_session()


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.stem)
def test_each_call_of_aws_is_one_with_these_options(book, known):
    calls = [code.split() for code in typed(book) if code.startswith("aws ")]
    for _, service, operation, *words in calls:
        # The command line calls the store of objects by another name.
        model = known.get_service_model({"s3api": "s3"}.get(service, service))
        names = {xform_name(name, "-"): name for name in model.operation_names}
        assert operation in names, (book.stem, service, operation)
        members = model.operation_model(names[operation]).input_shape.members
        options = {xform_name(name, "-") for name in members} | EVERYWHERE
        for word in words:
            option = word.removeprefix("--").split("=")[0]
            assert not word.startswith("--") or {option, option.removeprefix("no-")} & options, (book.stem, operation, word)


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.stem)
def test_each_word_of_make_and_each_script_is_there(book):
    made = set(re.findall(r"^([a-z-]+(?: [a-z-]+)*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    made = {word for line in made for word in line.split()}
    for code in typed(book):
        for word in re.findall(r"\bmake ([a-z-]+)", code):
            assert word in made, (book.stem, word)
        for script in re.findall(r"\bdeploy/aws/scripts/([a-z]+)", code):
            assert (ROOT / "deploy/aws/scripts" / script).exists(), (book.stem, script)
        for name in re.findall(r"scripts/terraform output ([a-z_]+)", code):
            outputs = [path.read_text() for path in ROOT.glob("deploy/aws/examples/*/outputs.tf")]
            assert any(f'output "{name}"' in text for text in outputs), (book.stem, name)


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.stem)
def test_each_alarm_has_the_name_that_it_is_given(book):
    named = "".join(path.read_text() for path in ROOT.glob("deploy/aws/modules/*/*.tf"))
    for alarm in re.findall(r"`…-([a-z]+)(?:-[a-z-]*…?)?`", book.read_text()):
        assert f'"${{var.name}}-{alarm}' in named or f"{alarm} = " in named, (book.stem, alarm)
