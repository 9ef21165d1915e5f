"""What goes wrong, as exceptions. All of them are BenchlakeError."""
from __future__ import annotations

import json
from typing import Any, Mapping, NamedTuple, Optional, Sequence


class BenchlakeError(Exception):
    """Anything that this package raises on purpose."""


class NotAnswered(BenchlakeError):
    """Nobody answered: no connection, a timeout, an answer cut off. What was sent may have been done; a submission
    with a key may simply be sent again."""

    def __init__(self, text: str, *, is_passing: bool = True):
        super().__init__(text)
        self.is_passing = is_passing
        """Whether trying again may help: not with a certificate that nobody signed."""


class Fault(NamedTuple):
    """One thing that is wrong with what was sent."""

    location: str
    """JSON pointer (`/stats/unit`), or `?name` of a query parameter."""
    message: str
    value: Any = None

    def __str__(self) -> str:
        said = f"{self.location}: {self.message}"
        return said if self.value is None else f"{said}: {json.dumps(self.value)}"


class Problem(BenchlakeError):
    """The server said no; the fields are those of its problem document (RFC 9457)."""

    def __init__(self, status: int, code: str, title: str, detail: str, *, request_id: Optional[str] = None,
                 errors: Sequence[Fault] = (), retry_after_s: Optional[float] = None):
        said = "; ".join(str(fault) for fault in errors) or detail or title
        super().__init__(f"{status} {code}: {said}")
        self.status = status
        self.code = code
        """Small and stable, for example `not_found`."""
        self.title = title
        self.detail = detail
        self.request_id = request_id
        """Also in the server's log."""
        self.errors = tuple(errors)
        self.retry_after_s = retry_after_s


class Invalid(Problem):
    """400, 413, 415, 422: what was sent is wrong; `errors` names the places."""


class AccessDenied(Problem):
    """401, 403: no credentials, or not enough of them."""


class NotFound(Problem):
    """404."""


class Conflict(Problem):
    """409: for example a submission key that stands for another content."""


class Unavailable(Problem):
    """429, 5xx: not now. Raised after the retries."""


class SubmissionsFailed(BenchlakeError):
    """Some submissions of a batch were refused; `failed` are their outcomes."""

    def __init__(self, failed: Sequence[Any]):
        first = failed[0]
        super().__init__(f"{len(failed)} submissions failed; the first is number {first.index}: {first.error}")
        self.failed = tuple(failed)


_BY_STATUS = {400: Invalid, 401: AccessDenied, 403: AccessDenied, 404: NotFound, 409: Conflict, 413: Invalid,
              415: Invalid, 422: Invalid, 429: Unavailable}


def problem_of(status: int, document: Any, headers: Mapping[str, str]) -> Problem:
    """The exception for an answer. `document` is its JSON, or its text where it is none."""
    fields = document if isinstance(document, dict) else {"detail": str(document or "")[:1000]}
    faults = [Fault(str(fault.get("location", "")), str(fault.get("message", "")), fault.get("value"))
              for fault in fields.get("errors") or [] if isinstance(fault, dict)]
    kind = _BY_STATUS.get(status, Unavailable if status >= 500 else Problem)
    detail = fields.get("detail") or fields.get("description") or ""
    return kind(status, str(fields.get("code") or "http"), str(fields.get("title") or ""),
                detail if isinstance(detail, str) else json.dumps(detail),
                request_id=fields.get("request_id") or headers.get("X-Request-Id"), errors=faults,
                retry_after_s=_seconds(headers.get("Retry-After")))


def _seconds(text: Optional[str]) -> Optional[float]:
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None
