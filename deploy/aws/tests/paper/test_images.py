"""What can be said of the images without building them."""

import importlib.util
import pathlib
import re
import tomllib

import pytest

AWS = pathlib.Path(__file__).parents[2]
ROOT = AWS.parents[1]
SPEC = importlib.util.spec_from_file_location("sbom", AWS / "docker" / "sbom.py")
sbom = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(sbom)


@pytest.mark.parametrize("file", ["Dockerfile", "Dockerfile.gpu"])
def test_an_image_has_stages_no_root_and_a_health_check(file):
    text = (AWS / "docker" / file).read_text()
    assert len(re.findall(r"^FROM ", text, re.M)) >= 3
    last = text[text.rindex("\nFROM "):]
    assert "USER 65532:65532" in last and "HEALTHCHECK" in last and "STOPSIGNAL SIGTERM" in last
    assert not re.search(r"^FROM \S+:latest|^FROM [^\s:]+( AS \w+)?$", text.replace("FROM scratch", ""), re.M)


def test_images_are_built_by_the_compiler_that_the_project_asks_for():
    wanted = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["rust-version"]
    for file in ["Dockerfile", "Dockerfile.gpu"]:
        assert f"FROM rust:{wanted}-" in (AWS / "docker" / file).read_text()


def test_the_bill_of_materials_names_every_crate_once_with_its_digest():
    bill = sbom.bill()
    locked = [p for p in tomllib.loads((ROOT / "Cargo.lock").read_text())["package"] if "source" in p]
    crates = [part for part in bill["components"] if part["purl"].startswith("pkg:cargo/")]
    assert len(crates) == len({(p["name"], p["version"]) for p in locked})
    assert all(part["hashes"][0]["content"] for part in crates)
    assert len({part["bom-ref"] for part in bill["components"]}) == len(bill["components"])


def test_the_bill_has_what_the_page_ships_and_not_what_builds_it():
    names = {part["name"] for part in sbom.bill()["components"] if part["purl"].startswith("pkg:npm/")}
    assert "react" in names and "vite" not in names
