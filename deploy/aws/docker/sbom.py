#!/usr/bin/env python3
"""The bill of materials as CycloneDX 1.5: every crate of Cargo.lock and every package that the console ships.

Prints JSON. Needs Python 3.11 and nothing else.

    python3 deploy/aws/docker/sbom.py > sbom.cdx.json
"""

import json
import pathlib
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[3]


def crates():
    for package in tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]:
        # What has no source is ours, and is the thing itself.
        if "source" not in package:
            continue
        component = {
            "type": "library",
            "name": package["name"],
            "version": package["version"],
            "purl": f"pkg:cargo/{package['name']}@{package['version']}",
        }
        if "checksum" in package:
            component["hashes"] = [{"alg": "SHA-256", "content": package["checksum"]}]
        yield component


def packages():
    lock = json.loads((ROOT / "console" / "package-lock.json").read_text())
    for path, package in lock["packages"].items():
        # What only builds or tests the page is not in it.
        if not path or package.get("dev") or package.get("link"):
            continue
        name = path.rpartition("node_modules/")[2]
        component = {
            "type": "library",
            "name": name,
            "version": package["version"],
            "purl": f"pkg:npm/{name.replace('@', '%40')}@{package['version']}",
        }
        if package.get("license"):
            component["licenses"] = [{"expression": package["license"]}]
        yield component


def version():
    return tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def bill():
    program = {"type": "application", "name": "busbar", "version": version(), "purl": f"pkg:generic/busbar@{version()}"}
    found = {part["purl"]: {**part, "bom-ref": part["purl"]} for part in [*crates(), *packages()]}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {**program, "bom-ref": program["purl"]}},
        "components": [found[purl] for purl in sorted(found)],
    }


if __name__ == "__main__":
    print(json.dumps(bill(), indent=1))
