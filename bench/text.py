#!/usr/bin/env python3
"""Compares Busbar's text engine with llama.cpp itself: same file, same threads, interleaved.

One stream: prompt and decode speed of both, in turns, medians. Several streams: Busbar's aggregate
decode speed against its own single stream. A short question while a long prompt is being
processed: its time to first token against an idle server's. Memory of both.
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
    parser.add_argument("--out", help="write the figures here, as JSON")
    wanted = parser.parse_args()

    settings = {
        "BUSBAR_TEXT__THREADS": str(wanted.threads),
        "BUSBAR_TEXT__SEQUENCES": str(wanted.streams),
        "BUSBAR_LOG": "error",
    }
    figures = {"machine": machine(wanted)}
    # The peer lives in a process of its own, so that memory can be told apart.
    peer = Peer(wanted.model, wanted.threads)
    with serving.Server(wanted.busbar, settings) as server:
        busbar = Busbar(server)
        figures |= one_stream(busbar, peer, wanted.rounds)
        figures |= many_streams(busbar, wanted.streams, wanted.rounds)
        figures |= long_prompt_beside(busbar, wanted.rounds)
        figures["memory_mib"] = {"busbar": server.resident(), "llama_cpp": serving.resident(peer.process.pid)}
    peer.close()
    show(figures, wanted)
    if wanted.out:
        pathlib.Path(wanted.out).write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


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
    """One question at a time, told by the answer's own metrics."""

    def __init__(self, server):
        self.server = server
        self.asked = 0

    def ask(self, words, tokens):
        """A raw continuation; a number in front makes sure that nothing of it is in the KV cache."""
        self.asked += 1
        body = {"prompt": f"{self.asked}. {words}", "max_tokens": tokens, "temperature": 0, "logit_bias": {"0": -100, "2": -100}}
        began = time.perf_counter()
        answer = self.server.post("/v1/completions", body)["busbar"]
        answer["seconds"] = time.perf_counter() - began
        return answer

    def prompt_speed(self, words):
        answer = self.ask(words, 1)
        return answer["tokens_in"] / (answer["first_chunk_ms"] / 1000)

    def decode_speed(self):
        return self.ask("Once upon a time", DECODE_TOKENS)["tokens_per_second"]


class Peer:
    """llama.cpp in a process of its own, told what to do line by line."""

    def __init__(self, model, threads):
        script = pathlib.Path(__file__).parent / "peer.py"
        command = [sys.executable, str(script), model, str(threads)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def do(self, **order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def prompt_speed(self, words):
        return self.do(prompt=words)["tokens_per_second"]

    def decode_speed(self):
        return self.do(decode=DECODE_TOKENS)["tokens_per_second"]

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)


def one_stream(busbar, peer, rounds):
    words = SENTENCE * 28  # about 500 tokens
    speeds = {"prompt": ([], []), "decode": ([], [])}
    for number in range(rounds + 1):
        order = [(0, busbar), (1, peer)] if number % 2 else [(1, peer), (0, busbar)]
        for column, runner in order:
            prompt, decode = runner.prompt_speed(words), runner.decode_speed()
            if number > 0:  # the first round warms both up
                speeds["prompt"][column].append(prompt)
                speeds["decode"][column].append(decode)
    return {
        f"{kind}_tokens_per_second": {"busbar": spread(ours), "llama_cpp": spread(theirs)}
        for kind, (ours, theirs) in speeds.items()
    }


def many_streams(busbar, streams, rounds):
    alone, together = [], []
    for _ in range(max(3, rounds // 2)):
        began = time.perf_counter()
        written = busbar.ask("Once upon a time", DECODE_TOKENS)["tokens_out"]
        alone.append(written / (time.perf_counter() - began))
        with concurrent.futures.ThreadPoolExecutor(streams) as pool:
            began = time.perf_counter()
            answers = list(pool.map(lambda n: busbar.ask(f"Story {n}", DECODE_TOKENS), range(streams)))
            together.append(sum(answer["tokens_out"] for answer in answers) / (time.perf_counter() - began))
    return {"aggregate_tokens_per_second": {"one": spread(alone), f"{streams}": spread(together)}}


def long_prompt_beside(busbar, rounds):
    """Time to first token of a short question: idle, and while 1,500 tokens are being read."""
    idle, beside = [], []
    for _ in range(max(3, rounds // 2)):
        idle.append(busbar.ask("Say hello", 2)["first_chunk_ms"])
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            long = pool.submit(busbar.ask, SENTENCE * 84, 1)
            time.sleep(0.15)
            beside.append(busbar.ask("Say hello", 2)["first_chunk_ms"])
            if long.done():
                sys.exit("the long prompt was done before the short question was asked; take a longer one")
            tokens = long.result()["tokens_in"]
    return {"first_token_ms": {"idle": spread(idle), f"beside {tokens} prompt tokens": spread(beside)}}


def spread(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values), "of": len(values)}


def show(figures, wanted):
    print(f"\n{figures['machine']['processor']}, {wanted.threads} threads, {figures['machine']['model']}\n")
    for name in ("prompt_tokens_per_second", "decode_tokens_per_second"):
        ours, theirs = figures[name]["busbar"]["median"], figures[name]["llama_cpp"]["median"]
        verdict(f"{name}: busbar {ours:.1f}, llama.cpp {theirs:.1f}", ours / theirs, SINGLE_FLOOR, least=True)
    one, many = (one["median"] for one in figures["aggregate_tokens_per_second"].values())
    verdict(f"aggregate of {wanted.streams} streams: {many:.1f}, of one {one:.1f}", many / one, MANY_FLOOR, least=True)
    idle, beside = (one["median"] for one in figures["first_token_ms"].values())
    verdict(f"first token: idle {idle:.1f} ms, beside a long prompt {beside:.1f} ms", beside / idle, WAIT_CEILING, least=False)
    memory = figures["memory_mib"]
    print(f"memory: busbar {memory['busbar']:.0f} MiB, llama.cpp {memory['llama_cpp']:.0f} MiB")


def verdict(text, ratio, bound, least):
    kept = ratio >= bound if least else ratio <= bound
    print(f"{text}: {ratio:.2f}x ({'at least' if least else 'at most'} {bound}: {'kept' if kept else 'MISSED'})")


if __name__ == "__main__":
    main()
