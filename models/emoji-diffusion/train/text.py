"""The text encoder, and its first lesson: which words belong to which picture, as CLIP learns it.

It teaches the U-Net nothing, but spares it the time in which words would mean nothing.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, interpolate, normalize
from transformers import CLIPTextConfig, CLIPTextModel

import data
import loop
import vae


def settings(config, size, start, end):
    sizes = config.text
    return CLIPTextConfig(
        vocab_size=size,
        hidden_size=sizes.channels,
        intermediate_size=4 * sizes.channels,
        projection_dim=sizes.channels,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        max_position_embeddings=config.places,
        hidden_act="gelu",
        bos_token_id=start,
        eos_token_id=end,
        pad_token_id=end,
    )


def build(config, spoken):
    """The encoder for the tokens that are spoken."""
    return CLIPTextModel(settings(config, len(spoken), spoken.start, spoken.end))


@torch.no_grad()
def whole(config, spoken, text):
    """The same encoder for all of CLIP's tokens, as its readers expect it."""
    name = next(name for name in text.state_dict() if name.endswith("token_embedding.weight"))
    state = text.state_dict()
    state[name] = spoken.spread(state[name])
    # Start and end are CLIP's last two.
    full = CLIPTextModel(settings(config, spoken.all, spoken.all - 2, spoken.all - 1))
    full.load_state_dict(state)
    return full


class Look(nn.Module):
    """Pictures to a direction. Needed for the lesson only."""

    def __init__(self, channels):
        super().__init__()
        sizes = [3, 48, 96, 128]
        steps = []
        for before, after in zip(sizes, sizes[1:]):
            steps += [nn.Conv2d(before, after, 3, 2, 1), nn.GroupNorm(8, after), nn.SiLU()]
        self.steps = nn.Sequential(*steps, nn.Flatten(), nn.LazyLinear(channels))
        self.words = nn.Linear(channels, channels, bias=False)
        self.scale = nn.Parameter(torch.tensor(2.3))

    def forward(self, pictures, said):
        ours, theirs = normalize(self.steps(pictures), dim=1), normalize(self.words(said), dim=1)
        return self.scale.exp().clamp(max=100) * ours @ theirs.T


def train(config, work, records, ids, spoken):
    """Pairs each picture of a batch with its own caption, and no other."""
    torch.manual_seed(config.seed + 3)
    sizes, where = config.text, loop.device()
    text = build(config, spoken).to(where)
    look = Look(sizes.channels).to(where)
    pictures = interpolate(vae.values(data.read(work)[0]), (32, 32), mode="area").to(where)
    # Behind the longest caption there is nothing that its words could see.
    ids = ids[:, :, : int((ids != spoken.end).sum(2).max()) + 1].to(where)
    look(pictures[:2], torch.zeros(2, sizes.channels, device=where))
    parameters = [*text.parameters(), *look.parameters()]
    optimiser = torch.optim.AdamW(parameters, sizes.rate, (0.9, 0.98), weight_decay=0.0)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, sizes.rate, sizes.steps, pct_start=0.1)
    # The pictures of a concept in the styles that are not held out.
    shown = {}
    for row, record in enumerate(records):
        if not record["held_out"]:
            shown.setdefault(record["concept"], []).append(row)
    shown = [torch.tensor(rows) for rows in shown.values()]

    def step(number, chance):
        chosen = chance.order(len(shown))[: sizes.concepts_a_batch].tolist()
        # Two styles of each, so that the style is told apart too.
        rows = torch.cat([shown[at][chance.order(len(shown[at]))[:2]] for at in chosen])
        said = ids[rows, chance.below(config.captions, len(rows))]
        scores = look(pictures[rows], text(said).pooler_output)
        right = torch.arange(len(rows), device=where)
        loss = cross_entropy(scores, right) + cross_entropy(scores.T, right)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        rate.step()
        return loss.item()

    parts = {"text": text, "look": look, "optimiser": optimiser, "rate": rate}
    loop.run("text", work.path("text.pt"), sizes.steps, config.seed + 4, parts, step)
