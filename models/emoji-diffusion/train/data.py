"""Drawings of emoji from packages, as pixels with their names. Invents no caption; see captions.py."""

import io
import json
from concurrent.futures import ThreadPoolExecutor

import numpy
import resvg_py
from PIL import Image
from tqdm import tqdm

from config import HERE

# The set's package, and the style that it stands for.
SETS = {
    "3d": "fluent-emoji",
    "flat": "fluent-emoji-flat",
    "noto": "noto",
    "twemoji": "twemoji",
}
FLAGS, COMPONENTS = 9, 2
# Of flags, and of people in other skins, only one in so many: they would outnumber all else.
THINNED = 8


def listed(name):
    """The lines of a list beside this file, without its remarks."""
    lines = [line.strip().lower() for line in (HERE / name).read_text().splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def concepts(sources, wanted):
    """Emoji as emojibase has them, `{name, words, group, code}`: those that the file `wanted` lists, or all."""
    base = sources / "node_modules/emojibase-data"
    names = json.loads((base / "meta/groups.json").read_text())["subgroups"]
    entries = [entry for entry in json.loads((base / "en/data.json").read_text()) if "group" in entry]
    entries.sort(key=lambda entry: entry["order"])
    found = []
    for index, entry in enumerate(entries):
        if entry["group"] == COMPONENTS or (entry["group"] == FLAGS and index % THINNED):
            continue
        shapes = [entry] + [skin for skin in entry.get("skins", []) if skin["order"] % (5 * THINNED) == 0]
        for shape in shapes:
            found.append(
                {
                    "name": shape["label"].lower().replace("’", "'"),
                    "words": [word.lower() for word in entry.get("tags", [])],
                    "group": names[str(entry["subgroup"])],
                    "code": shape["hexcode"].lower(),
                }
            )
    if wanted is None:
        return found
    lines = listed(wanted)
    groups = {line[1:] for line in lines if line.startswith("@")}
    without = {line[2:] for line in lines if line.startswith("- ")}
    named = {line for line in lines if line[0] not in "@-"}
    missing = (named | without) - {concept["name"] for concept in found}
    if missing:
        raise SystemExit(f"no emoji is called so: {sorted(missing)}")
    return [c for c in found if c["name"] in named or (c["group"] in groups and c["name"] not in without)]


class Drawings:
    """One set's drawings, found by code point."""

    def __init__(self, sources, package):
        folder = sources / "node_modules/@iconify-json"
        self.icons = json.loads((folder / package / "icons.json").read_text())
        codes = json.loads((folder / package / "chars.json").read_text())
        # The set with depth has no such table of its own; its names are those of the flat one.
        self.codes = codes or json.loads((folder / "fluent-emoji-flat/chars.json").read_text())

    def svg(self, code):
        """The drawing of a code point as SVG, or None."""
        plain = "-".join(part for part in code.split("-") if part != "fe0f")
        name = self.codes.get(code) or self.codes.get(plain) or self.codes.get(plain + "-fe0f")
        name = self.icons.get("aliases", {}).get(name, {}).get("parent", name)
        icon = self.icons["icons"].get(name)
        if icon is None:
            return None
        width = icon.get("width", self.icons.get("width"))
        height = icon.get("height", self.icons.get("height"))
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="0 0 {width} {height}" width="{width}" height="{height}">{icon["body"]}</svg>'
        )


def pixels(svg, size):
    """A drawing on white, `(size, size, 3)`; drawn twice as large, so that thin lines stay whole."""
    png = resvg_py.svg_to_bytes(svg_string=svg, width=2 * size, height=2 * size, skip_system_fonts=True)
    drawn = Image.open(io.BytesIO(bytes(png))).convert("RGBA")
    sheet = Image.new("RGBA", (max(drawn.size),) * 2, "white")
    sheet.alpha_composite(drawn, tuple((side - own) // 2 for side, own in zip(sheet.size, drawn.size)))
    return numpy.asarray(sheet.convert("RGB").resize((size, size), Image.Resampling.LANCZOS))


def prepare(config, work):
    """Writes `pictures.npy` and `records.json`: a row a picture, and whether it is held out."""
    if work.path("records.json").exists():
        return
    wanted = concepts(work.sources, config.concepts)
    rows, tasks = [], []
    for style, package in SETS.items():
        drawings = Drawings(work.sources, package)
        for number, concept in enumerate(wanted):
            svg = drawings.svg(concept["code"])
            if svg is not None:
                rows.append(concept | {"concept": number, "style": style})
                tasks.append(svg)
    with ThreadPoolExecutor(2) as pool:
        drawn = list(tqdm(pool.map(lambda svg: pixels(svg, config.size), tasks), "drawing", len(tasks)))
    # A combination is held out only where the emoji is there in all the other styles.
    styles = {}
    for row in rows:
        styles.setdefault(row["concept"], []).append(row["style"])
    chance = numpy.random.default_rng(config.seed)
    whole = [concept for concept, own in styles.items() if len(own) == len(SETS)]
    count = round(len(rows) * config.held_out)
    out = {
        (int(concept), list(SETS)[place % len(SETS)])
        for place, concept in enumerate(chance.permutation(whole)[:count])
    }
    for row in rows:
        row["held_out"] = (row["concept"], row["style"]) in out
    numpy.save(work.path("pictures.npy"), numpy.stack(drawn))
    work.path("records.json").write_text(json.dumps(rows, indent=1))


def drawn(config, records):
    """Which rows are of emoji that the U-Net learns, held out or not."""
    later = set(listed(config.later)) if config.later else set()
    missing = later - {record["name"] for record in records}
    if missing:
        raise SystemExit(f"no emoji is called so: {sorted(missing)}")
    return [row for row, record in enumerate(records) if record["name"] not in later]


def read(work):
    """Pictures `(rows, size, size, 3)` of bytes, and their records."""
    return numpy.load(work.path("pictures.npy")), json.loads(work.path("records.json").read_text())
