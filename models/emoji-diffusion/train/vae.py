"""The autoencoder: pixels to latents and back. Knows no words."""

import torch
from diffusers import AutoencoderKL
from torch.nn.functional import avg_pool2d, l1_loss, mse_loss
from tqdm import tqdm

import data
import loop
import team


def build(config):
    sizes = config.vae
    levels = len(sizes.channels)
    return AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * levels,
        up_block_types=["UpDecoderBlock2D"] * levels,
        block_out_channels=sizes.channels,
        layers_per_block=sizes.layers,
        latent_channels=sizes.latents,
        norm_num_groups=sizes.groups,
        sample_size=config.size,
        scaling_factor=1.0,
        # Emoji are small: convolutions see enough, and any size works as well as that of the training.
        mid_block_add_attention=False,
    )


def values(pictures):
    """Bytes, channels last, to values from -1 to 1, channels first."""
    return torch.as_tensor(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1


def edges(picture):
    """Differences of neighbours: a blurred line costs more than a colour that is a little off."""
    return picture.diff(dim=2), picture.diff(dim=3)


def loss_of(vae, pictures, noise):
    latents = vae.encode(pictures).latent_dist
    drawn = vae.decode(latents.mean + latents.std * noise).sample.float()
    loss = l1_loss(drawn, pictures)
    for ours, theirs in zip(edges(drawn), edges(pictures)):
        loss = loss + l1_loss(ours, theirs)
    # Absolute errors alone end in colours that most pictures have; rare ones weigh by squares.
    for width in [4, 8]:
        loss = loss + 8 * mse_loss(avg_pool2d(drawn, width), avg_pool2d(pictures, width))
    divergence = 0.5 * (latents.mean.float() ** 2 + latents.var.float() - 1 - latents.logvar.float())
    return loss + 1e-4 * divergence.mean()


def train(config, work):
    pictures, _ = data.read(work)
    torch.manual_seed(config.seed)
    where = loop.device()
    vae = build(config).to(where, memory_format=loop.layout())
    sizes = config.vae
    parameters = list(vae.parameters())
    optimiser = torch.optim.AdamW(parameters, sizes.rate, (0.9, 0.99), weight_decay=1e-4, fused=True)
    side = config.size // 2 ** (len(sizes.channels) - 1)

    def step(number, chance):
        loop.set_rate(optimiser, number, sizes)
        rows = chance.below(len(pictures), sizes.batch).numpy()
        batch = values(pictures[rows]).to(where, memory_format=loop.layout())
        noise = chance.normal(sizes.batch, sizes.latents, side, side).to(where)
        with loop.half():
            loss = loss_of(vae, team.share(batch), team.share(noise))
        optimiser.zero_grad()
        loss.backward()
        team.agree(parameters)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        return loss.item()

    parts = {"vae": vae, "optimiser": optimiser}
    loop.run("vae", work.path("vae.pt"), sizes.steps, config.seed + 2, parts, step)


@torch.no_grad()
def encode(config, work):
    """Trained weights, changed so that each latent channel has mean 0 and deviation 1, and all latents.

    The change is exact: the 1×1 convolutions around the latents take it in, and `scaling_factor` is 1.
    """
    pictures, _ = data.read(work)
    vae = build(config)
    vae.load_state_dict(torch.load(work.path("vae.pt"), weights_only=False)["vae"])
    vae.eval()
    if not work.path("latents.pt").exists():
        batches = range(0, len(pictures), 64)
        raw = [vae.encode(values(pictures[at : at + 64])).latent_dist.mean for at in tqdm(batches, "latents")]
        raw = torch.cat(raw)
        mean, deviation = raw.mean((0, 2, 3)), raw.std((0, 2, 3))
        latents = (raw - mean[:, None, None]) / deviation[:, None, None]
        loop.save(work.path("latents.pt"), {"latents": latents, "mean": mean, "deviation": deviation})
    kept = torch.load(work.path("latents.pt"))
    mean, deviation = kept["mean"], kept["deviation"]
    count = len(mean)
    into, out = vae.quant_conv, vae.post_quant_conv
    into.weight[:count] /= deviation[:, None, None, None]
    into.bias[:count] = (into.bias[:count] - mean) / deviation
    into.bias[count:] -= 2 * deviation.log()
    out.bias += out.weight[:, :, 0, 0] @ mean
    out.weight *= deviation[None, :, None, None]
    return vae, kept["latents"]


@torch.no_grad()
def fidelity(vae, pictures):
    """Peak signal to noise of what comes back, in decibels: the mean over pictures."""
    given = values(pictures)
    drawn = torch.cat([vae.decode(vae.encode(part).latent_dist.mean).sample for part in given.split(64)])
    errors = ((drawn.clamp(-1, 1) - given) / 2).square().mean((1, 2, 3))
    return (-10 * errors.log10()).mean().item()
