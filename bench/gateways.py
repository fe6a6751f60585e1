"""The gateways that bench/gateway.py measures: how each is started, in front of one host, and how it is asked."""

import json
import os
import pathlib
import shutil
import subprocess

NGINX = """daemon off;
worker_processes auto;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/nginx-body;
    proxy_temp_path {folder}/nginx-proxy;
    keepalive_requests 100000000;
    upstream host {{ server 127.0.0.1:{host}; keepalive 512; keepalive_requests 100000000; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://host;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }}
    }}
}}
"""

HAPROXY = """global
    maxconn 8192
defaults
    mode http
    option http-no-delay
    timeout connect 10s
    timeout client 600s
    timeout server 600s
frontend in
    bind 127.0.0.1:{port}
    default_backend out
backend out
    http-reuse always
    server host 127.0.0.1:{host}
"""

BUSBAR = """[server]
listen = "127.0.0.1:{port}"
[log]
filter = "error"
[storage]
home = "{folder}/busbar"
[[providers]]
name = "host"
kind = "openai"
endpoint = "http://127.0.0.1:{host}/v1"
api_key = "none"
[[providers.models]]
id = "bench"
"""

# Of docs.litellm.ai/docs/proxy/prod what needs no database.
LITELLM = """model_list:
  - model_name: bench
    litellm_params: {{model: openai/bench, api_base: "http://127.0.0.1:{host}/v1", api_key: none}}
litellm_settings: {{set_verbose: false, telemetry: false, num_retries: 0}}
general_settings: {{master_key: {key}, disable_spend_logs: true, disable_error_logs: true}}
"""

LITELLM_QUIET = {
    "LITELLM_MODE": "PRODUCTION", "LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "DISABLE_ADMIN_UI": "True",
}

# npm's newest @hono/node-server ends every stream of Portkey's with an error (Portkey-AI/gateway, issue 1389).
PORTKEY = {"private": True, "overrides": {"@hono/node-server": "1.14.1"}}


class Gateway:
    """One gateway: `command` starts it, `headers` go with every question."""

    def __init__(self, command, headers=(), environment=None):
        self.command = [str(word) for word in command]
        self.headers = list(headers)
        self.environment = dict(os.environ, **(environment or {}))


class Missing(Exception):
    """It is not here, and this is how it can be had."""


def tool(name, package):
    """A program of the system's."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not found:
        raise Missing(f"apt-get install {package}, and keep its service from starting")
    return found


def python(cache, name, *packages):
    """A package of PyPI's in an environment of its own; its folder of programs."""
    folder = cache / f"{name}-{'-'.join(packages)}".replace("/", "-").replace("[", "-").replace("]", "")
    if not (folder / "stamp").exists():
        print(f"installing {' '.join(packages)} (pip)", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run(["python3", "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True)
        (folder / "stamp").touch()
    return folder / "bin"


def npm(cache, name, package, manifest):
    """A package of npm's in a folder of its own."""
    folder = cache / f"{name}-{package}".replace("/", "-").replace("@", "")
    if not (folder / "stamp").exists():
        print(f"installing {package} (npm)", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "package.json").write_text(json.dumps(manifest))
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", package], cwd=folder, check=True)
        (folder / "stamp").touch()
    return folder / "node_modules"


def written(folder, name, template, **values):
    path = folder / name
    path.write_text(template.format(folder=folder, **values))
    return path


def nginx(folder, cache, port, host):
    program = tool("nginx", "nginx-light")
    return Gateway([program, "-p", folder, "-c", written(folder, "nginx.conf", NGINX, port=port, host=host)])


def haproxy(folder, cache, port, host):
    program = tool("haproxy", "haproxy")
    return Gateway([program, "-db", "-f", written(folder, "haproxy.cfg", HAPROXY, port=port, host=host)])


def litellm(folder, cache, port, host):
    programs, key = python(cache, "litellm", "litellm[proxy]==1.106.2"), "sk-" + os.urandom(12).hex()
    config = written(folder, "litellm.yaml", LITELLM, host=host, key=key)
    command = [programs / "litellm", "--host", "127.0.0.1", "--port", port, "--config", config, "--num_workers", 2, "--telemetry", "False"]
    return Gateway(command, [f"authorization: Bearer {key}"], LITELLM_QUIET)


def smg(folder, cache, port, host):
    programs = python(cache, "smg", "smg==1.13.0")
    command = [
        programs / "smg", "launch", "--backend", "openai", "--worker-urls", f"http://127.0.0.1:{host}", "--host", "127.0.0.1", "--port", port,
        "--prometheus-host", "127.0.0.1", "--prometheus-port", port + 1000, "--history-backend", "none", "--log-level", "error",
    ]
    return Gateway(command, ["authorization: Bearer none"])


def portkey(folder, cache, port, host):
    modules = npm(cache, "portkey", "@portkey-ai/gateway@1.15.2", PORTKEY)
    command = ["node", modules / "@portkey-ai/gateway/build/start-server.js", f"--port={port}", "--headless"]
    headers = ["authorization: Bearer none", "x-portkey-provider: openai", f"x-portkey-custom-host: http://127.0.0.1:{host}/v1"]
    return Gateway(command, headers)


PEERS = {"nginx": nginx, "haproxy": haproxy, "smg": smg, "portkey": portkey, "litellm": litellm}


def busbar(binary):
    """Busbar from this binary."""
    binary = pathlib.Path(binary).resolve()

    def made(folder, cache, port, host):
        home = folder / binary.name
        home.mkdir(exist_ok=True)
        config = written(home, "busbar.toml", BUSBAR, port=port, host=host)
        return Gateway([binary, "serve", "--config", config])

    return made
