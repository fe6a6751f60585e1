"""What can be seen of the Terraform by reading it: shape, words, rights. Needs no Terraform and no network."""

import pathlib
import re

import pytest

AWS = pathlib.Path(__file__).parents[2]
MODULES = sorted(path.parent for path in (AWS / "modules").rglob("variables.tf"))
EXAMPLES = sorted(path for path in (AWS / "examples").iterdir() if path.is_dir())
ROOTS = [*EXAMPLES, AWS / "bootstrap"]
WANTED = {
    "network", "data", "functions", "api/http", "api/rest", "api/websocket", "edge", "containers", "instances", "models",
    "config", "identity", "observability", "resilience", "audit",
}


def blocks(folder, kind):
    """Each block of a kind in a folder's files: its labels, and what is between its braces."""
    for file in sorted(folder.glob("*.tf")):
        text = file.read_text()
        for match in re.finditer(rf'^{kind} ((?:"[^"]+" ?)+)\{{\n(.*?)^\}}', text, re.M | re.S):
            yield tuple(re.findall(r'"([^"]+)"', match[1])), match[2], file


def named(paths):
    return pytest.mark.parametrize("folder", paths, ids=[str(path.relative_to(AWS)) for path in paths])


def test_every_module_that_was_asked_for_is_there():
    assert WANTED <= {str(path.relative_to(AWS / "modules")) for path in MODULES}


def test_every_example_that_was_asked_for_is_there():
    wanted = {"serverless", "containers", "instances", "classification", "multi-region", "dev-prod"}
    assert wanted == {path.name for path in EXAMPLES}


@named([*MODULES, *ROOTS])
def test_every_variable_has_a_type_and_says_what_it_is(folder):
    for (name,), body, file in blocks(folder, "variable"):
        assert re.search(r"^  type +=", body, re.M), f"{file}: {name} has no type"
        assert re.search(r'^  description +=? *"[A-Zr]', body, re.M) or re.search(r"^  description +=", body, re.M), name


@named([*MODULES, *EXAMPLES])
def test_every_output_says_what_it_is(folder):
    found = list(blocks(folder, "output"))
    assert found, f"{folder} gives nothing"
    for (name,), body, file in found:
        assert re.search(r"^  description +=", body, re.M), f"{file}: {name}"


@named(MODULES)
def test_every_module_says_which_versions_it_needs(folder):
    text = (folder / "versions.tf").read_text()
    assert "required_version" in text and 'source' in text and "version" in text


@named(MODULES)
def test_every_module_opens_with_what_it_is(folder):
    assert (folder / "main.tf").read_text().startswith("# ")


@named(MODULES)
def test_a_module_has_few_variables(folder):
    assert len(list(blocks(folder, "variable"))) <= 35


def test_every_module_and_example_has_its_line_in_the_readme():
    readme = (AWS / "README.md").read_text()
    for path in MODULES:
        assert f"`{path.relative_to(AWS / 'modules')}`" in readme, path
    for path in EXAMPLES:
        assert f"`{path.name}`" in readme, path


@named(EXAMPLES)
def test_every_example_tags_with_owner_and_environment(folder):
    text = (folder / "versions.tf").read_text()
    for tag in ["Owner ", "Environment ", "Project "]:
        assert tag in text
    providers = re.findall(r'^provider "aws" \{\n(.*?)^\}', text, re.M | re.S)
    assert providers and all("default_tags" in provider for provider in providers)


@named(MODULES)
def test_no_module_names_a_provider_of_its_own(folder):
    assert not list(blocks(folder, "provider"))


def statements():
    """Every statement of a policy that is written out: its text, and the file."""
    for file in sorted([*(AWS / "modules").rglob("*.tf"), *(AWS / "examples").rglob("*.tf"), AWS / "bootstrap" / "main.tf"]):
        text = file.read_text()
        for match in re.finditer(r"^( *)statement \{\n(.*?)^\1\}", text, re.M | re.S):
            yield match[2], file


def test_a_star_in_a_written_policy_denies_or_is_a_keys_own():
    seen = 0
    for text, file in statements():
        seen += 1
        star = re.search(r'resources += \["\*"\]', text) or re.search(r'actions += \[[^\]]*:\*"', text)
        denies = 'effect    = "Deny"' in text
        if star and not denies:
            assert file.parent.name == "audit" and "principals" in text, f"{file}: {text}"
    assert seen > 10


def test_a_role_says_why_where_it_can_name_no_resource():
    variables = (AWS / "modules/identity/role/variables.tf").read_text()
    assert "Name the resources, or say `because` why none can be named." in variables
    for file in [*(AWS / "modules").rglob("*.tf"), *(AWS / "examples").rglob("*.tf")]:
        for match in re.finditer(r'resources += \["\*"\]\n(.*)', file.read_text()):
            if "principals" in match[1]:
                continue
            assert re.match(r" +because +=", match[1]), f"{file}: {match[0]}"


def test_the_groups_limits_are_those_that_were_asked_for():
    text = (AWS / "modules/instances/variables.tf").read_text()
    limits = re.search(r'variable "instances" \{(.*?)^\}', text, re.M | re.S)[1]
    assert "min          = optional(number, 2)" in limits
    assert "max          = optional(number, 20)" in limits
    assert "busy_percent = optional(number, 80)" in limits


def test_the_alarms_limits_are_those_that_were_asked_for():
    found = {name: body for (name,), body, _ in blocks(AWS / "modules/observability", "variable")}
    assert re.search(r"default += 2$", found["latency_seconds"], re.M)
    assert re.search(r"default += 1$", found["error_percent"], re.M)


def test_every_runbook_that_an_alarm_names_is_there():
    text = "".join(file.read_text() for file in (AWS / "modules").rglob("*.tf"))
    named_there = set(re.findall(r"docs/runbooks/[a-z-]+\.md", text))
    assert named_there
    for path in named_there:
        assert (AWS.parents[1] / path).is_file(), path


def test_nothing_that_looks_like_a_key_is_written_down():
    for file in AWS.rglob("*"):
        if file.is_file() and file.suffix in {".tf", ".tfvars", ".toml", ".tftpl", ".yml", ".json", ""} and "build" not in file.parts and ".venv" not in file.parts:
            assert not re.search(r"AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE", file.read_text(errors="replace")), file
