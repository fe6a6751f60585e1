"""How good the pictures are, in numbers and in one grid to look at. Changes no weight."""

import json
import time

import numpy
import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, StableDiffusionPipeline

import captions
import data
import export
import judge as judges
import vae
from sheet import sheet

DESCRIPTION = "small, made for trying things out; for real work pull stable-diffusion-2-1"
GUIDANCE = [2.0, 3.5, 5.5]
# Pictures: to choose by, of what was seen, and of what was held out.
CHOOSE, SEEN, HELD_OUT = 40, 100, 81
SOLVERS = {"ddim": DDIMScheduler, "dpmpp_2m": DPMSolverMultistepScheduler}


class Studio:
    """The exported model in diffusers, many pictures at a time."""

    def __init__(self, folder):
        self.pipe = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)
        self.pipe.set_progress_bar_config(disable=True)
        self.settings = self.pipe.scheduler.config

    def draw(self, prompts, seed, guidance, steps=20, solver="ddim"):
        """Bytes `(prompts, rows, columns, 3)`; each picture has a seed of its own."""
        self.pipe.scheduler = SOLVERS[solver].from_config(self.settings)
        drawn = []
        for at in range(0, len(prompts), 32):
            part = prompts[at : at + 32]
            seeds = [torch.Generator().manual_seed(seed + at + place) for place in range(len(part))]
            drawn.append(
                self.pipe(
                    part,
                    num_inference_steps=steps,
                    guidance_scale=guidance,
                    generator=seeds,
                    output_type="np",
                ).images
            )
        return (numpy.concatenate(drawn) * 255).round().astype("uint8")


def asked(records, held_out, most, seed):
    """Records, so many, drawn from those that are held out or from those that are not; again where few are."""
    own = [record for record in records if record["held_out"] == held_out]
    chance = numpy.random.default_rng(seed)
    order = numpy.concatenate([chance.permutation(len(own)) for _ in range(-(-most // len(own)))])
    return [own[place] for place in order[:most]]


def score(config, judge, records, pictures, pool):
    """Shares of pictures in which the judge finds the right emoji, among 50 of `pool` and among it all, and style."""
    concepts, styles = judges.targets(records)
    named, styled, _ = judges.verdicts(judge, pictures)
    named[:, [place for place in range(named.shape[1]) if place not in pool]] = -torch.inf
    return {
        "pictures": len(records),
        "right_among_50": round(float(numpy.mean(judges.among(named, concepts, config.seed, sorted(pool)))), 3),
        "right_among_all": round((named.argmax(1) == concepts).float().mean().item(), 3),
        "right_style": round((styled.argmax(1) == styles).float().mean().item(), 3),
    }


def choose(config, work, out):
    """Guidance and solver for 20 steps: what the judge recognises most often. Written to `busbar.json`."""
    _, records = data.read(work)
    judge, studio = judges.load(config, work, records), Studio(out)
    records = [records[row] for row in data.drawn(config, records)]
    pool = {record["concept"] for record in records}
    some = asked(records, False, CHOOSE, config.seed + 10)
    prompts = [captions.prompt(record["name"], record["style"]) for record in some]
    good = lambda row: row["right_among_50"] + row["right_among_all"] + row["right_style"]
    tried = []

    def attempt(solver, guidance):
        drawn = studio.draw(prompts, 1000, guidance, solver=solver)
        tried.append({"solver": solver, "guidance": guidance, "steps": 20} | score(config, judge, some, drawn, pool))
        print(tried[-1], flush=True)

    for guidance in GUIDANCE:
        attempt("ddim", guidance)
    attempt("dpmpp_2m", max(tried, key=good)["guidance"])
    best = max(tried, key=good)
    settings = {
        "name": "emoji-diffusion",
        "description": DESCRIPTION,
        "width": config.size,
        "height": config.size,
        "steps": best["steps"],
        "guidance": best["guidance"],
        "scheduler": best["solver"],
    }
    (out / "busbar.json").write_text(json.dumps(settings, indent=2) + "\n")
    work.path("tried.json").write_text(json.dumps(tried))
    export.sums(out)


def nearness(pictures, records, drawn, known):
    """How far pictures are from what was learnt: root mean square of 16×16 pixels from 0 to 1."""
    small = lambda given: torch.nn.functional.avg_pool2d(vae.values(given), given.shape[1] // 16).flatten(1)
    own, learnt = small(drawn), small(known[0])
    gaps = torch.cdist(own, learnt) / (2 * own.shape[1] ** 0.5)
    nearest, where = gaps.min(1)
    same = [
        known[1][at]["concept"] == record["concept"]
        for at, record in zip(where.tolist(), records)
    ]
    truth = (own - small(pictures)).square().mean(1).sqrt() / 2
    return {
        "to_the_nearest_drawing": round(nearest.median().item(), 3),
        "to_the_drawing_that_was_asked_for": round(truth.median().item(), 3),
        "nearest_is_the_same_emoji": round(float(numpy.mean(same)), 3),
    }


def measure(config, work, out):
    """`scores.json` and `grid.png`."""
    pictures, records = data.read(work)
    judge, studio = judges.load(config, work, records), Studio(out)
    rows = data.drawn(config, records)
    pictures, records = pictures[rows], [records[row] for row in rows]
    pool = {record["concept"] for record in records}
    settings = json.loads((out / "busbar.json").read_text())
    how = {"guidance": settings["guidance"], "solver": settings["scheduler"], "steps": settings["steps"]}
    place = {(record["concept"], record["style"]): row for row, record in enumerate(records)}
    shown = [row for row, record in enumerate(records) if not record["held_out"]]
    known = (pictures[shown], [records[row] for row in shown])
    scores = {"settings": how, "tried": json.loads(work.path("tried.json").read_text())}
    for kind, held_out in {"seen": False, "held_out": True}.items():
        some = asked(records, held_out, HELD_OUT if held_out else SEEN, config.seed + 11)
        real = pictures[[place[record["concept"], record["style"]] for record in some]]
        drawn = studio.draw([captions.prompt(r["name"], r["style"]) for r in some], 5000, **how)
        scores[kind] = score(config, judge, some, drawn, pool) | nearness(real, some, drawn, known)
        scores[kind]["judge_on_real_drawings"] = score(config, judge, some, real, pool)
        print(kind, scores[kind], flush=True)
    # What these distances are between drawings that have nothing to do with each other.
    others = numpy.random.default_rng(config.seed).permutation(len(pictures))
    scores["unrelated_drawings_apart"] = nearness(pictures[others[:512]], records, pictures[:512], known)[
        "to_the_drawing_that_was_asked_for"
    ]
    scores["autoencoder_decibels"] = round(vae.fidelity(studio.pipe.vae, pictures), 2)
    start = time.perf_counter()
    studio.draw(["a red apple, flat style"], 1, **how)
    scores["seconds_a_picture_in_diffusers"] = round(time.perf_counter() - start, 2)
    scores["threads"] = torch.get_num_threads()
    (out / "scores.json").write_text(json.dumps(scores, indent=2) + "\n")
    lines = (data.HERE / "prompts.txt").read_text().splitlines()
    prompts = [line for line in lines if line and not line.startswith("#")]
    sheet(prompts, studio.draw(prompts, 7, **how)).save(out / "grid.png", optimize=True)
