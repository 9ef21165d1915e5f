"""Requests with retries, over urllib: proxies and certificates as the system has them."""
from __future__ import annotations

import http.client
import json
import random
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Callable, Mapping, NamedTuple, Optional, Tuple, Union

from .errors import NotAnswered, Problem, Unavailable, problem_of

Query = Mapping[str, Union[str, int, float, bool, None]]
ANSWER_BYTES_MAX = 1 << 30
WAIT_SECONDS_MAX = 30.0


class Retries(NamedTuple):
    """How long a request that may be repeated is repeated."""

    seconds_max: float = 120.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A token goes to the server that it was made for, and nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Transport:
    """One server. Any thread may use it; each request is a connection of its own."""

    def __init__(self, server: str, token: Optional[str], *, timeout_s: float, retries: Retries,
                 ca_file: Optional[str], user_agent: str):
        address = urllib.parse.urlsplit(server)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ValueError(f"a server is http://HOST:PORT or https://HOST: {server!r}")
        if address.username or address.password or address.query or address.fragment:
            raise ValueError(f"a server's address has no credentials, query or fragment: {server!r}")
        if token is not None and (not token.strip() or not token.isascii() or not token.isprintable()):
            raise ValueError("a token is one line of printable ASCII")
        self.server = server.rstrip("/")
        self._headers = {"Accept": "application/json", "User-Agent": user_agent}
        if token:
            self._headers["Authorization"] = f"Bearer {token.strip()}"
        self._timeout_s = timeout_s
        self._retries = retries
        context = ssl.create_default_context(cafile=ca_file)
        self._opener = urllib.request.build_opener(_NoRedirects, urllib.request.HTTPSHandler(context=context))

    def ask(self, method: str, path: str, *, query: Optional[Query] = None, body: Any = None,
            content_type: str = "application/json", may_repeat: Optional[bool] = None) -> Any:
        """The answer's JSON; None when it has no body. `body`: bytes as they are, anything else as JSON.

        A request that may be repeated (reads, deletes and what the caller says) is sent again after a lost
        connection, 429, 502, 503 and 504, as Retry-After says or with growing waits, for seconds_max at most.
        Errors: Problem, NotAnswered."""
        if may_repeat is None:
            may_repeat = method in ("GET", "HEAD", "DELETE")
        url = self.server + path + _query(query)
        data = body if body is None or isinstance(body, bytes) else json.dumps(body, allow_nan=False).encode()
        headers = dict(self._headers)
        if data is not None:
            headers["Content-Type"] = content_type
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        deadline = self._retries.clock() + self._retries.seconds_max
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._once(request)
            except (NotAnswered, Unavailable) as error:
                wait_s = _wait(attempt, error)
                if not may_repeat or not _is_passing(error) or self._retries.clock() + wait_s > deadline:
                    raise
            self._retries.sleep(wait_s)

    def _once(self, request: urllib.request.Request) -> Any:
        try:
            with self._opener.open(request, timeout=self._timeout_s) as answer:
                return _document(answer.read(ANSWER_BYTES_MAX), json_wanted=True)
        except urllib.error.HTTPError as error:
            with error:
                try:
                    document = _document(error.read(1 << 20), json_wanted=False)
                except (OSError, http.client.HTTPException):
                    document = ""
                raise problem_of(error.code, document, dict(error.headers.items())) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise NotAnswered(f"no answer from {self.server}: {reason}",
                              is_passing=not isinstance(reason, ssl.SSLCertVerificationError)) from error


def _query(query: Optional[Query]) -> str:
    pairs: list[Tuple[str, str]] = []
    for name, value in (query or {}).items():
        if value is not None:
            pairs.append((name, str(value).lower() if isinstance(value, bool) else str(value)))
    return "?" + urllib.parse.urlencode(pairs) if pairs else ""


def quoted(segment: str) -> str:
    """One segment of a path."""
    if segment in ("", ".", ".."):
        raise ValueError(f"not an id: {segment!r}")
    return urllib.parse.quote(segment, safe="")


def _document(data: bytes, *, json_wanted: bool) -> Any:
    if not data:
        return None
    try:
        return json.loads(data)
    except ValueError:
        if json_wanted:
            raise NotAnswered(f"the answer is not JSON: {data[:200]!r}", is_passing=False) from None
        return data.decode(errors="replace")


def _is_passing(error: Union[NotAnswered, Unavailable]) -> bool:
    return error.status in (429, 502, 503, 504) if isinstance(error, Problem) else error.is_passing


def _wait(attempt: int, error: Exception) -> float:
    said: Optional[float] = getattr(error, "retry_after_s", None)
    if said is not None:
        return min(said, WAIT_SECONDS_MAX)
    # Full jitter below 0.5 s, 1 s, 2 s, ...: many jobs that lost the same server do not come back at once.
    return random.uniform(0.05, min(WAIT_SECONDS_MAX, 0.5 * 2.0 ** (attempt - 1)))
