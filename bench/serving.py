"""A Busbar server for the length of a benchmark."""

import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time


class Server:
    """`with Server(binary, settings) as server:`; the settings are environment variables."""

    def __init__(self, busbar, settings):
        self.port = free_port()
        environment = dict(os.environ, BUSBAR_LISTEN=f"127.0.0.1:{self.port}", **settings)
        self.process = subprocess.Popen([busbar, "serve"], env=environment, stdin=subprocess.DEVNULL)

    def __enter__(self):
        until = time.monotonic() + 120
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended at once, with {self.process.returncode}")
            try:
                if self.get("/readyz") == 200:
                    return self
            except OSError:
                pass
            time.sleep(0.2)
        self.process.kill()
        raise RuntimeError("the server was not ready within two minutes")

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Asks it to leave, and says with what it left."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def get(self, path):
        connection = self.connection(10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def open(self, path, body):
        """A connection and its answer, unread; anything but 200 is an error."""
        connection = self.connection(300)
        connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
        answer = connection.getresponse()
        if answer.status != 200:
            said = answer.read(500)
            connection.close()
            raise RuntimeError(f"{answer.status} {said!r}")
        return connection, answer

    def post(self, path, body):
        connection, answer = self.open(path, body)
        read = answer.read()
        connection.close()
        return json.loads(read)

    def resident(self):
        """Resident memory in MiB."""
        return resident(self.process.pid)

    def connection(self, timeout):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def resident(pid):
    """Resident memory of a process in MiB, on Linux and macOS alike."""
    status = pathlib.Path(f"/proc/{pid}/status")
    if status.exists():
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024
    read = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(read.stdout) / 1024
