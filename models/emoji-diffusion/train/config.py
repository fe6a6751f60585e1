"""One configuration file, and the folder where the work of a training lies. Trains nothing."""

import json
import pathlib
from types import SimpleNamespace

HERE = pathlib.Path(__file__).resolve().parent
MODEL = HERE.parent


def load(name):
    """The configuration of that name; every number of a training is in it."""
    text = (HERE / f"{name}.json").read_text()
    return json.loads(text, object_hook=lambda fields: SimpleNamespace(**fields))


class Work:
    """Where pictures, checkpoints and scores lie: outside the checkout, one folder a configuration."""

    def __init__(self, folder, name):
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.sources = pathlib.Path(folder) / "sources"

    def path(self, name):
        return self.folder / name
