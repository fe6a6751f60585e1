"""Checkpoints to a model folder as diffusers lays it out, in half precision. Trains nothing."""

import hashlib
import json
import shutil

import torch

import text as texts
import unet as unets

INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "_diffusers_version": "0.42.1",
    "feature_extractor": [None, None],
    "image_encoder": [None, None],
    "requires_safety_checker": False,
    "safety_checker": [None, None],
    "scheduler": ["diffusers", "DDIMScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}


@torch.no_grad()
def write(config, work, out, coder, spoken):
    """The averaged weights, the autoencoder, the tokenizer and the scheduler's settings."""
    parts = unets.Parts(config, work, spoken)
    state = torch.load(work.path("unet.pt"), weights_only=False)
    parts.average.load_state_dict(state["average"])
    parts.average.copy_to_models()
    print(f"weights after {state['step']} steps")
    half = lambda model: model.to("cpu", torch.float16, memory_format=torch.contiguous_format)
    texts.whole(config, spoken, parts.text.cpu()).half().save_pretrained(out / "text_encoder")
    half(parts.unet).save_pretrained(out / "unet")
    half(coder).save_pretrained(out / "vae")
    unets.schedule().save_pretrained(out / "scheduler")
    shutil.copytree(work.path("tokenizer"), out / "tokenizer", dirs_exist_ok=True)
    for file in out.rglob("*.safetensors"):
        file.chmod(0o644)
    (out / "model_index.json").write_text(json.dumps(INDEX, indent=2) + "\n")
    sums(out)


def sums(out):
    """SHA256SUMS over what a program reads of the model."""
    folders = ["scheduler", "text_encoder", "tokenizer", "unet", "vae"]
    files = [out / name for name in ["model_index.json", "busbar.json"] if (out / name).exists()]
    files += sorted(file for folder in folders for file in (out / folder).iterdir())
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(out)}\n" for file in files]
    (out / "SHA256SUMS").write_text("".join(lines))
