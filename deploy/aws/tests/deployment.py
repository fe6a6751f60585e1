"""A deployment by the scripts that `make` runs, from a copy of this tree: nothing outside of that folder is written."""

import json
import os
import pathlib
import shutil
import subprocess
import zipfile

import boto3

AWS = pathlib.Path(__file__).parents[1]
# A call of Terraform takes minutes here: the provider waits for what AWS needs to settle, emulated or not.
LIMIT = 1800


def copied(folder):
    """What deploys, with a page of two files as the console and an artefact that does nothing."""
    left = shutil.ignore_patterns("build", ".terraform*", ".venv", "tests", "__pycache__", "state_override.tf")
    shutil.copytree(AWS, folder / "deploy/aws", ignore=left)
    page = folder / "console/dist/assets"
    page.mkdir(parents=True)
    (page.parent / "index.html").write_text("<script src=config.js></script>")
    (page / "index-1a2b.js").write_text("1")
    with zipfile.ZipFile(folder / "lambda.zip", "w") as archive:
        archive.writestr("bootstrap", "#!/bin/sh\n")
    return folder


class Deployment:
    """One example, deployed by the scripts that `make` runs."""

    def __init__(self, folder, emulator, stack, environment, variables):
        self.folder, self.emulator = folder, emulator
        self.vars = folder / f"{stack}.tfvars.json"
        self.vars.write_text(json.dumps({"max_retries": 2, **variables}))
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_VAR_"))},
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": emulator, "NO_COLOR": "1", "TF_CLI_ARGS": "-no-color", "YES": "1",
            "OWNER": "tests@example.com", "STACK": stack, "ENVIRONMENT": environment, "VARS": str(self.vars),
            "ARTEFACT": str(folder / "lambda.zip"), "DISPOSABLE": "true",
        }

    def script(self, *words, **more):
        done = self.run(*words, **more)
        assert done.returncode == 0, f"{words}:\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
        return done.stdout

    def run(self, script, *words, **more):
        return subprocess.run(
            [str(self.folder / "deploy/aws/scripts" / script), *words], capture_output=True, text=True,
            timeout=LIMIT, env={**self.environment, **more}, stdin=subprocess.DEVNULL,
        )

    def terraform(self, *words):
        name = f"{self.environment['STACK']}-{self.environment['ENVIRONMENT']}"
        example = self.folder / "deploy/aws/examples" / self.environment["STACK"]
        environment = {**self.environment, "TF_DATA_DIR": str(self.folder / f"deploy/aws/build/{name}.terraform")}
        done = subprocess.run(
            ["terraform", f"-chdir={example}", *words], capture_output=True, text=True, timeout=LIMIT, env=environment,
        )
        assert done.returncode == 0, done.stderr[-6000:]
        return done.stdout

    def changes(self):
        """What a second plan would change: (type, change, attributes that differ) of each resource."""
        self.script("plan")
        name = f"{self.environment['STACK']}-{self.environment['ENVIRONMENT']}"
        shown = json.loads(self.terraform("show", "-json", str(self.folder / f"deploy/aws/build/{name}.tfplan")))
        for resource in shown["resource_changes"]:
            change = resource["change"]
            if change["actions"] in (["no-op"], ["read"]):
                continue
            before, after, unknown = change["before"] or {}, change["after"] or {}, change["after_unknown"] or {}
            differs = {at for at in {*before, *after} if before.get(at) != after.get(at) and unknown.get(at) is not True}
            yield resource["address"], resource["type"], "/".join(change["actions"]), differs

    def client(self, service, region="us-east-1"):
        return boto3.client(
            service, endpoint_url=self.emulator, region_name=region, aws_access_key_id="test", aws_secret_access_key="test"
        )

    def state(self):
        return self.terraform("state", "list").split()

    def artefact(self, content):
        with zipfile.ZipFile(self.folder / "lambda.zip", "w") as archive:
            archive.writestr("bootstrap", content)
