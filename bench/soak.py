#!/usr/bin/env python3
"""Loads a Busbar server for a while and sees that its memory stays flat.

Starts the server itself, mixes whole answers, streams, streams that are dropped half-way and
embeddings from several clients at once, and reads the server's resident memory every few seconds.
Fails if memory at the end is more than the tolerance above memory after the warm-up, if any
request fails that should not, or if the server dies. Needs the standard library only.
"""

import argparse
import json
import random
import statistics
import sys
import threading
import time

import serving

PROMPTS = [
    "Name three colours.",
    "Why is the sky blue? Answer in two sentences.",
    "Write a short poem about a harbour.",
    "Explain to a child what a transformer station does. " * 8,
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("busbar", help="the binary")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--tolerance", type=float, default=5, help="growth allowed, in percent")
    parser.add_argument("--out", help="write the readings here, as JSON")
    wanted = parser.parse_args()

    with serving.Server(wanted.busbar, {"BUSBAR_LOG": "error"}) as server:
        load = Load(server, wanted.clients)
        try:
            readings = watch(server, load, wanted.minutes * 60)
        finally:
            load.stop()
            left = server.stop()
    return report(readings, load, left, wanted)


class Load:
    """Clients that ask until they are told to stop."""

    def __init__(self, server, clients):
        self.server = server
        self.ending = threading.Event()
        self.lock = threading.Lock()
        self.counts = {}
        self.errors = []
        self.threads = [threading.Thread(target=self.client, args=(n,), daemon=True) for n in range(clients)]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.ending.set()
        for thread in self.threads:
            thread.join(timeout=60)

    def client(self, number):
        dice = random.Random(number)
        kinds = [self.whole, self.stream, self.stream, self.dropped, self.metrics, self.embedding]
        while not self.ending.is_set():
            kind = dice.choice(kinds)
            try:
                kind(dice)
                self.count(kind.__name__)
            except Exception as error:  # whatever it was, it is reported and the load goes on
                self.count("failed")
                with self.lock:
                    self.errors.append(f"{kind.__name__}: {error!r}")
                time.sleep(0.5)

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def chat(self, dice, stream):
        body = {
            "messages": [{"role": "user", "content": dice.choice(PROMPTS)}],
            "max_tokens": dice.choice([16, 48, 96]),
            "seed": dice.randrange(1000),
            "stream": stream,
        }
        return self.server.open("/v1/chat/completions", body)

    def whole(self, dice):
        connection, answer = self.chat(dice, stream=False)
        text = json.loads(answer.read())["choices"][0]["message"]["content"]
        connection.close()
        if not isinstance(text, str):
            raise RuntimeError("an answer without text")

    def stream(self, dice):
        connection, answer = self.chat(dice, stream=True)
        read = answer.read()
        connection.close()
        if b"[DONE]" not in read:
            raise RuntimeError("a stream without its end")

    def dropped(self, dice):
        connection, answer = self.chat(dice, stream=True)
        answer.read(dice.randrange(1, 400))
        connection.close()

    def metrics(self, _dice):
        if self.server.get("/metrics") != 200:
            raise RuntimeError("no metrics")

    def embedding(self, dice):
        connection, answer = self.server.open("/v1/embeddings", {"input": dice.choice(PROMPTS)})
        answer.read()
        connection.close()


def watch(server, load, seconds):
    """Memory in MiB, every few seconds."""
    began = time.monotonic()
    step = max(1.0, min(15.0, seconds / 60))
    readings = []
    while time.monotonic() - began < seconds:
        time.sleep(step)
        if server.process.poll() is not None:
            sys.exit(f"the server ended after {time.monotonic() - began:.0f} s, with {server.process.returncode}")
        readings.append((time.monotonic() - began, server.resident()))
        if len(readings) % 4 == 0:
            done = sum(load.counts.values())
            print(f"{readings[-1][0]:6.0f} s  {readings[-1][1]:8.1f} MiB  {done} requests", flush=True)
    return readings


def report(readings, load, left, wanted):
    # A tenth of the time warms caches and pools up; then the first fifth is held against the last.
    settled = [size for at, size in readings if at > wanted.minutes * 60 / 10]
    fifth = max(1, len(settled) // 5)
    first, last = statistics.median(settled[:fifth]), statistics.median(settled[-fifth:])
    growth = (last / first - 1) * 100
    print(f"\n{wanted.minutes:g} minutes, {wanted.clients} clients: {load.counts}")
    print(f"resident memory: {readings[0][1]:.1f} MiB at the start, {first:.1f} MiB after warming up,")
    print(f"{last:.1f} MiB at the end, {growth:+.1f} %; the server left with {left}")
    for error in sorted(set(load.errors))[:10]:
        print(f"  {load.errors.count(error)} x {error}")
    if wanted.out:
        with open(wanted.out, "w", encoding="utf-8") as file:
            json.dump({"readings": readings, "counts": load.counts, "growth_percent": growth}, file)
    held = growth <= wanted.tolerance and not load.errors and left == 0
    print("memory stayed flat" if held else "FAILED: memory grew, a request failed or the server did not leave well")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
