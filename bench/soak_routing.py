#!/usr/bin/env python3
"""Asks a route at a fixed rate while its targets fail and come back at random.

Four hosts of its own refuse connections, throttle, fail, stall, cut answers or are slow, each for a few
seconds at a time, and are well in between. Busbar has two routes over them, each of two tiers: `assistant`
goes on with streams that are cut, and has a text for when nobody answers; `strict` does neither. Every
answer is looked at: it is whole, once and in order; or the text for when nobody answers; or an error with
its type. Nothing else is allowed, and a stream that another host goes on with must say so.

Fails if a request is lost, if no breaker opens or closes, if memory grows, or if the rate is not kept.
"""

import argparse
import asyncio
import collections
import json
import pathlib
import random
import signal
import statistics
import sys
import tempfile
import time

import serving
from careful_client import Asked, get
from flaky_host import FlakyHost

INSTEAD = "nobody answers at present"
EXAMPLES = """examples:
  make soak-routing                                   ten minutes, 40 requests a second
  scripts/soak-routing --minutes 1 --seed 7           a minute, the same failures each time
  scripts/soak-routing --busbar target/debug/busbar   a binary that is there already; builds nothing

The seed decides what each host does and for how long, and what is asked; not what falls together in time."""
# More in flight is a route that answers too slowly, not a load that is meant.
MOST_IN_FLIGHT = 400
PATIENCE_SECONDS = 15
# What is shorter warms up all the time: its memory is told, and decides nothing.
JUDGED_MINUTES = 5


def arguments():
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLES, formatter_class=form)
    parser.add_argument("--busbar", required=True, metavar="BINARY", help="the binary (scripts/soak-routing builds it)")
    parser.add_argument("--minutes", type=float, default=10, help="how long (10)")
    parser.add_argument("--rate", type=float, default=40, help="requests a second (40), half of them streams")
    parser.add_argument("--seed", type=int, help="a number; printed where it is left out, to repeat a run with")
    parser.add_argument("--tolerance", type=float, default=5, help="growth of memory allowed, in percent (5)")
    parser.add_argument("--out", help="write everything here, as JSON")
    wanted = parser.parse_args()
    if wanted.minutes <= 0 or wanted.rate <= 0:
        parser.error("--minutes and --rate must be more than 0")
    return wanted


def configuration(hosts):
    """Short times, so that ten minutes see many openings and closings."""
    providers = "".join(
        f'[[providers]]\nname = "{host.letter}"\nkind = "openai"\nendpoint = "{host.url()}"\napi_key = "unused"\n'
        f'models = [{{ id = "host-{host.letter}", prefill = {str(place % 2 == 1).lower()} }}]\n'
        for place, host in enumerate(hosts)
    )
    first, second = (json.dumps([f"host-{host.letter}" for host in part]) for part in (hosts[:2], hosts[2:]))
    times = 'first_event_timeout = "1s"\nbetween_events_timeout = "1s"\nwhole_timeout = "2s"\ntotal_timeout = "6s"\n'
    return f"""
[models]
text = []
[routing]
breaker_window = "5s"
breaker_calls = 5
breaker_slow_after = "500ms"
breaker_open = "1s"
breaker_open_most = "4s"
{providers}
[[routes]]
name = "assistant"
instead = "{INSTEAD}"
{times}
[[routes.tiers]]
choose = "weights"
targets = {first}
[[routes.tiers]]
targets = {second}
[[routes]]
name = "strict"
on_cut = "fail"
{times}
[[routes.tiers]]
choose = "fastest"
targets = {second}
[[routes.tiers]]
targets = {first}
"""


class Soak:
    """The load, and all that is seen of it."""

    def __init__(self, server, wanted, dice):
        self.server, self.wanted, self.dice = server, wanted, dice
        self.began = time.monotonic()
        self.sent = self.held_back = 0
        self.outcomes = collections.Counter()
        self.messages = collections.Counter()
        self.lost = []
        self.seconds = []
        self.under_way = set()
        self.breakers = {}
        self.opened, self.closed = collections.Counter(), collections.Counter()
        self.memory = []

    def passed(self):
        return time.monotonic() - self.began

    async def load(self):
        """Asks at the rate, whatever becomes of the answers."""
        most = int(self.wanted.minutes * 60 * self.wanted.rate)
        for number in range(most):
            await asyncio.sleep(max(0, self.began + number / self.wanted.rate - time.monotonic()))
            if len(self.under_way) >= MOST_IN_FLIGHT:
                self.held_back += 1
                continue
            asked = Asked(
                number,
                self.dice.randint(4, 40),
                self.dice.choice(["assistant", "assistant", "assistant", "strict"]),
                self.dice.random() < 0.5,
                INSTEAD,
            )
            task = asyncio.create_task(self.one(asked))
            self.under_way.add(task)
            task.add_done_callback(self.under_way.discard)
        await asyncio.gather(*self.under_way)

    async def one(self, asked):
        self.sent += 1
        began, at = time.monotonic(), self.passed()
        kind, word = await asked.ask(self.server.port, PATIENCE_SECONDS)
        self.seconds.append(time.monotonic() - began)
        self.outcomes[(asked.route, "SSE" if asked.stream else "JSON", kind)] += 1
        if kind == "error":
            self.outcomes[("", "", word)] += 1
            self.messages[f"{asked.route}: {asked.message}"] += 1
        if kind == "lost":
            self.lost.append({"at_s": round(at, 2), "request": asked.number, "route": asked.route, "why": word})

    async def look_at_breakers(self):
        while True:
            await asyncio.sleep(0.1)
            for route in (await get(self.server.port, "/v1/routes"))["routes"]:
                for target in (target for tier in route["tiers"] for target in tier["targets"]):
                    self.saw(target["name"], target["breaker"])

    def saw(self, target, now):
        before = self.breakers.get(target, "closed")
        # A short opening may be seen only as half open.
        self.opened[target] += now != "closed" and before == "closed" or (before, now) == ("half_open", "open")
        self.closed[target] += now == "closed" and before != "closed"
        self.breakers[target] = now

    async def watch(self):
        """Memory every second, and a line now and then of how it goes."""
        line_each = 1 if sys.stdout.isatty() else 15
        while True:
            await asyncio.sleep(1)
            if self.server.process.poll() is not None:
                raise RuntimeError(f"the server ended, with {self.server.process.returncode}")
            self.memory.append((round(self.passed(), 1), round(self.server.resident(), 2)))
            if len(self.memory) % line_each == 0:
                self.tell()

    def tell(self):
        kinds = self.kinds()
        said = (
            f"{self.passed():5.0f} s  {self.sent} asked, {len(self.under_way)} under way: {kinds['whole']} whole, "
            f"{kinds['resumed']} resumed, {kinds['static']} static, {kinds['error']} errors, {kinds['lost']} lost; "
            f"breakers opened {self.opened.total()}, closed {self.closed.total()}; {self.memory[-1][1]:.1f} MiB"
        )
        tty = sys.stdout.isatty()
        print(f"\r{said}\033[K" if tty else said, end="" if tty else "\n", flush=True)

    def kinds(self):
        kinds = collections.Counter()
        for (route, _, kind), count in self.outcomes.items():
            if route:
                kinds[kind] += count
        return kinds


async def run(wanted, seed):
    hosts = [FlakyHost(letter, seed, (6, 15), (4, 10)) for letter in "abcd"]
    with tempfile.TemporaryDirectory(prefix="busbar-soak-") as home:
        config = pathlib.Path(home) / "soak.toml"
        config.write_text(configuration(hosts), encoding="utf-8")
        settings = {"BUSBAR_CONFIG": str(config), "BUSBAR_HOME": home, "BUSBAR_LOG": "error"}
        for host in hosts:
            await host.open()
        server = serving.Server(wanted.busbar, settings)
        watching = []
        try:
            await asyncio.to_thread(server.__enter__)
            soak = Soak(server, wanted, random.Random(f"{seed} load"))
            load = asyncio.create_task(soak.load())
            others = [host.live() for host in hosts] + [soak.look_at_breakers(), soak.watch()]
            watching = [load, *map(asyncio.create_task, others)]
            # Whichever ends first: the load, or what must not end at all.
            done, _ = await asyncio.wait(watching, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in watching:
                task.cancel()
            for host in hosts:
                await host.close()
            left = await asyncio.to_thread(server.stop)
    return soak, hosts, left


def report(soak, hosts, left, wanted, seed):
    print("\n\n| Route | Format | Whole | Resumed | Static | Errors | Lost |\n|---|---|---|---|---|---|---|")
    order = ["whole", "resumed", "static", "error", "lost"]
    for route in ("assistant", "strict"):
        for form in ("JSON", "SSE"):
            counts = " | ".join(str(soak.outcomes[(route, form, kind)]) for kind in order)
            print(f"| {route} | {form} | {counts} |")
    print("\n| Target | Breaker opened | Closed | Asked while well, and while bad |\n|---|---|---|---|")
    for host, target in zip(hosts, sorted(soak.breakers)):
        bad = ", ".join(f"{mode} {count}" for mode, count in host.seen.items())
        print(f"| {target} | {soak.opened[target]} | {soak.closed[target]} | {bad} |")
    errors = {word: count for (route, _, word), count in soak.outcomes.items() if not route}
    for word, count in sorted(errors.items(), key=lambda each: -each[1]):
        print(f"  {count} x {word}")

    sizes = [size for _, size in soak.memory]
    fifth = max(1, len(sizes) // 5)
    second, last = statistics.median(sizes[fifth : 2 * fifth] or sizes), statistics.median(sizes[-fifth:])
    growth = (last / second - 1) * 100
    middle, slowest = statistics.median(soak.seconds), max(soak.seconds)
    print(f"\nseed {seed}: {soak.sent} asked at {wanted.rate:g} a second, {soak.held_back} held back")
    print(f"answered within {middle * 1000:.0f} ms in the middle, {slowest:.2f} s at most")
    print(f"resident memory: {second:.1f} MiB in the second fifth, {last:.1f} MiB in the last, {growth:+.1f} %")

    wrong = []
    if soak.lost:
        wrong.append(f"{len(soak.lost)} requests were lost")
    if sum(soak.kinds().values()) != soak.sent:
        wrong.append("not every request has an outcome")
    if soak.held_back > soak.sent / 100:
        wrong.append("the rate was not kept")
    if not soak.opened.total() or not soak.closed.total():
        wrong.append("no breaker opened, or none closed")
    if growth > wanted.tolerance and wanted.minutes >= JUDGED_MINUTES:
        wrong.append(f"memory grew by {growth:.1f} %")
    if left != 0:
        wrong.append(f"the server left with {left}")
    for each in soak.lost[:10]:
        print(f"  at {each['at_s']} s, request {each['request']}, {each['route']}: {each['why']}")
    if wanted.out:
        told = {
            "seed": seed, "minutes": wanted.minutes, "rate": wanted.rate, "sent": soak.sent,
            "held_back": soak.held_back, "outcomes": {" ".join(key).strip(): n for key, n in soak.outcomes.items()},
            "opened": soak.opened, "closed": soak.closed, "hosts": {host.letter: host.seen for host in hosts},
            "memory": soak.memory, "growth_percent": growth, "median_s": middle, "slowest_s": slowest,
            "lost": soak.lost, "messages": soak.messages, "wrong": wrong,
        }  # fmt: skip
        pathlib.Path(wanted.out).write_text(json.dumps(told, indent=1), encoding="utf-8")
        print(f"written to {wanted.out}")
    flat = "memory stayed flat" if wanted.minutes >= JUDGED_MINUTES else "too short to judge memory by"
    print("FAILED: " + "; ".join(wrong) if wrong else f"no request was lost, breakers opened and closed, {flat}")
    return 1 if wrong else 0


def main():
    wanted = arguments()
    seed = random.randrange(10**6) if wanted.seed is None else wanted.seed
    print(f"{wanted.minutes:g} minutes at {wanted.rate:g} requests a second, seed {seed}", flush=True)
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.default_int_handler)
    try:
        outcome = asyncio.run(run(wanted, seed))
    except KeyboardInterrupt:
        print("\nstopped; the server and the hosts are gone")
        return 130
    return report(*outcome, wanted, seed)


if __name__ == "__main__":
    sys.exit(main())
