"""pytest plugin: sends what a test session measured.

    pytest --benchlake

collects the results of pytest-benchmark's fixture `benchmark` and of the fixture `benchlake_timer`, and submits them
when the session ends, to BENCHLAKE_SERVER with BENCHLAKE_TOKEN. Submitting never fails the session, unless
--benchlake-strict says so. With pytest-xdist the results of all workers are one run."""
from __future__ import annotations

import datetime
import json
import os
import pathlib
import platform
import sys
import uuid
from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest

from .checkout import github_of
from .client import Client
from .machine import detect_machine
from .timer import Timer

PROPERTY = "benchlake"
"""Under this name a worker's measurement travels to the session's controller, in the test's report."""
RETRY_SECONDS_MAX = 30.0
ERROR_CHARACTERS_MAX = 10_000
PARAMETER_CHARACTERS_MAX = 256


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("benchlake", "sending measurements to benchlake")
    group.addoption("--benchlake", action="store_true", help="submit what was measured when the session ends, to "
                    "BENCHLAKE_SERVER with BENCHLAKE_TOKEN")
    group.addoption("--benchlake-file", metavar="FILE", help="write it to FILE, one submission a line, for "
                    "`benchlake submit FILE`; with or without --benchlake")
    group.addoption("--benchlake-strict", action="store_true",
                    help="the session fails when its measurements could not be submitted or written")
    group.addoption("--benchlake-run-id", metavar="ID", help="default: a new one")
    group.addoption("--benchlake-run-reason", metavar="TEXT", help="for example commit, nightly")
    group.addoption("--benchlake-repository", metavar="URL", help="default: the checkout's origin")
    group.addoption("--benchlake-commit", metavar="HASH", help="default: the checkout's HEAD")
    group.addoption("--benchlake-machine-name", metavar="NAME", help="instead of the host's, for machines that come "
                    "and go; also BENCHLAKE_MACHINE_NAME")
    group.addoption("--benchlake-context", metavar="KEY=VALUE", action="append", default=[],
                    help="joins the context, which is part of a series' identity; may be given several times")


def pytest_configure(config: pytest.Config) -> None:
    wanted = config.getoption("--benchlake") or config.getoption("--benchlake-file")
    if wanted and not hasattr(config, "workerinput"):
        for pair in config.getoption("--benchlake-context"):
            if not pair.partition("=")[0] or "=" not in pair:
                raise pytest.UsageError(f"--benchlake-context wants KEY=VALUE: {pair}")
        config.pluginmanager.register(Collector(config), "benchlake-collector")


@pytest.fixture
def benchlake_timer(request: pytest.FixtureRequest) -> Iterator[Timer]:
    """Times a function: `benchlake_timer(sorted, numbers, rounds=10)`. Works without --benchlake, too."""
    timer = Timer()
    row: Dict[str, Any] = {**case_of_item(request.node), "samples": None}
    request.node.user_properties.append((PROPERTY, row))
    request.node.stash[_TIMER] = (timer, row)
    yield timer


_TIMER: pytest.StashKey[Tuple[Timer, Dict[str, Any]]] = pytest.StashKey()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """What was measured goes into the row before the report of the call is made of it."""
    timed = item.stash.get(_TIMER, None)
    if timed is not None and call.when == "call":
        timer, row = timed
        row["samples"] = timer.samples._asdict() if timer.samples else None
        row["error"] = str(call.excinfo.getrepr(style="short"))[:ERROR_CHARACTERS_MAX] \
            if call.excinfo and not call.excinfo.errisinstance(pytest.skip.Exception) else None
    yield


def case_of_item(item: pytest.Item) -> Dict[str, Any]:
    """Name and parameters of a test: `tests/a.py::test_sort[10-fast]` is `tests/a.py::test_sort` with the parameters
    as tags, and pytest's own id `10-fast` where one of them has no text of its own."""
    callspec = getattr(item, "callspec", None)
    params = dict(callspec.params) if callspec else {}
    return _case(item.nodeid, callspec.id if callspec else None, params)


def _case(nodeid: str, param_id: Optional[str], params: Dict[str, Any]) -> Dict[str, Any]:
    suffix = f"[{param_id}]"
    name = nodeid[:-len(suffix)] if param_id and nodeid.endswith(suffix) else nodeid
    tags: Dict[str, Any] = {}
    needs_id = bool(param_id) and not params
    for parameter, value in params.items():
        key = f"{parameter}_" if parameter in ("name", "param") else parameter
        if isinstance(value, (bool, int, float)) or (
                isinstance(value, str) and len(value) <= PARAMETER_CHARACTERS_MAX):
            tags[key] = value
        elif value is None:
            tags[key] = "None"
        else:
            needs_id = True
    if needs_id:
        tags["param"] = param_id
    return {"name": name, "tags": tags}


class Collector:
    """On the controller: gathers rows from the reports, submits them when the session ends."""

    def __init__(self, config: pytest.Config):
        self._config = config
        self._rows: List[Dict[str, Any]] = []
        self._session_key = uuid.uuid4().hex
        self._said: List[Tuple[str, bool]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self._rows.extend(value for name, value in report.user_properties
                              if name == PROPERTY and isinstance(value, dict))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        try:
            is_good = self._finish()
        except Exception as error:  # noqa: BLE001 - whatever it is, the tests' own outcome stands
            self._say(f"could not submit: {type(error).__name__}: {error}", is_good=False)
            is_good = False
        if not is_good and self._config.getoption("--benchlake-strict") and not session.exitstatus:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for text, is_good in self._said:
            terminalreporter.write_line(f"benchlake: {text}", green=is_good, yellow=not is_good)

    def _say(self, text: str, *, is_good: bool) -> None:
        self._said.append((text, is_good))

    def _finish(self) -> bool:
        submissions = self._submissions()
        if not submissions:
            self._say("nothing was measured", is_good=True)
            return True
        path = self._config.getoption("--benchlake-file")
        if path:
            text = "".join(json.dumps(submission, allow_nan=False) + "\n" for submission in submissions)
            pathlib.Path(path).write_text(text, encoding="utf-8")
            self._say(f"{len(submissions)} results written to {path}", is_good=True)
        return self._submit(submissions) if self._config.getoption("--benchlake") else True

    def _submit(self, submissions: List[Dict[str, Any]]) -> bool:
        client = Client(retry_s_max=RETRY_SECONDS_MAX)
        outcome = client.submit_many(submissions)
        run_id = submissions[0]["run_id"]
        self._say(f"{outcome.stored + outcome.replayed} of {len(submissions)} results submitted to {client.server}, "
                  f"run {run_id}", is_good=not outcome.failed)
        for failed in outcome.failed[:10]:
            self._say(f"{submissions[failed.index]['tags']['name']}: {failed.error}", is_good=False)
        return not outcome.failed

    def _submissions(self) -> List[Dict[str, Any]]:
        rows = [_document(row) for row in self._rows if row["samples"] or row.get("error")]
        rows.extend(_documents_of_pytest_benchmark(self._config))
        return [{**common, **row} for common in [self._common()] for row in rows] if rows else []

    def _common(self) -> Dict[str, Any]:
        option = self._config.getoption
        github = github_of(os.environ, str(self._config.rootpath), repository=option("--benchlake-repository"),
                           commit=option("--benchlake-commit"))
        if github is None:
            raise pytest.UsageError("no repository is known: give --benchlake-repository URL")
        context = {"benchmark_language": "Python", "python_implementation": platform.python_implementation(),
                   "python_version": "%d.%d" % sys.version_info[:2]}
        context.update(pair.split("=", 1) for pair in option("--benchlake-context"))
        common = {
            "run_id": option("--benchlake-run-id") or f"pytest-{self._session_key}",
            "batch_id": self._session_key,
            "timestamp": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "context": context, "info": {"python_version": platform.python_version()}, "github": github,
            "machine_info": detect_machine(
                option("--benchlake-machine-name") or os.environ.get("BENCHLAKE_MACHINE_NAME")),
        }
        if option("--benchlake-run-reason"):
            common["run_reason"] = option("--benchlake-run-reason")
        return common


def _document(row: Dict[str, Any]) -> Dict[str, Any]:
    document: Dict[str, Any] = {"tags": {**row["tags"], "name": row["name"]}}
    if row.get("error"):
        document["error"] = {"message": row["error"]}
    if row["samples"]:
        samples = row["samples"]
        document["stats"] = {"data": samples["values"], "unit": samples["unit"], "iterations": samples["iterations"]}
    return document


def _documents_of_pytest_benchmark(config: pytest.Config) -> Iterator[Dict[str, Any]]:
    """What the fixture `benchmark` measured in this process: one sample is one round."""
    session = getattr(config, "_benchmarksession", None)
    for benchmark in getattr(session, "benchmarks", None) or []:
        row = _case(benchmark.fullname, benchmark.param, dict(benchmark.params or {}))
        document = {"tags": {**row["tags"], "name": row["name"]}}
        data = list(getattr(benchmark.stats, "data", None) or [])
        if getattr(benchmark, "has_error", False) or not data:
            yield {**document, "error": {"message": "the benchmark failed"}}
            continue
        extra = _plain(benchmark.extra_info)
        yield {**document, "stats": {"data": data, "unit": "s", "iterations": benchmark.iterations},
               **({"optional_benchmark_info": {"extra_info": extra}} if extra else {})}


def _plain(value: Any) -> Any:
    """What of it is JSON, anything else as its text."""
    return json.loads(json.dumps(value, default=repr, allow_nan=False)) if value else None
