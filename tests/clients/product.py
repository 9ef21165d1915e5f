"""The built program and a real PostgreSQL as processes, for tests of the whole product in Python."""
import glob
import http.client
import json
import os
import pathlib
import pwd
import re
import select
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
from typing import Any, Dict, NamedTuple, Optional

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("BENCHLAKE_PROGRAM", str(ROOT / "build/release/benchlake"))
START_SECONDS_MAX = 60


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Postgres:
    """A cluster of its own below `folder`, reached by a socket and by a port of this machine. The
    server refuses root, who becomes the user postgres."""

    def __init__(self, folder: pathlib.Path):
        clusters = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        self._bin = pathlib.Path(os.environ.get("BENCHLAKE_POSTGRES_BIN") or clusters[-1])
        self.folder = folder
        self._databases = 0
        self._as = []
        if os.geteuid() == 0:
            self._as = ["runuser", "-u", "postgres", "--"]
            for parent in (folder, *folder.parents):
                if parent != pathlib.Path(tempfile.gettempdir()) and parent.stat().st_uid == 0 and \
                        parent.is_relative_to(tempfile.gettempdir()):
                    parent.chmod(0o711)
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
        self._run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
                  "--no-sync")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o",
                  f"-k {folder} -h 127.0.0.1 -p {self.port} -c fsync=off", "start")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run([*self._as, str(self._bin / program), *arguments], cwd=self.folder, check=True,
                       stdout=subprocess.DEVNULL)

    def create_database(self) -> str:
        """The name of a new, empty database."""
        self._databases += 1
        name = f"conbench_{self._databases}"
        self._run("createdb", "-h", str(self.folder), "-p", str(self.port), "-U", "postgres", name)
        return name

    def uri(self, database: str) -> str:
        """As benchlake wants it."""
        host = urllib.parse.quote(str(self.folder), safe="")
        return f"postgres://postgres@{host}:{self.port}/{database}"

    def conninfo(self, database: str) -> str:
        """As libpq and psycopg want it."""
        return f"host={self.folder} port={self.port} user=postgres dbname={database}"

    def stop(self) -> None:
        self._run("pg_ctl", "-D", "data", "-m", "immediate", "stop")


class Server:
    """One `benchlake serve` on a data folder of its own. `store` empty: SQLite in that folder."""

    def __init__(self, folder: pathlib.Path, store: str = "", environment: Optional[Dict[str, str]] = None):
        self.folder = folder
        self.data = folder / "data"
        self._log = open(folder / "server.log", "wb")
        self._process = subprocess.Popen(
            [PROGRAM, "serve", "--data", str(self.data), "--http", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=self._log, env=clean_environment({
                "BENCHLAKE_SERVER_STORE": store, **(environment or {})}))
        self.grpc = ""  # HOST:PORT
        self.url = self._wait_until_ready()
        self.operator_token = (self.data / "operator.token").read_text().strip()

    def _wait_until_ready(self) -> str:
        assert self._process.stdout is not None
        deadline = time.monotonic() + START_SECONDS_MAX
        text = b""
        while time.monotonic() < deadline:
            if select.select([self._process.stdout], [], [], 0.2)[0]:
                piece = os.read(self._process.stdout.fileno(), 65536)
                text += piece
                found = re.search(rb'"http":"(http://[^"]+)".*\n', text)
                if found:
                    grpc = re.search(rb'"grpc":"([^"]+)"', text)
                    self.grpc = grpc[1].decode() if grpc else ""
                    return found[1].decode()
                if not piece:
                    break
        self.stop()
        raise AssertionError("the server did not start; its log:\n" + self.log())

    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")

    def ask(self, method: str, path: str, body: Any = None, headers: Optional[Dict[str, str]] = None,
            operator: bool = False) -> Answer:
        """One plain request without a client library. `body`: bytes as they are, anything else as JSON.
        `operator`: with the operator's token."""
        address = urllib.parse.urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        sent = dict(headers or {})
        if operator:
            sent["Authorization"] = f"Bearer {self.operator_token}"
        data = body
        if body is not None and not isinstance(body, bytes):
            data = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body=data, headers=sent)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    @property
    def process_id(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """SIGKILL: nothing is written any more."""
        self._process.kill()
        self._process.wait(timeout=60)
        self.stop()

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(timeout=60)
        if self._process.stdout:
            self._process.stdout.close()
        self._log.close()


def client_of_2023(program: str) -> str:
    """A command of Conbench's clients of 2023, which have an environment of their own (dev.d/clients-2023.txt)."""
    return str(pathlib.Path(os.environ["BENCHLAKE_CLIENTS_2023"]) / program)


def clean_environment(more: Dict[str, str]) -> Dict[str, str]:
    """This process's environment without what steers benchlake or Conbench's clients, plus `more`."""
    steering = re.compile(r"BENCHLAKE_|CONBENCH_|GITHUB_|GOOGLE_|DB_|SLACK_|FLASK_|BENCHMARKS_DATA_PUBLIC$|REGISTRATION_KEY$|"
                          r"SECRET_KEY$|SVS_TYPE$|DISTRIBUTION_COMMITS$|REPOSITORY$|DATABASE_URL$")
    kept = {name: value for name, value in os.environ.items() if not steering.match(name)}
    kept.update({name: value for name, value in more.items() if value})
    return kept
