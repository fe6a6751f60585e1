#!/usr/bin/env python3
"""Says how large the function for Lambda is, zipped, and how long it takes to start.

    cargo build --release --package busbar-lambda
    python3 bench/lambda.py $CARGO_TARGET_DIR/release/bootstrap

Its start is measured from its launch to its first question for an event, under the stand-in for Lambda's
Runtime API that the tests use, with one provider configured. Needs the standard library and `strip`.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "clients" / "python"))

CONFIGURATION = """
[[providers]]
name = "far"
kind = "openai"
endpoint = "http://127.0.0.1:9/v1"
api_key = "unused"
[[providers.models]]
id = "far"
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bootstrap", help="the binary")
    parser.add_argument("--starts", type=int, default=20)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        program, archive = Path(folder) / "bootstrap", Path(folder) / "lambda.zip"
        shutil.copy(wanted.bootstrap, program)
        subprocess.run(["strip", program], check=True)
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
            packed.write(program, "bootstrap")
        print(f"zipped: {archive.stat().st_size / 1e6:.1f} MB, of {program.stat().st_size / 1e6:.1f} MB")
        starts = sorted(start(program) for _ in range(wanted.starts))
    print(f"starts: median {statistics.median(starts):.0f} ms, {starts[0]:.0f} to {starts[-1]:.0f} ms")


def start(program):
    """Milliseconds."""
    # The stand-in finds the function beside the server that the tests use.
    os.environ["TEST_BUSBAR"] = str(program.with_name("busbar"))
    from lambda_service import WAIT_SECONDS, Function

    function = Function(CONFIGURATION)
    began = time.monotonic()
    with function:
        if not function.started.wait(WAIT_SECONDS):
            raise SystemExit(function.log())
        return (time.monotonic() - began) * 1000


main()
