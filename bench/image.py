#!/usr/bin/env python3
"""Compares Busbar's image engine with diffusers: same U-Net, same CPU, same threads, interleaved.

A U-Net of Stable Diffusion 2's size with random weights, guided (a batch of two), in float32. Each
round asks both for some steps in turn; what is reported is the median of the single steps, their
ratio, and each process's peak memory.

    cargo build --release -p busbar-engine-image --example steps
    python bench/image.py TARGET/release/examples/steps --latents 32 64 --threads 1 2
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

FACTOR = 8  # pixels of a latent
TEXT = 1024


def main():
    if sys.argv[1:2] == ["--peer"]:
        return peer(sys.argv[2], int(sys.argv[3]))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", help="the example `steps` of busbar-engine-image")
    parser.add_argument("--latents", type=int, nargs="+", default=[32])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=2, help="steps of a round")
    parser.add_argument("--model", help="where the random model is kept; made if absent")
    parser.add_argument("--out", help="write the figures here, as JSON")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(wanted.model or scratch) / "sd2-size"
        if not (folder / "model_index.json").exists():
            subprocess.run([sys.executable, __file__, "--peer", str(folder), "0"], check=True)
        figures = [measure(wanted, folder, threads) for threads in wanted.threads]
    figures = [row for rows in figures for row in rows]
    for row in figures:
        print(json.dumps(row))
    if wanted.out:
        pathlib.Path(wanted.out).write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def measure(wanted, folder, threads):
    ours = Side([wanted.binary, str(folder), str(threads)])
    theirs = Side([sys.executable, __file__, "--peer", str(folder), str(threads)])
    rows = []
    for latents in wanted.latents:
        order = f"{latents * FACTOR} {wanted.steps}"
        ours.run(order), theirs.run(order)  # the first time, memory is asked for
        seconds, used = ([], []), (ours.used, theirs.used)
        for _ in range(wanted.rounds):
            # The first of ours encodes the text too, and the last step is followed by nothing.
            seconds[0].extend(ours.run(order)[1:])
            seconds[1].extend(theirs.run(order)[1:])
        busbar, diffusers = (statistics.median(side) for side in seconds)
        steps = wanted.rounds * wanted.steps
        worked = [(side.used - before) / steps for side, before in zip((ours, theirs), used)]
        rows.append({
            "latents": latents, "threads": threads,
            "busbar_s": round(busbar, 3), "diffusers_s": round(diffusers, 3), "ratio": round(busbar / diffusers, 3),
            # Processor time a step: what a busy machine disturbs least (text and pixels included).
            "busbar_cpu_s": round(worked[0], 3), "diffusers_cpu_s": round(worked[1], 3),
            "cpu_ratio": round(worked[0] / worked[1], 3),
            # The peak is while loading, and counts the mapped file, which the kernel may drop at any time.
            "busbar_mib": ours.memory("VmRSS"), "diffusers_mib": theirs.memory("VmRSS"),
            "busbar_peak_mib": ours.memory("VmHWM"), "diffusers_peak_mib": theirs.memory("VmHWM"),
        })
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    ours.close(), theirs.close()
    return rows


class Side:
    """A process that is told sizes and tells seconds."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.used = 0.0
        assert self.process.stdout.readline().strip() == "ready", f"{command[0]} did not start"

    def run(self, order):
        before = self.processor_time()
        print(order, file=self.process.stdin, flush=True)
        seconds = json.loads(self.process.stdout.readline())
        self.used += self.processor_time() - before
        return seconds

    def processor_time(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, of):
        lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) // 1024 for line in lines if line.startswith(of))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def peer(folder, threads):
    """Makes the model (no threads), or times it as diffusers runs it."""
    import torch
    from diffusers import UNet2DConditionModel

    if threads == 0:
        return make(pathlib.Path(folder))
    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    unet = UNet2DConditionModel.from_pretrained(folder, subfolder="unet").eval()
    text = torch.randn(2, 77, TEXT)
    print("ready", flush=True)
    for line in sys.stdin:
        side, steps = map(int, line.split())
        latents, seconds = torch.randn(2, 4, side // FACTOR, side // FACTOR), []
        for step in range(steps):
            begun = time.perf_counter()
            unet(latents, 500 - step, encoder_hidden_states=text)
            seconds.append(time.perf_counter() - begun)
        print(json.dumps(seconds), flush=True)


def make(folder):
    import torch
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    torch.manual_seed(0)
    marks = ["<|startoftext|>", "<|endoftext|>"]
    letters = [*"abcdefghijklmnopqrstuvwxyz"]
    vocabulary = {t: i for i, t in enumerate(letters + [letter + "</w>" for letter in letters] + marks)}
    text = CLIPTextConfig(vocab_size=len(vocabulary), hidden_size=TEXT, intermediate_size=TEXT, num_hidden_layers=1,
                          num_attention_heads=16, eos_token_id=len(vocabulary) - 1, bos_token_id=0, pad_token_id=0)
    small = dict(block_out_channels=(8, 8, 8, 8), norm_num_groups=8, latent_channels=4,
                 down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4)
    StableDiffusionPipeline(
        vae=AutoencoderKL(**small), text_encoder=CLIPTextModel(text), tokenizer=CLIPTokenizer(vocab=vocabulary, merges=[]),
        unet=UNet2DConditionModel(sample_size=96, attention_head_dim=[5, 10, 20, 20], use_linear_projection=True,
                                  cross_attention_dim=TEXT),
        scheduler=DDIMScheduler(prediction_type="v_prediction", steps_offset=1, clip_sample=False),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    ).save_pretrained(folder)


if __name__ == "__main__":
    main()
