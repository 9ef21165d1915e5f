"""The client: one method for each thing that is asked of a server."""
from __future__ import annotations

import dataclasses
import datetime
import json
import os
import uuid
from typing import (Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union,
                    cast)

from . import model
from ._http import Query, Retries, Transport, quoted
from ._version import __version__
from .errors import Problem, SubmissionsFailed, problem_of

Submission = Mapping[str, Any]
Time = Union[str, datetime.datetime]

BATCH_SUBMISSIONS_MAX = 5_000
"""In one request; the server takes 20,000."""
BATCH_BYTES_MAX = 16 << 20
"""In one request; the server takes 64 MiB."""
BATCH_ROUNDS_MAX = 5
"""How often what the store could not take yet is sent again."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of one submission of a batch."""

    index: int
    """Of the submission, from 0, in the order in which they were handed over."""
    status: int
    """What it alone would have been answered with: 201, or that of `error`."""
    id: Optional[str]
    run_id: Optional[str]
    history_fingerprint: Optional[str]
    error: Optional[Problem]


class BatchOutcome(NamedTuple):
    stored: int
    """New ones."""
    replayed: int
    """Stored before under the same submission key."""
    outcomes: Tuple[Outcome, ...]

    @property
    def failed(self) -> Tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.error is not None)

    def raise_for_failures(self) -> None:
        """Errors: SubmissionsFailed, when one was refused."""
        if self.failed:
            raise SubmissionsFailed(self.failed)


class Client:
    """A benchlake server. Any thread may use it. Nothing is asked before the first call.

    server: `https://HOST`, `http://HOST:PORT`; default: the environment's BENCHLAKE_SERVER, else this machine's
        port 8080.
    token: default: BENCHLAKE_TOKEN, then CONBENCH_TOKEN. Reads need none where reads are public.
    timeout_s: of one attempt: connecting, and each wait for the next bytes.
    retry_s_max: how long what may be repeated is repeated after a lost connection, 429, 502, 503 or 504.
    ca_file: PEM file of who signed the server's certificate; default: BENCHLAKE_CA, then the system's.

    Every method raises Problem (see `errors`) when the server says no, NotAnswered when nobody answers."""

    def __init__(self, server: Optional[str] = None, token: Optional[str] = None, *, timeout_s: float = 60.0,
                 retry_s_max: float = 120.0, ca_file: Optional[str] = None, retries: Optional[Retries] = None):
        self._transport = Transport(
            server or os.environ.get("BENCHLAKE_SERVER") or "http://127.0.0.1:8080",
            token or os.environ.get("BENCHLAKE_TOKEN") or os.environ.get("CONBENCH_TOKEN") or None,
            timeout_s=timeout_s, retries=retries or Retries(retry_s_max),
            ca_file=ca_file or os.environ.get("BENCHLAKE_CA") or None, user_agent=f"benchlake-python/{__version__}")
        self._retries = retries or Retries(retry_s_max)

    @property
    def server(self) -> str:
        return self._transport.server

    # Submitting ---------------------------------------------------------------------------------------------

    def submit(self, result: Submission, *, submission_key: Optional[str] = None) -> model.Submitted:
        """Stores one result; durable on return.

        `submission_key` (also a field of the result) makes sending the same again harmless, today and in a year.
        Without one this call makes a key of its own, so that its retries store the result once. Errors besides the
        usual ones: Conflict, when the key stands for another content."""
        document = _with_key(result, submission_key)
        return cast(model.Submitted, self._transport.ask("POST", "/api/results", body=document, may_repeat=True))

    def submit_many(self, results: Iterable[Submission]) -> BatchOutcome:
        """Stores many results in few requests; each stands for itself, the good ones are durable on return.

        Those without a submission key get one of this call's own; what the store cannot take now, or may or may not
        have taken, is sent again. Refusals are not raised: look at `failed`, or call `raise_for_failures`. Any number
        of results; memory for one request at a time, and the outcomes."""
        stored = replayed = 0
        outcomes: List[Outcome] = []
        for part in _parts(results):
            part_stored, part_replayed, part_outcomes = self._submit_part(part, len(outcomes))
            stored, replayed = stored + part_stored, replayed + part_replayed
            outcomes.extend(part_outcomes)
        return BatchOutcome(stored, replayed, tuple(outcomes))

    def _submit_part(self, lines: Sequence[bytes], first: int) -> Tuple[int, int, List[Outcome]]:
        stored = replayed = 0
        found: Dict[int, Outcome] = {}
        waiting = list(range(len(lines)))
        for round_ in range(BATCH_ROUNDS_MAX):
            answer = self._transport.ask("POST", "/api/results:batch", body=b"\n".join(lines[i] for i in waiting),
                                         content_type="application/x-ndjson", may_repeat=True)
            stored, replayed = stored + answer["stored"], replayed + answer["replayed"]
            again = []
            for row in answer["results"]:
                at = waiting[row["index"]]
                found[at] = _outcome(row, first + at)
                if found[at].status in (429, 502, 503, 504):
                    again.append(at)
            waiting = again
            if not waiting:
                break
            if round_ + 1 < BATCH_ROUNDS_MAX:
                self._retries.sleep(min(30.0, 0.5 * 2.0**round_))
        return stored, replayed, [found[i] for i in range(len(lines))]

    # Results ------------------------------------------------------------------------------------------------

    def result(self, result_id: str) -> model.Result:
        return cast(model.Result, self._transport.ask("GET", f"/api/benchmark-results/{quoted(result_id)}"))

    def results(self, *, run_id: Optional[str] = None, batch_id: Optional[str] = None,
                run_reason: Optional[str] = None, earliest: Optional[Time] = None, latest: Optional[Time] = None,
                page_size: int = 100) -> Iterator[model.ResultRow]:
        """Newest first; both times are inclusive. Asks for the next page when it is needed."""
        query: Query = {"run_id": run_id, "batch_id": batch_id, "run_reason": run_reason,
                        "earliest_timestamp": _time(earliest), "latest_timestamp": _time(latest)}
        return cast(Iterator[model.ResultRow], self._pages("/api/benchmark-results", "results", query, page_size))

    def annotate(self, result_id: str, annotations: Mapping[str, Any]) -> model.Result:
        """Merges into the result's change_annotations; None takes a key away.
        `{"begins_distribution_change": True}` says that what is usual changed with this result's commit."""
        return cast(model.Result, self._transport.ask(
            "PUT", f"/api/benchmark-results/{quoted(result_id)}", body={"change_annotations": dict(annotations)},
            may_repeat=True))

    def delete_result(self, result_id: str) -> None:
        self._transport.ask("DELETE", f"/api/benchmark-results/{quoted(result_id)}", may_repeat=False)

    # Series and verdicts ------------------------------------------------------------------------------------

    def series(self, q: Optional[str] = None, *, hardware: Optional[str] = None, repository: Optional[str] = None,
               fingerprint: Optional[str] = None, active_since: Optional[Time] = None,
               active_until: Optional[Time] = None, status: Optional[str] = None, sort: Optional[str] = None,
               page_size: int = 100) -> Iterator[model.Series]:
        """`q`: words of the name or the tags. `status`: regressed, improved, stable, insufficient. `sort`: recent,
        name, change."""
        query: Query = {"q": q, "hardware": hardware, "repository": repository, "fingerprint": fingerprint,
                        "active_since": _time(active_since), "active_until": _time(active_until), "status": status,
                        "sort": sort}
        return cast(Iterator[model.Series], self._pages("/api/series", "series", query, page_size))

    def history(self, *, fingerprint: Optional[str] = None,
                result_id: Optional[str] = None) -> List[model.HistorySample]:
        """A series on the default branch, oldest commit first: by its fingerprint, or by any result of it."""
        if (fingerprint is None) == (result_id is None):
            raise ValueError("history() wants either fingerprint or result_id")
        if result_id is not None:
            answer = self._transport.ask("GET", f"/api/history/{quoted(result_id)}")
        else:
            answer = self._transport.ask("GET", "/api/history", query={"fingerprint": fingerprint})
        return cast(List[model.HistorySample], answer["samples"])

    def compare(self, baseline_id: str, contender_id: str, *, threshold: Optional[float] = None,
                threshold_z: Optional[float] = None) -> model.Comparison:
        """Two results of one series. `threshold` in percent, `threshold_z` in standard deviations; 5 each."""
        return cast(model.Comparison, self._transport.ask("GET", "/api/compare/benchmark-results", query={
            "baseline_result_id": baseline_id, "contender_result_id": contender_id, "threshold": threshold,
            "threshold_z": threshold_z}))

    def runs(self, *, repository: Optional[str] = None, include_attention: bool = False,
             page_size: int = 25) -> List[model.Run]:
        """The runs that reported last, at most 100."""
        answer = self._transport.ask("GET", "/api/runs/recent", query={
            "repository": repository, "include_attention": include_attention, "page_size": page_size})
        return cast(List[model.Run], answer["runs"])

    def ci_report(self, *, repository: Optional[str] = None, commit_sha: Optional[str] = None,
                  run_ids: Sequence[str] = (), baseline_run_ids: Sequence[str] = (), baseline: Optional[str] = None,
                  threshold: Optional[float] = None, threshold_z: Optional[float] = None) -> model.CiReport:
        """Did it get slower? Of a commit of a repository (all its runs, or `run_ids` of them), or of runs alone.
        `baseline`: fork_point, parent or latest_default; or `baseline_run_ids`, paired with run_ids by position."""
        return cast(model.CiReport, self._transport.ask("GET", "/api/ci/report", query={
            "repository": repository, "commit_sha": commit_sha, "run_ids": ",".join(run_ids) or None,
            "baseline_run_ids": ",".join(baseline_run_ids) or None, "baseline": baseline, "threshold": threshold,
            "threshold_z": threshold_z}))

    def settings(self) -> model.ResultSettings:
        """What results are measured and judged by on this server: units, what makes machines comparable."""
        return cast(model.ResultSettings, self._transport.ask("GET", "/api/v1/results/settings"))

    # Access -------------------------------------------------------------------------------------------------

    def capabilities(self) -> model.Capabilities:
        """What this client's token may do."""
        return cast(model.Capabilities, self._transport.ask("GET", "/api/auth/capabilities"))

    def tokens(self) -> List[model.Token]:
        return cast(List[model.Token], self._transport.ask("GET", "/api/tokens")["tokens"])

    def create_token(self, name: str, *, role: Optional[str] = None,
                     repository: Optional[str] = None) -> model.NewToken:
        """The answer's `token` is the only place where its text ever stands. `role`: reader, writer or admin.
        `repository`: the only one that it may write to."""
        wanted = {"name": name, "role": role, "repository": repository}
        return cast(model.NewToken, self._transport.ask(
            "POST", "/api/tokens", body={key: value for key, value in wanted.items() if value is not None}))

    def revoke_token(self, token_id: str) -> None:
        """Fine when it was revoked before."""
        self._transport.ask("DELETE", f"/api/tokens/{quoted(token_id)}")

    def _pages(self, path: str, rows: str, query: Query, page_size: int) -> Iterator[Dict[str, Any]]:
        cursor: Optional[str] = None
        while True:
            page = self._transport.ask("GET", path, query={**query, "page_size": page_size, "cursor": cursor})
            yield from page[rows]
            cursor = page["next_page_cursor"]
            if not cursor:
                return


def _with_key(result: Submission, submission_key: Optional[str] = None) -> Dict[str, Any]:
    document = dict(result)
    if submission_key is not None:
        document["submission_key"] = submission_key
    if document.get("submission_key") is None:
        document["submission_key"] = f"once-{uuid.uuid4().hex}"
    return document


def _parts(results: Iterable[Submission]) -> Iterator[List[bytes]]:
    part: List[bytes] = []
    size = 0
    for result in results:
        line = json.dumps(_with_key(result), allow_nan=False).encode()
        if part and (len(part) == BATCH_SUBMISSIONS_MAX or size + len(line) > BATCH_BYTES_MAX):
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line) + 1
    if part:
        yield part


def _outcome(row: Mapping[str, Any], index: int) -> Outcome:
    error = problem_of(row["status"], row["error"], {}) if row.get("error") is not None else None
    return Outcome(index, row["status"], row.get("id"), row.get("run_id"), row.get("history_fingerprint"), error)


def _time(time: Optional[Time]) -> Optional[str]:
    """RFC 3339; a naive time is UTC."""
    if time is None or isinstance(time, str):
        return time
    if time.tzinfo is None:
        time = time.replace(tzinfo=datetime.timezone.utc)
    return time.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
