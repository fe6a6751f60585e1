"""Does the stages of a training one after another: `python run.py STAGE… --config cpu --work FOLDER`.

A stage that is done is not done again; one that was stopped goes on where it was.
"""

import argparse
import pathlib

import torch

import captions
import config as configuration
import data
import team
import text
import unet
import vae

STAGES = ["data", "text", "vae", "unet", "export", "judge", "choose", "evaluate", "fixture"]


def context(config, work):
    """What the later stages share: records, and captions as tokens."""
    tokenizer = work.path("tokenizer")
    if not tokenizer.exists():
        wheel = next(work.sources.glob("open_clip_torch-*.whl"))
        captions.write_tokenizer(wheel, tokenizer, config.places)
    words = captions.Words(tokenizer, config.places)
    _, records = data.read(work)
    ids = captions.tokens(config, records, words)
    spoken = captions.Spoken(ids, words.vocabulary)
    return records, spoken(ids), spoken


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stages", nargs="*", default=STAGES, metavar="STAGE", help=", ".join(STAGES))
    parser.add_argument("--config", default="cpu", help="`cpu` or `gpu`: a JSON file beside this one")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="where pictures and checkpoints lie")
    parser.add_argument("--out", type=pathlib.Path, default=configuration.MODEL, help="where the model goes")
    parser.add_argument("--threads", type=int, default=0, help="of each process")
    parser.add_argument("--workers", type=int, default=1, help="processes that train together")
    parser.add_argument("--steps", type=int, help="end the U-Net's training earlier or later than configured")
    asked = parser.parse_args()
    if unknown := set(asked.stages) - set(STAGES):
        parser.error(f"no such stage: {', '.join(sorted(unknown))}; there are {', '.join(STAGES)}")
    if asked.threads:
        torch.set_num_threads(asked.threads)
    config, work = configuration.load(asked.config), configuration.Work(asked.work, asked.config)
    if asked.steps:
        config.unet.steps = asked.steps
    team.join()
    for stage in [stage for stage in STAGES if stage in asked.stages]:
        if stage in ["vae", "unet"] and team.size() < asked.workers:
            if stage == "unet":
                # Once, before several do it at the same time.
                context(config, work)
                vae.encode(config, work)
            team.start(asked.workers, [stage, *options(asked)])
        else:
            perform(stage, config, work, asked.out)


def options(asked):
    names = ["config", "work", "threads", "steps"]
    return [f"--{name}={value}" for name in names if (value := getattr(asked, name))]


def perform(stage, config, work, out):
    if stage == "data":
        return data.prepare(config, work)
    if stage == "vae":
        return vae.train(config, work)
    records, ids, spoken = context(config, work)
    if stage == "text":
        return text.train(config, work, records, ids, spoken)
    coder, latents = vae.encode(config, work)
    if stage == "unet":
        return unet.train(config, work, records, latents, ids, spoken)
    # What follows needs more to be read, and is not needed for training.
    import evaluate
    import export
    import fixture
    import judge

    if stage == "export":
        return export.write(config, work, out, coder, spoken)
    if stage == "judge":
        return judge.train(config, work, coder, latents)
    if stage == "choose":
        return evaluate.choose(config, work, out)
    if stage == "evaluate":
        return evaluate.measure(config, work, out)
    return fixture.write(out)


if __name__ == "__main__":
    main()
