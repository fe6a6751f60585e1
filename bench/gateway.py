"""Measures what gateways cost in front of one host on loopback: Busbar beside nginx, HAProxy and others, in turns.

    make bench-gateway                               Busbar, nginx and HAProxy
    scripts/bench-gateway --with smg,portkey,litellm these too; they are installed by name, apart from everything else
    scripts/bench-gateway --rounds 5 --seconds 3     longer

Every round measures every gateway once, one after another, so that what else the machine does falls on all of them.
Told are medians over the rounds. The host is the busbar-bench of this repository; `direct` asks it without a gateway.
"""

import argparse
import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from gateways import PEERS, Missing, busbar

# What is asked: over how many connections, for streams of how many words, with how many microseconds between two.
ALONE = ["--connections", "1"]
BUSY = ["--connections", "64"]
FIRST = ["--connections", "1", "--words", "20", "--gap", "2000"]
STREAMS = ["--connections", "256", "--words", "100"]
OPEN = ["--connections", "256", "--words", "100", "--gap", "20000"]
TICK = 1_000_000 / os.sysconf("SC_CLK_TCK")


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--busbar", action="append", required=True, metavar="[NAME=]BINARY", help="the program, or several to compare")
    words.add_argument("--load", required=True, help="the program busbar-bench")
    words.add_argument("--cache", required=True, type=pathlib.Path, help="where peers are installed")
    words.add_argument("--with", dest="peers", default="", help=f"more gateways, with commas between: {', '.join(PEERS)}")
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--seconds", type=float, default=2.0, help="for each figure")
    chosen = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="busbar-bench-") as folder:
        measured(chosen, pathlib.Path(folder))


def measured(chosen, folder):
    host = free_port()
    running = [subprocess.Popen([chosen.load, "host", str(host)])]
    try:
        wait_for(host, running[0])
        gateways = {"direct": Running("direct", None, host, [])}
        for name, make in wanted(chosen):
            port = free_port()
            try:
                gateway = make(folder, chosen.cache, port, host)
            except Missing as missing:
                print(f"{name} is left out: it is not here ({missing})")
                continue
            began = time.monotonic()
            process = subprocess.Popen(
                gateway.command, env=gateway.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
            )
            running.append(process)
            gateways[name] = Running(name, process, port, gateway.headers)
            gateways[name].starts(began, chosen)
        for number in range(chosen.rounds):
            for gateway in gateways.values():
                print(f"round {number + 1} of {chosen.rounds}: {gateway.name}", file=sys.stderr)
                gateway.round(chosen)
        tell(gateways)
    finally:
        for process in running:
            end(process)


def wanted(chosen):
    for one in chosen.busbar:
        name, _, binary = one.rpartition("=")
        yield name or "busbar", busbar(binary)
    more = [name for name in chosen.peers.split(",") if name]
    for name in dict.fromkeys(["nginx", "haproxy", *more]):
        if name not in PEERS:
            sys.exit(f"error: --with {name}: known are {', '.join(PEERS)}")
        yield name, PEERS[name]


class Running:
    """A gateway that runs, and what was seen of it."""

    def __init__(self, name, process, port, headers):
        self.name, self.process, self.port = name, process, port
        self.headers = [word for header in headers for word in ("--header", header)]
        self.seen = {}

    def starts(self, began, chosen):
        """How long until it answers its first question, and what memory it has before others."""
        wait_for(self.port, self.process)
        until = time.monotonic() + 60
        while self.ask(chosen, ALONE, 0.01)["answers"] == 0:
            if time.monotonic() > until:
                raise SystemExit(f"error: {self.name} does not answer")
        idle = self.memory()
        self.saw(start_s=time.monotonic() - began, idle_mib=idle)
        # Before anything else has left memory behind that these streams would find.
        self.spending(chosen, OPEN, watch=True)
        self.saw(stream_kib=max(0, self.peak - idle) * 1024 / 256)

    def ask(self, chosen, plan, seconds=None):
        address = f"http://127.0.0.1:{self.port}/v1/chat/completions"
        command = [chosen.load, "ask", address, *plan, "--seconds", str(seconds or chosen.seconds), *self.headers]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise SystemExit(f"error: {self.name}: {done.stderr}")
        return json.loads(done.stdout)

    def round(self, chosen):
        self.ask(chosen, BUSY, 0.3)  # warms up
        alone = self.asked(chosen, ALONE)
        self.saw(alone_us=alone["whole_us"]["p50"], alone_p99_us=alone["whole_us"]["p99"])
        busy, spent = self.spending(chosen, BUSY)
        self.saw(a_second=busy["answers"] / busy["seconds"], request_us=spent / busy["answers"])
        first = self.asked(chosen, FIRST)
        self.saw(first_us=first["first_us"]["p50"])
        streams, spent = self.spending(chosen, STREAMS)
        self.saw(token_us=spent / streams["tokens"])
        slow, spent = self.spending(chosen, OPEN, watch=True)
        self.saw(paced_us=spent / slow["tokens"], loaded_mib=self.peak)

    def asked(self, chosen, plan):
        told = self.ask(chosen, plan)
        if told["failed"]:
            print(f"{self.name}: {told['failed']} failed beside {told['answers']}: {told['why']}")
        if not told["answers"]:
            raise SystemExit(f"error: {self.name} answered nothing: {told['why']}")
        return told

    def spending(self, chosen, plan, watch=False):
        """What was answered, and the processor time that the gateway took for it, microseconds."""
        before = self.spent()
        if watch:
            watcher = subprocess.Popen(
                [sys.executable, "-c", WATCH, str(chosen.seconds * 0.8), *map(str, self.family())], stdout=subprocess.PIPE, text=True
            )
        told = self.asked(chosen, plan)
        if watch:
            self.peak = float(watcher.communicate()[0])
        return told, self.spent() - before

    def family(self):
        """The process and those that it has started."""
        if not self.process:
            return []
        family = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and os.getsid(int(entry.name)) == self.process.pid:
                    family.append(int(entry.name))
            except ProcessLookupError:
                continue
        return family

    def spent(self):
        ticks = 0
        for process in self.family():
            fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks * TICK

    def memory(self):
        return resident(self.family())

    def saw(self, **figures):
        for name, value in figures.items():
            self.seen.setdefault(name, []).append(value)

    def median(self, name):
        return statistics.median(self.seen[name]) if name in self.seen else None


def resident(family):
    """Resident memory, MiB."""
    pages = sum(int(pathlib.Path(f"/proc/{process}/statm").read_text().split()[1]) for process in family)
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


# Looks at memory while streams are open; a process of its own, since the benchmark waits for the client meanwhile.
WATCH = """
import os, sys, time
most, until = 0, time.monotonic() + float(sys.argv[1])
while time.monotonic() < until:
    pages = sum(int(open(f"/proc/{one}/statm").read().split()[1]) for one in sys.argv[2:])
    most = max(most, pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20))
    time.sleep(0.02)
print(most)
"""


def tell(gateways):
    """A table in Markdown: what each adds to the host alone, and what it costs itself."""
    direct = gateways["direct"]
    rows = [
        ("added to a lone answer, p50, µs", lambda one: one.median("alone_us") - direct.median("alone_us"), "+.0f"),
        ("… p99, µs", lambda one: one.median("alone_p99_us") - direct.median("alone_p99_us"), "+.0f"),
        ("added to a stream's first word, µs", lambda one: one.median("first_us") - direct.median("first_us"), "+.0f"),
        ("processor time a request, 64 connections, µs", lambda one: one.median("request_us"), ".1f"),
        ("requests a second, 64 connections", lambda one: one.median("a_second"), ",.0f"),
        ("processor time a word, 256 streams, µs", lambda one: one.median("token_us"), ".2f"),
        ("… with 20 ms between two words, µs", lambda one: one.median("paced_us"), ".2f"),
        ("resident after the first answer, MiB", lambda one: one.median("idle_mib"), ".1f"),
        ("resident with 256 open streams, MiB", lambda one: one.median("loaded_mib"), ".1f"),
        ("more for an open stream, KiB", lambda one: one.median("stream_kib"), ".1f"),
        ("until the first answer, s", lambda one: one.median("start_s"), ".2f"),
    ]
    others = [one for one in gateways.values() if one is not direct]
    print(f"\ndirect: {direct.median('alone_us'):.0f} µs a lone answer, {direct.median('first_us'):.0f} µs to a stream's first word\n")
    print("| | " + " | ".join(one.name for one in others) + " |")
    print("|---|" + "---|" * len(others))
    for title, figure, form in rows:
        print(f"| {title} | " + " | ".join(format(figure(one), form) for one in others) + " |")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process):
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if process.poll() is not None:
            raise SystemExit(f"error: {process.args[0]} ended at once, with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.005)
    raise SystemExit(f"error: nobody listens on port {port}")


def end(process):
    """It, and what it has started."""
    try:
        if os.getsid(process.pid) == process.pid:
            os.killpg(process.pid, signal.SIGTERM)
        else:
            process.terminate()
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


if __name__ == "__main__":
    main()
