#!/usr/bin/env python3
"""What a deployment on AWS costs: from what a request was measured to take (measured.json) and a dated table of prices
(prices.json). Writes docs/cost.md.

    python3 deploy/aws/cost/cost.py            writes docs/cost.md
    python3 deploy/aws/cost/cost.py --check    fails where docs/cost.md is not what it would write
"""

import json
import math
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
PAPER = HERE.parents[2] / "docs" / "cost.md"
MEASURED = json.loads((HERE / "measured.json").read_text())
PRICES = json.loads((HERE / "prices.json").read_text())

HOURS = 730
SECONDS = HOURS * 3600
MILLION = 1_000_000
VOLUMES = [1, 10, 100, 1000]  # Million requests a month.
ARCHITECTURES = ["arm64", "x86_64"]

# What is assumed, by name: change one and run the script again.
WAIT_SECONDS = 0.8  # How long a model takes: "Bedrock call" of the requirements.
MEMORY_MB = 512  # The example's functions.
TARGET = {"fargate": 0.7, "instances": 0.8}  # What processors are kept at, by the examples.
LEAST = 2  # Tasks and instances that stand whatever comes.
TASK = {"vcpu": 0.5, "gb": 1}
DISK_GB = 30
PEAK = 3  # The busiest hour against the average one: what has to stand for it.
LOG_BYTES = 600  # One line a request.
CALL_TOKENS = {"input": 500, "output": 200}
FALCON_SECONDS = (2, 5)  # Text generation, by the requirements.
PICTURE_SECONDS = (30, 60)  # Image generation, by the requirements.
CLASSIFY = {"seconds": 0.05, "gb": 2}  # One photo on a serverless endpoint.


def usd(value):
    """Two digits that count."""
    if value >= 100:
        return f"${value:,.0f}"
    if value >= 10:
        return f"${value:.1f}"
    return f"${value:.2f}"


def logs():
    return MILLION * LOG_BYTES / 1e9 * PRICES["logs_gb_usd"]


def processor_seconds():
    """Half of the requests are streamed."""
    return (MEASURED["cpu_seconds_whole"] + MEASURED["cpu_seconds_streamed"]) / 2


def function(architecture, front="http_request_usd", memory=MEMORY_MB):
    """A million requests: a function is paid for while it waits."""
    prices = PRICES["lambda"]
    share = min(1, memory / prices["full_processor_mb"])
    seconds = WAIT_SECONDS + processor_seconds() / share
    return {
        "requests": MILLION * prices["request_usd"],
        "time": MILLION * seconds * memory / 1024 * prices["gb_second_usd"][architecture],
        "front": MILLION * PRICES["api_gateway"][front] if front else 0.0,
        "logs": logs(),
    }


def needed(volume, processors, target):
    """How many tasks or instances stand for the peak of so many million requests a month."""
    busy = volume * MILLION / SECONDS * PEAK * processor_seconds()
    return max(LEAST, math.ceil(busy / (processors * target)))


def shared(volume):
    """A month of what containers and instances need beside themselves: balancer, one NAT gateway, private addresses."""
    requests_a_second = volume * MILLION / SECONDS
    # A unit is 25 new connections a second, 3,000 open ones, or 1 GB an hour; open ones are what waiting makes.
    units = max(1, requests_a_second / 25, requests_a_second * WAIT_SECONDS / 3000)
    balancer = HOURS * (PRICES["balancer"]["hour_usd"] + units * PRICES["balancer"]["unit_hour_usd"])
    endpoints = 7 * 2 * HOURS * PRICES["endpoint_hour_usd"]
    return balancer + HOURS * PRICES["nat_hour_usd"] + endpoints + volume * logs()


def containers(volume, architecture):
    prices = PRICES["fargate"]
    hour = TASK["vcpu"] * prices["vcpu_hour_usd"][architecture] + TASK["gb"] * prices["gb_hour_usd"][architecture]
    count = needed(volume, TASK["vcpu"], TARGET["fargate"])
    return count, (HOURS * count * hour + shared(volume)) / volume


def instances(volume, architecture):
    machine = PRICES["instances"][architecture]
    count = needed(volume, machine["vcpu"], TARGET["instances"])
    month = count * (HOURS * machine["hour_usd"] + DISK_GB * PRICES["disk_gb_month_usd"])
    return count, (month + shared(volume)) / volume


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def functions_table():
    rows = []
    for title, front in [
        ("HTTP API", "http_request_usd"),
        ("REST API, with usage plans", "rest_request_usd"),
        ("its own address (SSE)", None),
    ]:
        for architecture in ARCHITECTURES:
            parts = function(architecture, front)
            rows.append([title, architecture, *(usd(parts[part]) for part in ["requests", "time", "front", "logs"]), usd(sum(parts.values()))])
    return table(["Front", "Architecture", "requests", "time", "front", "logs", "**a million requests**"], rows)


def memory_table():
    rows = []
    for memory, meant in [(512, "simple queries"), (1024, "most use cases"), (3008, "complex processing")]:
        arm, x86 = (sum(function(architecture, memory=memory).values()) for architecture in ARCHITECTURES)
        rows.append([f"{memory} MB", meant, usd(arm), usd(x86), f"{100 * (1 - arm / x86):.0f} %"])
    return table(["Memory", "The requirements mean it for", "arm64", "x86_64", "arm64 saves"], rows)


def standing_table(what):
    rows = []
    for volume in VOLUMES:
        (count, arm), (_, x86) = (what(volume, architecture) for architecture in ARCHITECTURES)
        rows.append([f"{volume:,} million", str(count), usd(arm), usd(x86), f"{100 * (1 - arm / x86):.0f} %"])
    return table(["Requests a month", "stand (arm64)", "arm64, a million requests", "x86_64", "arm64 saves"], rows)


def requirements_table():
    serverless = sum(function("arm64").values())
    python = sum(function("arm64", memory=1024).values())
    count = "requests a month"
    return table(["Architecture", "The requirements say", "Here", "at"], [
        ["Lambda (arm64)", "$120", usd(serverless), f"any volume, {MEMORY_MB} MB"],
        ["Lambda (arm64), their 1024 MB", "$120", usd(python), "any volume"],
        ["ECS", "$80–150", " to ".join(usd(containers(volume, "arm64")[1]) for volume in (10, 1)), f"10 and 1 million {count}"],
        ["EC2", "$60–120", " to ".join(usd(instances(volume, "arm64")[1]) for volume in (10, 1)), f"10 and 1 million {count}"],
    ])


def break_even():
    """From how many million requests a month containers are cheaper than functions."""
    one = sum(function("arm64").values())
    return next(volume for volume in range(1, 10_000) if containers(volume, "arm64")[1] < one)


def models_table():
    rows = []
    for name, price in PRICES["bedrock"]["tokens_per_million_usd"].items():
        rows.append([f"`{name}`", usd(sum(CALL_TOKENS[side] * price[side] for side in CALL_TOKENS))])
    return table(["Model", f"a million answers ({CALL_TOKENS['input']} tokens in, {CALL_TOKENS['output']} out)"], rows)


def pictures_table():
    rows = []
    for name in ["ml.g5.xlarge", "ml.g5.2xlarge"]:
        hour = PRICES["sagemaker"][name]["hour_usd"]
        low, high = (1000 * seconds * hour / 3600 for seconds in PICTURE_SECONDS)
        rows.append([f"SageMaker {name}, always busy", f"{usd(low)}–{usd(high)}"])
        rows.append([f"SageMaker {name}, a tenth of the time busy", f"{usd(10 * low)}–{usd(10 * high)}"])
    for name, price in PRICES["bedrock"]["picture_usd"].items():
        rows.append([f"Bedrock `{name}`", usd(1000 * price)])
    return table(["Who makes them", "a thousand pictures"], rows)


def own_text():
    hour = PRICES["sagemaker"]["ml.g5.2xlarge"]["hour_usd"]
    return [usd(MILLION * seconds * hour / 3600) for seconds in FALCON_SECONDS]


def classify():
    seconds, gb = CLASSIFY["seconds"], CLASSIFY["gb"]
    endpoint = MILLION * seconds * gb * PRICES["sagemaker"]["serverless_gb_second_usd"]
    waits = function("arm64")
    proxy = waits["requests"] + waits["front"] + waits["logs"] + waits["time"] * seconds / WAIT_SECONDS
    return usd(endpoint), usd(proxy), usd(endpoint + proxy)


def paper():
    low, high = own_text()
    endpoint, proxy, photos = classify()
    memory = MEASURED["resident_bytes"] / 2**20
    return f"""# What it costs

Written by `deploy/aws/cost/cost.py`; `make test` checks that it is what the script writes. Change `prices.json`, what was
measured (`measure.py` writes it), or an assumption at the top of the script, and run it again.

**Prices** are {PRICES['region']}'s of {PRICES['dated']}. {PRICES['checked']}

**Measured** on {MEASURED['date']} with `{MEASURED['program']}` on an {MEASURED['machine']} ({MEASURED['architecture']}), as a gateway before a
model that answers at once, {MEASURED['requests']:,} requests one after another: {MEASURED['cpu_seconds_whole'] * 1000:.2f} ms of processor time for a whole answer,
{MEASURED['cpu_seconds_streamed'] * 1000:.2f} ms for one streamed in {MEASURED['tokens']} chunks, {memory:.0f} MiB resident, ready {MEASURED['ready_seconds'] * 1000:.0f} ms after its start. Plain HTTP to the model:
TLS and signatures come on top and were not measured, nor was anything on Graviton or on Lambda. The same processor time is
assumed for both architectures, so "arm64 saves" is the price list's difference alone; the requirements' 40 % would need
arm64 to be quicker as well, which nobody has measured here.

**Assumed**: a model takes {WAIT_SECONDS} s (the requirements' "Bedrock call"), half of the answers are streamed, the busiest hour is {PEAK}
times the average one, at least {LEAST} tasks or instances stand, processors are kept at {TARGET['fargate']:.0%} (tasks) and {TARGET['instances']:.0%} (instances),
a log line has {LOG_BYTES} bytes. What is sent (to the internet, through NAT and private
addresses), traces, the firewall and the models are not in these figures.

## Beside the requirements' figures

{requirements_table()}

They do not say what theirs contain. A request of theirs would cost $120 a million on Lambda if it took about nine
seconds at 1024 MB. Where a gateway only waits, memory is what is paid for: {memory:.0f} MiB against a Python runtime's hundreds
lets the smallest function do.

## Lambda

{functions_table()}

By memory, behind the HTTP API:

{memory_table()}

## ECS (Fargate, {TASK['vcpu']} vCPU and {TASK['gb']} GB a task)

{standing_table(containers)}

## EC2 ({PRICES['instances']['arm64']['type']}; {PRICES['instances']['x86_64']['type']} for x86)

{standing_table(instances)}

Both contain a balancer, one NAT gateway, seven private endpoints in two zones, and logs: {usd(shared(1))} a month before the first
request. So Lambda is cheaper up to about **{break_even():,} million requests a month**; beyond, containers are.

## Pictures

{pictures_table()}

Seconds a picture are the requirements' ({PICTURE_SECONDS[0]}–{PICTURE_SECONDS[1]}); our own on such a GPU were not measured. An asynchronous endpoint may go
down to no instance while nobody asks, which the second rows show the worth of.

## Text

{models_table()}

Falcon-7B on one ml.g5.2xlarge, one request at a time as in the requirements ({FALCON_SECONDS[0]}–{FALCON_SECONDS[1]} s each): {low}–{high} a million answers; several
at once divide that.

## Classification

A million photos through `/predict` on SageMaker Serverless ({CLASSIFY['gb']} GB, {CLASSIFY['seconds'] * 1000:.0f} ms each, assumed): {endpoint} for the endpoint, {proxy} for the
function and its API, together {photos}. Nothing while nobody asks.

## Cheaper still

Spot for what is beyond the least (`spot_percent`; the requirements say 60–90 % less), Savings Plans (30–60 %), one NAT gateway
rather than one a zone, or none (`nat = "none"`) where every model is AWS's, fewer private endpoints.
"""


def main():
    text = paper()
    if "--check" not in sys.argv:
        PAPER.write_text(text)
    elif PAPER.read_text() != text:
        sys.exit("docs/cost.md is not what deploy/aws/cost/cost.py writes: run it")


if __name__ == "__main__":
    main()
