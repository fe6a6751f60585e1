"""The U-Net, trained together with the text encoder to take noise off latents. Makes no picture."""

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel

import data
import loop
import team
import text as texts


def build(config):
    sizes = config.unet
    down = ["CrossAttnDownBlock2D" if attends else "DownBlock2D" for attends in sizes.attends]
    up = ["CrossAttnUpBlock2D" if attends else "UpBlock2D" for attends in reversed(sizes.attends)]
    return UNet2DConditionModel(
        sample_size=config.size // 2 ** (len(config.vae.channels) - 1),
        in_channels=config.vae.latents,
        out_channels=config.vae.latents,
        down_block_types=down,
        up_block_types=up,
        block_out_channels=sizes.channels,
        layers_per_block=sizes.layers,
        cross_attention_dim=config.text.channels,
        # The number of heads, whatever its name.
        attention_head_dim=sizes.heads,
        norm_num_groups=sizes.groups,
        use_linear_projection=True,
    )


def schedule():
    """As Stable Diffusion 2 has it, but that the first step starts at the last time, where the noise is."""
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        num_train_timesteps=1000,
        prediction_type="v_prediction",
        clip_sample=False,
        set_alpha_to_one=True,
        timestep_spacing="trailing",
        steps_offset=1,
    )


class Parts:
    """What is trained: text encoder and U-Net, and the average of both."""

    def __init__(self, config, work, spoken):
        torch.manual_seed(config.seed + 5)
        where = loop.device()
        self.text = texts.build(config, spoken)
        self.text.load_state_dict(torch.load(work.path("text.pt"), weights_only=False)["text"])
        self.text.to(where)
        self.unet = build(config).to(where, memory_format=loop.layout())
        self.average = loop.Average([self.text, self.unet], config.unet.ema)


def train(config, work, records, latents, ids, spoken):
    sizes, where = config.unet, loop.device()
    parts = Parts(config, work, spoken)
    text, unet = parts.text, parts.unet
    parameters = [*text.parameters(), *unet.parameters()]
    optimiser = torch.optim.AdamW(parameters, sizes.rate, (0.9, 0.99), weight_decay=0.0, fused=True)
    levels = schedule().alphas_cumprod.to(where)
    shown = torch.tensor([row for row in data.drawn(config, records) if not records[row]["held_out"]])
    silence = torch.full((1, config.places), spoken.end)
    silence[0, 0] = spoken.start

    def told(rows, chance):
        said = ids[rows, chance.below(config.captions, len(rows))]
        # A word now and then is one that nobody knows, so that such words do little harm.
        is_word = (said != spoken.end) & (torch.arange(config.places) > 0)
        said = said.masked_fill(is_word & (chance.uniform(*said.shape) < sizes.unknown_words), spoken.unknown)
        silent = chance.uniform(len(rows), 1) < sizes.without_words
        return torch.where(silent, silence, said).to(where)

    def step(number, chance):
        loop.set_rate(optimiser, number, sizes)
        # Each epoch shows every picture once, in an order of its own.
        at = number * sizes.batch + torch.arange(sizes.batch)
        epoch = loop.Chance(config.seed + 6, int(at[0]) // len(shown)).order(len(shown))
        rows = shown[epoch[at % len(shown)]]
        clean = latents[rows].to(where, memory_format=loop.layout())
        noise = chance.normal(*clean.shape).to(where)
        # Spread over all times within a batch: less noise in the gradient than by chance alone. More
        # of them late, where only words tell what the picture is.
        times = (chance.order(sizes.batch) + chance.uniform(sizes.batch)) / sizes.batch
        times = (times**0.75 * len(levels)).long().clamp(max=len(levels) - 1).to(where)
        signal = levels[times].sqrt()[:, None, None, None]
        rest = (1 - levels[times]).sqrt()[:, None, None, None]
        noisy, target = signal * clean + rest * noise, signal * noise - rest * clean
        with loop.half():
            states = text(team.share(told(rows, chance))).last_hidden_state
            said = unet(team.share(noisy), team.share(times), states).sample.float()
        loss = (said - team.share(target)).square().mean()
        optimiser.zero_grad()
        loss.backward()
        team.agree(parameters)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        parts.average.update()
        return loss.item()

    states = {"text": text, "unet": unet, "average": parts.average, "optimiser": optimiser}
    loop.run("unet", work.path("unet.pt"), sizes.steps, config.seed + 7, states, step)
