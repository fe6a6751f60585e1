"""Several processes that train one model: each takes its share of a batch, and gradients are averaged.

On a busy CPU two processes of one thread wait for each other once a step; two threads, at every layer.
The batch and its chance are the same for any number of processes.
"""

import os
import signal
import socket
import subprocess
import sys

import torch
from torch import distributed


def size():
    return int(os.environ.get("WORLD_SIZE", "1"))


def leads():
    """Whether this process writes files and shows progress."""
    return os.environ.get("RANK", "0") == "0"


def join():
    if size() > 1:
        distributed.init_process_group("gloo")


def share(batch):
    """The part of a batch, any tensor of it, that this process works on."""
    return batch.chunk(size())[int(os.environ.get("RANK", "0"))]


@torch.no_grad()
def agree(parameters):
    """Gives every process the mean of all gradients."""
    if size() == 1:
        return
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    parts = (flat / size()).split([gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts):
        gradient.copy_(part.view_as(gradient))


def any_says(flag):
    """Whether one of the processes says so: they stop at the same step."""
    if size() == 1:
        return flag
    said = torch.tensor(int(flag))
    distributed.all_reduce(said, distributed.ReduceOp.MAX)
    return bool(said)


def start(count, arguments):
    """Runs this program so many times at once with these arguments; a signal to this one reaches all."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = os.environ | {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    command = [sys.executable, sys.argv[0], *arguments]
    # In sessions of their own: a signal reaches them through this process alone, and once.
    members = [
        subprocess.Popen(command, env=shared | {"RANK": str(rank)}, start_new_session=True)
        for rank in range(count)
    ]

    def pass_on(number, _):
        for member in members:
            member.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    ends = [member.wait() for member in members]
    for number, handler in before.items():
        signal.signal(number, handler)
    if any(ends):
        raise SystemExit("the training was stopped, or failed; start again to go on")
