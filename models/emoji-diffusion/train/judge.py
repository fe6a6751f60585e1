"""A small network that names the emoji in a picture. It only measures: the model never learns from it."""

import numpy
import torch
from torch import nn
from torch.nn.functional import affine_grid, avg_pool2d, cross_entropy, grid_sample, interpolate, normalize
from tqdm import tqdm

import data
import loop
import vae


class Judge(nn.Module):
    """Pictures to a direction, and from there to how likely each emoji and each style is."""

    def __init__(self, channels, concepts, styles):
        super().__init__()
        sizes = [3, channels, 2 * channels, 4 * channels, 4 * channels]
        steps = []
        for before, after in zip(sizes, sizes[1:]):
            steps += [nn.Conv2d(before, after, 3, 2, 1), nn.GroupNorm(8, after), nn.SiLU()]
        self.steps = nn.Sequential(*steps, nn.Flatten(), nn.Dropout(0.2), nn.Linear(64 * channels, 128))
        self.concepts = nn.Parameter(torch.randn(concepts, 128) * 0.1)
        self.styles = nn.Linear(128, styles)

    def look(self, pictures):
        """The direction; pictures of any size are looked at in 64 pixels."""
        return normalize(self.steps(interpolate(pictures, (64, 64), mode="area")), dim=1)

    def forward(self, pictures):
        direction = self.look(pictures)
        return 20 * direction @ normalize(self.concepts, dim=1).T, self.styles(10 * direction)


def spoil(pictures, chance):
    """Moved, resized, tinted, blurred and noisy: what the judge must not be misled by."""
    count = len(pictures)
    around = lambda width: (chance.uniform(count) * 2 - 1) * width
    size = 1 + around(0.12)
    rows = [size, around(0.08), around(0.1), around(0.08), size, around(0.1)]
    places = affine_grid(torch.stack(rows, 1).view(-1, 2, 3), pictures.shape, align_corners=False)
    pictures = grid_sample(1 - pictures, places, align_corners=False)
    blurred = interpolate(avg_pool2d(pictures, 2), scale_factor=2, mode="bilinear")
    share = chance.uniform(count, 1, 1, 1)
    pictures = share * pictures + (1 - share) * blurred
    pictures = pictures * (1 + (chance.uniform(count, 3, 1, 1) - 0.5) * 0.2)
    return 1 - pictures + 0.08 * chance.uniform(count, 1, 1, 1) * chance.normal(*pictures.shape)


def build(config, records):
    return Judge(config.judge.channels, 1 + max(record["concept"] for record in records), len(data.SETS))


def targets(records):
    names = list(data.SETS)
    concepts = torch.tensor([record["concept"] for record in records])
    return concepts, torch.tensor([names.index(record["style"]) for record in records])


def train(config, work, coder, latents):
    """On all drawings, and on what the autoencoder makes of them, held out or not: a judge knows them all."""
    pictures, records = data.read(work)
    torch.manual_seed(config.seed + 8)
    sizes = config.judge
    judge = build(config, records)
    concepts, styles = targets(records)
    optimiser = torch.optim.AdamW(judge.parameters(), sizes.rate, weight_decay=0.02)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, sizes.rate, sizes.steps, pct_start=0.1)
    with torch.no_grad():
        again = torch.cat([coder.decode(part).sample for part in tqdm(latents.split(64), "through the vae")])
    again = again.clamp(-1, 1).to(torch.float16)
    given = vae.values(pictures).to(torch.float16)

    def step(number, chance):
        rows = chance.below(len(pictures), sizes.batch)
        which = chance.uniform(sizes.batch, 1, 1, 1) < 0.5
        batch = torch.where(which, given[rows], again[rows]).float()
        with loop.half():
            named, styled = judge(spoil(batch, chance))
        loss = cross_entropy(named.float(), concepts[rows], label_smoothing=0.05)
        loss = loss + 0.3 * cross_entropy(styled.float(), styles[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        rate.step()
        return loss.item()

    parts = {"judge": judge, "optimiser": optimiser, "rate": rate}
    loop.run("judge", work.path("judge.pt"), sizes.steps, config.seed + 9, parts, step)


def load(config, work, records):
    judge = build(config, records)
    judge.load_state_dict(torch.load(work.path("judge.pt"), weights_only=False)["judge"])
    return judge.eval()


@torch.no_grad()
def verdicts(judge, pictures):
    """Scores of concepts and styles, and directions, for bytes `(pictures, rows, columns, 3)`."""
    parts = [vae.values(pictures[at : at + 64]) for at in range(0, len(pictures), 64)]
    scored = [judge(part) + (judge.look(part),) for part in parts]
    return [torch.cat(column) for column in zip(*scored)]


def among(scores, concepts, seed, pool, count=50):
    """For each picture, whether its emoji scores best among `count`: itself and others drawn from `pool`."""
    chance = numpy.random.default_rng(seed)
    right = []
    for own, score in zip(concepts.tolist(), scores):
        others = chance.permutation([other for other in pool if other != own])[: count - 1]
        right.append(bool(score[own] > score[torch.from_numpy(others)].max()))
    return right
