"""A server whose answers a test writes down, so that what the client does with them can be seen."""
import http.server
import json
import threading
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

import pytest
from benchlake import Client
from benchlake._http import Retries


class Request(NamedTuple):
    method: str
    path: str
    headers: Dict[str, str]
    body: bytes

    def lines(self) -> List[Any]:
        return [json.loads(line) for line in self.body.splitlines()]


class Scripted:
    """Gives the answers of `script` in their order, then 500. None: hangs up without an answer."""

    def __init__(self) -> None:
        self.requests: List[Request] = []
        self.script: List[Optional[Tuple[int, Any, Dict[str, str]]]] = []
        scripted = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                scripted.requests.append(Request(self.command, self.path, dict(self.headers.items()), body))
                step = scripted.script.pop(0) if scripted.script else (500, {"code": "script_ended"}, {})
                if step is None:
                    self.close_connection = True
                    return
                status, document, headers = step
                data = b"" if document is None else \
                    document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def answers(self, *steps: Any) -> None:
        """Each: a document (200), (status, document), (status, document, headers), or None."""
        for step in steps:
            if isinstance(step, tuple):
                self.script.append((*step, {})[:3])  # type: ignore[arg-type]
            else:
                self.script.append(None if step is None else (200, step, {}))

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Clock:
    """Time passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: List[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def retries(self, seconds_max: float = 120.0) -> Retries:
        return Retries(seconds_max, self.sleep, lambda: self.now)


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    server = Scripted()
    yield server
    server.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(scripted: Scripted, clock: Clock) -> Client:
    return Client(scripted.url, "a-token", retries=clock.retries())


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BENCHLAKE_SERVER", "BENCHLAKE_TOKEN", "CONBENCH_TOKEN", "BENCHLAKE_CA", "BENCHLAKE_MACHINE_NAME",
                 "GITHUB_REF", "CI_MERGE_REQUEST_IID", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
