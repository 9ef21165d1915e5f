"""The plugin in sessions of its own."""
import json
import pathlib
import subprocess
import sys

import pytest
from conftest import Scripted

TESTS = '''
import pytest

def test_measured(benchlake_timer):
    assert benchlake_timer(sum, [1, 2], rounds=3) == 3

@pytest.mark.parametrize(("size", "kind"), [(10, "fast"), (20, None)])
def test_recorded(benchlake_timer, size, kind):
    benchlake_timer.record(1.5, 2.5, unit="B/s")

@pytest.mark.parametrize("thing", [object()], ids=["an-id"])
def test_of_an_object(benchlake_timer, thing):
    benchlake_timer.record(7, unit="ns")

def test_fails(benchlake_timer):
    benchlake_timer.record(1)
    raise ValueError("boom")

def test_skipped(benchlake_timer):
    pytest.skip("not here")

def test_of_nothing():
    pass
'''
REPOSITORY = ("--benchlake-repository=https://github.com/me/sort", "--benchlake-commit=0123456789abcdef")


@pytest.fixture
def session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    pytester.makepyfile(test_it=TESTS)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    return pytester


def written(session: pytest.Pytester, *options: str) -> list:
    session.runpytest_subprocess("--benchlake-file=out.ndjson", *REPOSITORY, *options)
    return [json.loads(line) for line in (session.path / "out.ndjson").read_text().splitlines()]


def test_results_and_errors_are_submissions(session: pytest.Pytester) -> None:
    rows = {(row["tags"]["name"], row["tags"].get("size")): row for row in written(session)}
    assert set(rows) == {("test_it.py::test_measured", None), ("test_it.py::test_recorded", 10),
                         ("test_it.py::test_recorded", 20), ("test_it.py::test_of_an_object", None),
                         ("test_it.py::test_fails", None)}
    measured = rows["test_it.py::test_measured", None]
    assert measured["stats"]["unit"] == "s" and len(measured["stats"]["data"]) == 3
    assert measured["stats"]["iterations"] > 1 and min(measured["stats"]["data"]) > 0
    recorded = rows["test_it.py::test_recorded", 20]
    assert recorded["tags"]["kind"] == "None"
    assert recorded["stats"] == {"data": [1.5, 2.5], "unit": "B/s", "iterations": 1}
    assert rows["test_it.py::test_of_an_object", None]["tags"]["param"] == "an-id"
    assert "boom" in rows["test_it.py::test_fails", None]["error"]["message"]


def test_what_is_common_to_a_run(session: pytest.Pytester) -> None:
    rows = written(session, "--benchlake-run-id=r7", "--benchlake-run-reason=nightly", "--benchlake-context=os=linux",
                   "--benchlake-machine-name=runner")
    for row in rows:
        assert (row["run_id"], row["run_reason"], row["machine_info"]["name"]) == ("r7", "nightly", "runner")
        assert row["context"]["os"] == "linux" and row["context"]["benchmark_language"] == "Python"
        assert row["github"] == {"repository": "https://github.com/me/sort", "commit": "0123456789abcdef"}
    assert len({row["batch_id"] for row in rows}) == 1


def test_they_pass_the_check(session: pytest.Pytester) -> None:
    from benchlake.migration import check_file
    written(session)
    assert check_file(session.path / "out.ndjson")[1] == []


def test_they_are_submitted_when_the_session_ends(session: pytest.Pytester, scripted: Scripted,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCHLAKE_SERVER", scripted.url)
    monkeypatch.setenv("BENCHLAKE_TOKEN", "a-token")
    scripted.answers({"stored": 4, "replayed": 0, "failed": 1, "results": [
        *[{"index": n, "status": 201, "id": f"r{n}"} for n in range(4)],
        {"index": 4, "status": 422, "error": {"code": "invalid", "detail": "no such unit"}}]})
    ran = session.runpytest_subprocess("--benchlake", *REPOSITORY)
    ran.assert_outcomes(passed=5, failed=1, skipped=1)
    ran.stdout.fnmatch_lines([f"benchlake: 4 of 5 results submitted to {scripted.url}, run pytest-*",
                              "benchlake: test_it.py::*: 422 invalid: no such unit"])
    [request] = scripted.requests
    assert request.headers["Authorization"] == "Bearer a-token" and len(request.lines()) == 5


def only_good(session: pytest.Pytester) -> None:
    (session.path / "test_it.py").write_text(
        "def test_good(benchlake_timer):\n    benchlake_timer.record(1)\n")


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--benchlake-strict",), 1)])
def test_a_server_that_refuses_is_told_and_fails_only_a_strict_session(
        session: pytest.Pytester, scripted: Scripted, monkeypatch: pytest.MonkeyPatch, options: tuple,
        code: int) -> None:
    only_good(session)
    monkeypatch.setenv("BENCHLAKE_SERVER", scripted.url)
    scripted.answers((401, {"code": "unauthenticated", "detail": "a token is needed"}))
    ran = session.runpytest_subprocess("--benchlake", *REPOSITORY, *options)
    assert ran.ret == code
    ran.stdout.fnmatch_lines(["benchlake: could not submit: AccessDenied: 401 unauthenticated: a token is needed"])


def test_without_a_repository_nothing_is_sent(session: pytest.Pytester, scripted: Scripted,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    only_good(session)
    monkeypatch.setenv("BENCHLAKE_SERVER", scripted.url)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(session.path.parent))
    ran = session.runpytest_subprocess("--benchlake")
    assert ran.ret == 0 and scripted.requests == []
    ran.stdout.fnmatch_lines(["benchlake: could not submit: *--benchlake-repository URL*"])


def test_without_its_options_the_plugin_says_nothing(session: pytest.Pytester) -> None:
    ran = session.runpytest_subprocess()
    ran.assert_outcomes(passed=5, failed=1, skipped=1)
    ran.stdout.no_fnmatch_line("benchlake: *")


def test_a_context_that_is_no_pair_is_a_usage_error(session: pytest.Pytester) -> None:
    assert session.runpytest_subprocess("--benchlake", "--benchlake-context=x").ret == pytest.ExitCode.USAGE_ERROR


def test_pytest_benchmarks_results(session: pytest.Pytester) -> None:
    pytest.importorskip("pytest_benchmark")
    (session.path / "test_it.py").write_text('''
import pytest

@pytest.mark.parametrize("size", [10])
def test_sort(benchmark, size):
    benchmark.extra_info["answer"] = 42
    benchmark.pedantic(sorted, args=(range(size),), rounds=4, iterations=2)
''')
    [row] = written(session)
    assert row["tags"] == {"name": "test_it.py::test_sort", "size": 10}
    assert len(row["stats"]["data"]) == 4 and (row["stats"]["unit"], row["stats"]["iterations"]) == ("s", 2)
    assert row["optional_benchmark_info"] == {"extra_info": {"answer": 42}}


def git(folder: pathlib.Path, *arguments: str) -> str:
    who = ("-c", "user.name=An author", "-c", "user.email=author@example.org")
    ran = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return ran.stdout.strip()


def test_the_checkout_says_what_it_knows_of_the_commit(session: pytest.Pytester) -> None:
    only_good(session)
    git(session.path, "init", "-q", "-b", "main")
    git(session.path, "remote", "add", "origin", "git@github.com:me/sort.git")
    git(session.path, "commit", "-q", "--allow-empty", "-m", "first")
    git(session.path, "commit", "-q", "--allow-empty", "-m", "second")
    parent, head = git(session.path, "rev-parse", "HEAD^"), git(session.path, "rev-parse", "HEAD")

    def github() -> dict:
        session.runpytest_subprocess("--benchlake-file=out.ndjson")
        return json.loads((session.path / "out.ndjson").read_text())["github"]

    found = github()
    assert (found["repository"], found["commit"]) == ("https://github.com/me/sort", head)
    info = found["commit_info"]
    assert (info["message"], info["parent"], info["fork_point_sha"]) == ("second", parent, head)
    assert "branch" not in info
    git(session.path, "checkout", "-q", "-b", "faster")
    git(session.path, "commit", "-q", "--allow-empty", "-m", "third")
    info = github()["commit_info"]
    assert (info["fork_point_sha"], info["branch"]) == (head, "faster")


def test_workers_of_xdist_are_one_run(session: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    rows = written(session, "-n2")
    assert len(rows) == 5 and len({row["run_id"] for row in rows}) == 1


def test_it_is_found_by_its_entry_point(session: pytest.Pytester) -> None:
    ran = subprocess.run([sys.executable, "-m", "pytest", "--help"], capture_output=True, text=True, check=True)
    assert "--benchlake-strict" in ran.stdout
