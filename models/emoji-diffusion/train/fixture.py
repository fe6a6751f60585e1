"""What diffusers draws for given seeds, so that another engine can be compared with it. Judges nothing."""

import json

import torch
from safetensors.torch import save_file

from evaluate import SOLVERS, Studio

PROMPTS = [("a red apple, flat style", 1), ("a happy robot, 3d style", 2)]


def write(out):
    """`tests/expected.json`, the requests, and `tests/expected.safetensors`, a picture from 0 to 1 for each."""
    settings = json.loads((out / "busbar.json").read_text())
    studio = Studio(out)
    studio.pipe.scheduler = SOLVERS[settings["scheduler"]].from_config(studio.settings)
    requests, pictures = [], {}
    for prompt, seed in PROMPTS:
        name = f"picture.{seed}"
        drawn = studio.pipe(
            prompt,
            num_inference_steps=settings["steps"],
            guidance_scale=settings["guidance"],
            generator=torch.Generator().manual_seed(seed),
            output_type="np",
        ).images[0]
        pictures[name] = torch.from_numpy(drawn).contiguous()
        requests.append({"picture": name, "prompt": prompt, "seed": seed} | settings)
    folder = out / "tests"
    folder.mkdir(exist_ok=True)
    save_file(pictures, folder / "expected.safetensors")
    (folder / "expected.json").write_text(json.dumps(requests, indent=2) + "\n")
