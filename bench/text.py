#!/usr/bin/env python3
"""Compares Busbar's text engine with llama.cpp itself: same file, same threads, interleaved.

One stream: prompt and decode speed of both, in turns, medians; Busbar's without and with a seed.
Several streams: Busbar's aggregate decode speed against its own single stream. A short question
while a long prompt is being processed: its time to first token against an idle server's. Memory of
both. With --processor-time speeds are by the processor time of each process, which others' work
hardly changes; times to first token are by the clock either way.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

import serving

SENTENCE = "The harbour wakes before the town does, and the cranes turn slowly in the first light. "
DECODE_TOKENS = 128
SINGLE_FLOOR, MANY_FLOOR, WAIT_CEILING = 0.95, 1.25, 3.0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("busbar", help="the binary")
    parser.add_argument("model", help="the GGUF file")
    parser.add_argument("--threads", type=int, default=physical_cores())
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--streams", type=int, default=8)
    parser.add_argument("--model", dest="other", help="another model than the default: a name of the catalog or a GGUF file")
    parser.add_argument("--processor-time", action="store_true", help="for a machine that has other work")
    parser.add_argument("--out", help="write the figures here, as JSON")
    wanted = parser.parse_args()
    if wanted.other:
        wanted.model = file_of(wanted.busbar, wanted.other)

    settings = {
        "BUSBAR_MODELS": f"bench={os.path.abspath(wanted.model)}",
        "BUSBAR_TEXT__THREADS": str(wanted.threads),
        "BUSBAR_TEXT__SEQUENCES": str(wanted.streams),
        "BUSBAR_LOG": "error",
    }
    figures = {"machine": machine(wanted)}
    # The peer lives in a process of its own, so that memory can be told apart.
    watch = ProcessorTime() if wanted.processor_time else Clock()
    peer = Peer(wanted.model, wanted.threads, watch)
    with serving.Server(wanted.busbar, settings) as server:
        busbar = Busbar(server, watch)
        # Answers with a seed take a cache of their own, when the first of them comes.
        busbar.decode_speed()
        memory = {"busbar": server.resident()}
        figures |= one_stream(busbar, peer, wanted.rounds)
        figures |= many_streams(busbar, wanted.streams, wanted.rounds)
        figures |= long_prompt_beside(busbar, wanted.rounds)
        memory["busbar, seeded"] = server.resident()
        memory["llama_cpp"] = serving.resident(peer.process.pid)
        figures["memory_mib"] = memory
    peer.close()
    show(figures, wanted)
    if wanted.out:
        pathlib.Path(wanted.out).write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def file_of(busbar, model):
    if os.path.exists(model):
        return model
    command = [busbar, "models", "path", model]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


class Clock:
    """Seconds that passed."""

    def read(self, _pid):
        return time.perf_counter()


class ProcessorTime:
    """Seconds that a process has computed (Linux)."""

    def read(self, pid):
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def physical_cores():
    """Half the logical ones where a core has two threads, of those that this process may use."""
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else range(os.cpu_count())
    cores = set()
    for cpu in allowed:
        siblings = pathlib.Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        cores.add(siblings.read_text() if siblings.exists() else cpu)
    return max(1, len(cores))


def machine(wanted):
    processor = platform.processor() or platform.machine()
    info = pathlib.Path("/proc/cpuinfo")
    if info.exists():
        names = [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        processor = names[0] if names else processor
    return {"processor": processor, "threads": wanted.threads, "model": os.path.basename(wanted.model)}


class Busbar:
    """One question at a time, told by the answer's own metrics, or by the server's processor time."""

    def __init__(self, server, watch):
        self.server = server
        self.watch = watch
        self.asked = 0

    def ask(self, words, tokens, seed=None):
        """A raw continuation; a number in front makes sure that nothing of it is in the KV cache."""
        self.asked += 1
        body = {"model": "bench", "prompt": f"{self.asked}. {words}", "max_tokens": tokens, "temperature": 0, "ignore_eos": True}
        if seed is not None:
            body["seed"] = seed
        return self.server.post("/v1/completions", body)["busbar"]

    def prompt_speed(self, words, seed=None):
        seconds, answer = self.time(lambda: self.ask(words, 1, seed))
        return answer["tokens_in"] / seconds

    def decode_speed(self, seed=None):
        seconds, answer = self.time(lambda: self.ask("Once upon a time", DECODE_TOKENS, seed))
        return answer["tokens_out"] / seconds

    def together(self, streams, seed=None):
        """Tokens a second of so many streams."""
        def ask(number):
            return self.ask(f"Story {number}", DECODE_TOKENS, seed)

        with concurrent.futures.ThreadPoolExecutor(streams) as pool:
            seconds, answers = self.time(lambda: list(pool.map(ask, range(streams))))
        return sum(answer["tokens_out"] for answer in answers) / seconds

    def time(self, work):
        began = self.watch.read(self.server.process.pid)
        result = work()
        return self.watch.read(self.server.process.pid) - began, result


class Peer:
    """llama.cpp in a process of its own, told what to do line by line."""

    def __init__(self, model, threads, watch):
        self.watch = watch
        script = pathlib.Path(__file__).parent / "peer.py"
        command = [sys.executable, str(script), model, str(threads)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def do(self, **order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def prompt_speed(self, words):
        return self.speed(prompt=words)

    def decode_speed(self):
        return self.speed(decode=DECODE_TOKENS)

    def speed(self, **order):
        began = self.watch.read(self.process.pid)
        tokens = self.do(**order)["tokens"]
        return tokens / (self.watch.read(self.process.pid) - began)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)


def one_stream(busbar, peer, rounds):
    words = SENTENCE * 28  # about 500 tokens
    runners = {
        "busbar": (lambda: busbar.prompt_speed(words), busbar.decode_speed),
        "busbar, seeded": (lambda: busbar.prompt_speed(words, seed=1), lambda: busbar.decode_speed(seed=1)),
        "llama_cpp": (lambda: peer.prompt_speed(words), peer.decode_speed),
    }
    figures = {"prompt_tokens_per_second": {}, "decode_tokens_per_second": {}}
    for number in range(rounds + 1):
        # Whoever comes first in one round comes last in the next.
        for name, measures in list(runners.items())[:: -1 if number % 2 else 1]:
            for kind, measure in zip(figures, measures):
                speed = measure()
                if number > 0:  # the first round warms all of them up
                    figures[kind].setdefault(name, []).append(speed)
    return {kind: {name: spread(speeds) for name, speeds in of.items()} for kind, of in figures.items()}


def many_streams(busbar, streams, rounds):
    measured = {"one": [], f"{streams}": [], f"{streams}, seeded": []}
    for _ in range(max(3, rounds // 2)):
        measured["one"].append(busbar.together(1))
        measured[f"{streams}"].append(busbar.together(streams))
        measured[f"{streams}, seeded"].append(busbar.together(streams, seed=1))
    return {"aggregate_tokens_per_second": {name: spread(speeds) for name, speeds in measured.items()}}


def long_prompt_beside(busbar, rounds):
    """Time to first token of a short question: idle, and while 1,500 tokens are being read."""
    measured = {"idle": [], "beside": [], "beside seeded": [], "seeded beside seeded": []}
    for _ in range(max(3, rounds // 2)):
        measured["idle"].append(busbar.ask("Say hello", 2)["first_chunk_ms"])
        for name, long_seed, seed in [("beside", None, None), ("beside seeded", 1, None), ("seeded beside seeded", 1, 1)]:
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                long = pool.submit(busbar.ask, SENTENCE * 84, 1, long_seed)
                time.sleep(0.15)
                measured[name].append(busbar.ask("Say hello", 2, seed)["first_chunk_ms"])
                if long.done():
                    sys.exit("the long prompt was done before the short question was asked; take a longer one")
                long.result()
    return {"first_token_ms": {name: spread(times) for name, times in measured.items()}}


def spread(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values), "of": len(values)}


def show(figures, wanted):
    print(f"\n{figures['machine']['processor']}, {wanted.threads} threads, {figures['machine']['model']}\n")
    for name in ("prompt_tokens_per_second", "decode_tokens_per_second"):
        theirs = figures[name]["llama_cpp"]["median"]
        for runner in ("busbar", "busbar, seeded"):
            ours = figures[name][runner]["median"]
            verdict(f"{name}: {runner} {ours:.1f}, llama.cpp {theirs:.1f}", ours / theirs, SINGLE_FLOOR, least=True)
    one, *many = figures["aggregate_tokens_per_second"].items()
    for (name, speed), floor in zip(many, (MANY_FLOOR, SINGLE_FLOOR)):
        text = f"aggregate of {name} streams: {speed['median']:.1f}, of one {one[1]['median']:.1f}"
        verdict(text, speed["median"] / one[1]["median"], floor, least=True)
    idle, *others = figures["first_token_ms"].items()
    for name, times in others:
        text = f"first token: idle {idle[1]['median']:.1f} ms, {name} a long prompt {times['median']:.1f} ms"
        verdict(text, times["median"] / idle[1]["median"], WAIT_CEILING, least=False)
    print("memory: " + ", ".join(f"{name} {mib:.0f} MiB" for name, mib in figures["memory_mib"].items()))


def verdict(text, ratio, bound, least):
    kept = ratio >= bound if least else ratio <= bound
    print(f"{text}: {ratio:.2f}x ({'at least' if least else 'at most'} {bound}: {'kept' if kept else 'MISSED'})")


if __name__ == "__main__":
    main()
