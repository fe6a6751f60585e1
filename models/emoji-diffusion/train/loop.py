"""A training loop that can be stopped at any step and goes on as if it had not been. Knows no model."""

import os
import signal
import time

import torch
from tqdm import tqdm

import team

# How often the state is written, in seconds.
EVERY = 120


class Stopped(SystemExit):
    """Somebody asked for an end; the state is on disk."""


class Chance:
    """Random numbers of one step: the same whether or not the training was interrupted before it."""

    def __init__(self, seed, step):
        self.generator = torch.Generator().manual_seed(seed * 1_000_003 + step)

    def normal(self, *shape):
        return torch.randn(shape, generator=self.generator)

    def uniform(self, *shape):
        return torch.rand(shape, generator=self.generator)

    def below(self, most, *shape):
        return torch.randint(most, shape, generator=self.generator)

    def order(self, count):
        return torch.randperm(count, generator=self.generator)


def save(path, state):
    """Writes beside the file first: a kill while writing leaves the old state whole."""
    fresh = path.with_suffix(".new")
    torch.save(state, fresh)
    os.replace(fresh, path)


def run(name, path, steps, seed, parts, step):
    """Calls `step(number, chance)`, which gives a loss, until `steps`; `parts` is all that has a state."""
    start = 0
    if path.exists():
        state = torch.load(path, weights_only=False)
        for key, part in parts.items():
            part.load_state_dict(state[key])
        start = state["step"]
    if start >= steps:
        return
    asked = []
    before = {
        number: signal.signal(number, lambda number, _: asked.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }

    def keep(done):
        if team.leads():
            save(path, {key: part.state_dict() for key, part in parts.items()} | {"step": done})

    hidden = not team.leads()
    bar = tqdm(range(start, steps), name, total=steps, initial=start, mininterval=2, disable=hidden)
    mean, kept = None, time.monotonic()
    for number in bar:
        loss = step(number, Chance(seed, number))
        mean = loss if mean is None else 0.98 * mean + 0.02 * loss
        if number % 20 == 0:
            bar.set_postfix(loss=f"{mean:.4f}")
        if team.any_says(bool(asked)):
            keep(number + 1)
            raise Stopped(f"{name}: stopped after step {number + 1}; start again to go on")
        if time.monotonic() - kept > EVERY:
            keep(number + 1)
            kept = time.monotonic()
    keep(steps)
    for number, handler in before.items():
        signal.signal(number, handler)


class Average:
    """The moving average of models' weights, slower the longer it runs. Taken at every fourth step."""

    OFTEN = 4

    def __init__(self, models, decay):
        self.models, self.decay, self.seen = models, decay, 0
        self.weights = [value.detach().clone() for value in self._live()]

    def _live(self):
        return [weight for model in self.models for weight in model.parameters()]

    @torch.no_grad()
    def update(self):
        self.seen += 1
        if self.seen % self.OFTEN == 0:
            decay = min(self.decay, (1 + self.seen) / (10 + self.seen)) ** self.OFTEN
            torch._foreach_lerp_(self.weights, [weight.detach() for weight in self._live()], 1 - decay)

    @torch.no_grad()
    def copy_to_models(self):
        for weight, average in zip(self._live(), self.weights):
            weight.copy_(average)

    def state_dict(self):
        return {"weights": self.weights, "seen": self.seen}

    def load_state_dict(self, state):
        self.weights, self.seen = [value.clone() for value in state["weights"]], state["seen"]


def rate_at(step, config):
    """The learning rate's share: up, level, and down by a cosine at the end, whose length may be chosen late."""
    if step < config.warmup:
        return (step + 1) / config.warmup
    left = (config.steps - step) / config.cooldown
    return 1.0 if left >= 1 else 0.5 - 0.5 * float(torch.cos(torch.tensor(left * torch.pi)))


def set_rate(optimiser, step, config):
    for group in optimiser.param_groups:
        group["lr"] = config.rate * rate_at(step, config)


def device():
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def layout():
    """Channels last is faster on a GPU, and slower on a CPU at these sizes."""
    return torch.channels_last if device().type == "cuda" else torch.contiguous_format


def half():
    """Whether to multiply in bfloat16: where the processor does it natively."""
    where = device().type
    native = where == "cuda" or torch.backends.mkldnn.is_available() and "avx512_bf16" in flags()
    return torch.autocast(where, torch.bfloat16, enabled=native)


def flags():
    try:
        with open("/proc/cpuinfo") as info:
            return next((line for line in info if line.startswith("flags")), "")
    except OSError:
        return ""
