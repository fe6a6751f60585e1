"""Which of several models is in production: by the API, by the command line, and after a restart. The second
model comes as a hosting service would give it to a container: in an archive."""

import os
import subprocess
import tarfile
import time
from pathlib import Path

import pytest

from busbar_server import MODEL, Server, binary, settings
from test_predict import EYES, bmp

DESCRIPTIONS = Path(__file__).parents[3] / "crates" / "engines" / "vision" / "descriptions"


def busbar(*words, **more):
    ran = subprocess.run([binary(), *words], capture_output=True, text=True, timeout=120, **more)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """The model that is here, under another name: `model.tar.gz` with `export/eye.pth`."""
    path = tmp_path_factory.mktemp("archive") / "model.tar.gz"
    with tarfile.open(path, "w:gz") as packed:
        packed.add(busbar("models", "path", EYES), "export/eye.pth")
        packed.add(DESCRIPTIONS / f"{EYES}.toml", "export/eye.toml")
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A data directory of this test's own, with the models that are here."""
    home = tmp_path_factory.mktemp("home")
    here = Path(busbar("models", "path", MODEL)).parents[1]
    (home / here.name).symlink_to(here)
    return home


@pytest.fixture
def toml(archive, home):
    listed = f'[models]\nvision = ["{EYES}"]\ndirectory = "{archive}"'
    return settings(more=f'[storage]\nhome = "{home}"').replace("[models]", listed)


def seen(running, model=None):
    with running.http() as http:
        asked = {"model": model} if model else {}
        answer = http.post("/predict", params=asked, content=bmp(), headers={"content-type": "image/bmp"})
        assert answer.status_code == 200, answer.text
        assert answer.json()["version"]
        return answer.json()["model"]


def test_a_promotion_takes_effect_at_once_and_outlives_the_server(toml):
    with Server(toml) as running:
        assert seen(running) == EYES and seen(running, "eye") == "eye"
        with running.http() as http:
            told = http.post("/v1/registry/candidate", json={"model": "eye"})
            assert told.json()["aliases"]["candidate"]["model"] == "eye", told.text
            assert seen(running) == EYES and seen(running, "candidate") == "eye"
            assert http.post("/v1/registry/promote").json()["aliases"]["production"]["model"] == "eye"
        assert seen(running) == "eye"
        running.process.kill()
        running.wait()
        running.launch()
        running.wait_until_ready()
        assert seen(running) == "eye"
        with running.http() as http:
            assert http.get("/v1/registry").json()["aliases"]["production"]["model"] == "eye"
            http.post("/v1/registry/promote", json={"model": EYES})
            assert seen(running) == EYES and seen(running, "previous") == "eye"
            back = http.post("/v1/registry/rollback", json={"model": EYES}).json()
            assert back["aliases"]["production"]["model"] == "eye"
            assert back["aliases"]["candidate"]["model"] == EYES


def test_the_command_line_changes_what_a_server_on_the_same_directory_serves(toml, home):
    with Server(toml) as running:
        config = ["--config", str(Path(running.folder.name) / "busbar.toml")]
        shown = busbar("models", "promote", EYES, *config)
        assert f"production  {EYES}" in shown, shown
        until = time.monotonic() + 60
        while seen(running) != EYES:
            assert time.monotonic() < until, running.log()
            time.sleep(0.1)
        told = busbar("models", "aliases", env={**os.environ, "BUSBAR_URL": running.url})
        assert f"production  {EYES}" in told, told


def test_a_photo_is_classified_without_a_server(tmp_path, archive):
    photo = tmp_path / "photo.bmp"
    photo.write_bytes(bmp())
    lines = busbar("classify", str(photo), "--top-k", "2", "-m", EYES).splitlines()
    assert len(lines) == 2 and all(line.startswith(f"{photo}\t") for line in lines), lines
    piped = subprocess.run(
        [binary(), "classify", "-", "--json", "-m", EYES], input=bmp(), capture_output=True, timeout=120, check=True
    )
    assert b'"predictions":[' in piped.stdout and b'"width":64' in piped.stdout
    broken = tmp_path / "broken.bmp"
    broken.write_bytes(b"no picture")
    ran = subprocess.run(
        [binary(), "classify", str(broken), str(photo), "-m", EYES], capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 1 and "broken.bmp" in ran.stderr
    assert ran.stdout.startswith(str(photo)), "the other one is told all the same"
