"""A stand-in for Conbench on this machine: a job that is written for Conbench runs against it unchanged, and every
result that it posts is kept as it came, byte by byte."""
from __future__ import annotations

import http.server
import json
import pathlib
import threading
from typing import Any, Optional, Tuple, Type

from .files import Path

BODY_BYTES_MAX = 64 << 20


class Recorder:
    """Listens on a port of 127.0.0.1 from `with` on; `url` is what CONBENCH_URL has to say. Anybody may log in.

        with Recorder("payloads.ndjson") as recorder:
            subprocess.run([...], env={**os.environ, "CONBENCH_URL": recorder.url, ...})

    Each posted result is one line at the end of the file, durable when the job has its answer, which is 201 with an id
    of its own. What is asked else is a 404 with a sentence."""

    def __init__(self, path: Path, port: int = 0):
        self.path = pathlib.Path(path)
        self.count = 0
        self._lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), _handler_of(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Recorder":
        self.path.touch()
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def keep(self, body: bytes) -> str:
        """The id that the job is told. Line breaks between the tokens become blanks: one line is one result."""
        line = body.replace(b"\r", b" ").replace(b"\n", b" ").strip()
        with self._lock:
            with open(self.path, "ab") as file:
                file.write(line + b"\n")
            self.count += 1
            return f"recorded-{self.count}"


def _handler_of(recorder: Recorder) -> Type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def do_POST(self) -> None:
            body = self._body()
            if body is None:
                return
            if self.path in ("/api/login/", "/api/login"):
                self._answer(204, cookie="session=recorded; Path=/; HttpOnly")
            elif self.path in ("/api/benchmark-results/", "/api/benchmarks/", "/api/results"):
                try:
                    json.loads(body)
                except ValueError as error:
                    self._answer(400, {"description": f"not JSON: {error}"})
                    return
                self._answer(201, {"id": recorder.keep(body)})
            else:
                self._not_here()

        def do_GET(self) -> None:
            self._not_here()

        do_PUT = do_DELETE = do_GET

        def _not_here(self) -> None:
            self.close_connection = True
            self._answer(404, {"code": 404, "name": "Not Found",
                               "description": f"this is a recorder of results, not Conbench: {self.path}"})

        def _body(self) -> Optional[bytes]:
            length = self.headers.get("Content-Length", "")
            if not length.isdigit() or int(length) > BODY_BYTES_MAX:
                self.close_connection = True
                self._answer(411 if not length else 413, {"description": "a body of at most 64 MiB is needed"})
                return None
            return self.rfile.read(int(length))

        def _answer(self, status: int, document: Optional[Any] = None, cookie: str = "") -> None:
            body = b"" if document is None else json.dumps(document).encode()
            self.send_response(status)
            if cookie:
                self.send_header("Set-Cookie", cookie)
            if status != 204:
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    return Handler


def split_command(arguments: "list[str]") -> Tuple["list[str]", "list[str]"]:
    """What stands before `--`, and the command after it."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:at], arguments[at + 1:]
