"""Servers as processes, each on free ports and in a folder of its own: ours, and the peer that it is compared with."""
import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from typing import Dict, List, Optional

ROOT = pathlib.Path(__file__).resolve().parents[2]
START_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 20.0
POLL_SECONDS = 0.001


class NotStarted(Exception):
    """The server did not answer; the message has the end of its log."""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Server:
    """One running process. `start_seconds`: from its start to the first 200 on /healthz."""

    def __init__(self, command: List[str], folder: pathlib.Path, http_port: int, grpc_port: int,
                 environment: Optional[Dict[str, str]] = None):
        self.folder = folder
        self.endpoint = f"http://127.0.0.1:{http_port}"
        self.grpc = f"127.0.0.1:{grpc_port}"
        self._log = folder / "server.log"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("BENCHLAKE_", "BQEMU_"))}
        with open(self._log, "wb") as log:
            begin = time.perf_counter()
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=folder,
                                             env={**kept, **(environment or {})})
        try:
            self._wait_until_healthy(http_port)
        except BaseException:
            self.stop()
            raise
        self.start_seconds = time.perf_counter() - begin

    def _wait_until_healthy(self, port: int) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            if is_healthy(port):
                return
            if self._process.poll() is not None:
                break
            time.sleep(POLL_SECONDS)
        end = self._log.read_text(errors="replace")[-2000:]
        raise NotStarted(f"no 200 on {self.endpoint}/healthz within {START_SECONDS_MAX:.0f} s; its log ends: {end}")

    def resident_bytes(self) -> int:
        """Of the process, now."""
        status = pathlib.Path(f"/proc/{self._process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        return int(found[1]) * 1024 if found else 0

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(timeout=STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Benchlake:
    """The built program; every row is durable before it is acknowledged."""
    name = "benchlake"

    def __init__(self, program: pathlib.Path):
        self.program = program.resolve()
        if not self.program.is_file():
            raise NotStarted(f"there is no program (./dev build makes it): {self.program}")

    def start(self, folder: pathlib.Path) -> Server:
        http_port, grpc_port = free_port(), free_port()
        return Server([str(self.program), "serve", "--data", str(folder / "data"),
                       "--http", f"127.0.0.1:{http_port}", "--grpc", f"127.0.0.1:{grpc_port}",
                       "--set", "bigquery.open=true"], folder, http_port, grpc_port)


class Peer:
    """bqemulator as its users start it (dev.d/bench-bigquery-peer.txt). `is_on_disk`: with `--persistent`."""
    name = "bqemulator"

    def __init__(self, environment: pathlib.Path, is_on_disk: bool = False):
        self.environment = environment.resolve()
        self.is_on_disk = is_on_disk
        if not self._program().is_file():
            raise NotStarted(f"the peer is not installed (./dev perf --against-peer does it): {self._program()}")

    def _program(self) -> pathlib.Path:
        return self.environment / "bin/bqemulator"

    def start(self, folder: pathlib.Path) -> Server:
        http_port, grpc_port = free_port(), free_port()
        command = [str(self._program()), "start", "--rest-port", str(http_port), "--grpc-port", str(grpc_port),
                   "--log-level", "warning"]
        if self.is_on_disk:
            command += ["--persistent", "--data-dir", str(folder / "data")]
        # Its engine looks for DuckDB's extensions in the user's folder.
        return Server(command, folder, http_port, grpc_port, {"HOME": str(self.environment / "home")})


class Container:
    """An image of deploy/Dockerfile, which Docker runs."""
    name = "container"

    def __init__(self, image: str):
        self.image = image

    def start(self, folder: pathlib.Path) -> Server:
        http_port, grpc_port = free_port(), free_port()
        return Server(["docker", "run", "--rm", "-p", f"127.0.0.1:{http_port}:8080", "-e",
                       "BENCHLAKE_ACCESS_PUBLIC_READS=false", self.image], folder, http_port, grpc_port)


def why_no_container(image: str) -> str:
    """Why the row of the container is left out; empty when it is not."""
    if not image:
        return "no image was named (BENCHLAKE_PERF_IMAGE)"
    if shutil.which("docker") is None:
        return "there is no docker"
    asked = subprocess.run(["docker", "image", "inspect", image], capture_output=True, text=True, timeout=20, check=False)
    return "" if asked.returncode == 0 else "docker: " + (asked.stderr.strip().splitlines() or ["no answer"])[-1]


class Folder:
    """A temporary folder for a server's data and its log."""

    def __enter__(self) -> pathlib.Path:
        self._path = pathlib.Path(tempfile.mkdtemp(prefix="benchlake-perf-"))
        return self._path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._path, ignore_errors=True)
