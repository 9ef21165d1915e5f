"""Our Python client against a real server, on each store."""
import os
import pathlib
import subprocess
import sys
import uuid
from typing import Any, Dict, Set

import benchlake
import pytest
from benchlake import AccessDenied, Client, Conflict, Invalid, NotFound, detect_machine, model
from commits import CHILD, ELDER, GRANDPARENT, PARENT
from conftest import Deployment
from payloads import submission
from product import PROGRAM


@pytest.fixture
def client(as_a_ci_job: Deployment) -> Client:
    return Client(as_a_ci_job.url, as_a_ci_job.server.operator_token)


def a_result(repository: str, **fields: Any) -> Dict[str, Any]:
    return submission(repository, commit=fields.pop("commit", CHILD), machine_info=detect_machine("bench-host"),
                      **fields)


def test_submit_read_annotate_delete(client: Client, repository: str) -> None:
    stored = client.submit(a_result(repository))
    result = client.result(stored["id"])
    assert (result["stats"]["mean"], result["less_is_better"]) == (2.1666666666666665, True)
    assert result["commit"] is not None and result["commit"]["sha"] == CHILD
    changed = client.annotate(stored["id"], {"begins_distribution_change": True})
    assert changed["change_annotations"] == {"begins_distribution_change": True}
    assert client.annotate(stored["id"], {"begins_distribution_change": None})["change_annotations"] == {}
    client.delete_result(stored["id"])
    with pytest.raises(NotFound):
        client.result(stored["id"])


def test_a_key_makes_sending_again_harmless(client: Client, repository: str) -> None:
    document, key = a_result(repository), uuid.uuid4().hex
    first = client.submit(document, submission_key=key)
    assert client.submit(document, submission_key=key) == first
    with pytest.raises(Conflict):
        client.submit({**document, "stats": {"data": [9], "unit": "s"}}, submission_key=key)
    assert client.submit(document)["id"] != first["id"]


def test_a_batch_with_a_bad_one(client: Client, repository: str) -> None:
    run_id = uuid.uuid4().hex
    documents = [a_result(repository, run_id=run_id, tags={"name": "batch", "n": n}) for n in range(250)]
    documents[7]["stats"] = {"data": [1], "unit": "parsec"}
    outcome = client.submit_many(documents)
    assert (outcome.stored, outcome.replayed) == (249, 0)
    [failed] = outcome.failed
    assert failed.index == 7 and isinstance(failed.error, Invalid)
    assert [fault.location for fault in failed.error.errors] == ["/stats/unit"]
    rows = list(client.results(run_id=run_id, page_size=100))
    assert {row["id"] for row in rows} == {row.id for row in outcome.outcomes if row.id}
    assert len(rows) == 249


def test_histories_comparisons_series_runs_and_the_report(client: Client, repository: str) -> None:
    run_of = {}
    for day, commit in enumerate((ELDER, GRANDPARENT, PARENT, CHILD), 1):
        run_of[commit] = uuid.uuid4().hex
        for value in (10 + day / 10, 10.05 + day / 10):
            stored = client.submit(a_result(
                repository, commit=commit, run_id=run_of[commit], timestamp=f"2021-03-0{day}T12:00:00Z",
                stats={"data": [value if commit != CHILD else 20.0], "unit": "s"}))
    fingerprint = stored["history_fingerprint"]
    history = client.history(fingerprint=fingerprint)
    assert [sample["commit_hash"] for sample in history] == [ELDER] * 2 + [GRANDPARENT] * 2 + [PARENT] * 2 + [CHILD] * 2
    assert client.history(result_id=stored["id"]) == history
    compared = client.compare(history[4]["benchmark_result_id"], stored["id"])
    assert compared["analysis"]["lookback_z_score"] is not None
    assert compared["analysis"]["lookback_z_score"]["regression_indicated"]
    [series] = client.series(fingerprint=fingerprint)
    assert (series["name"], series["repository"], series["point_count"]) == ("sort", repository, 8)
    runs = client.runs(repository=repository, include_attention=True)
    assert {run["run_id"] for run in runs} == set(run_of.values())
    report = client.ci_report(run_ids=[run_of[CHILD]], baseline="parent")
    assert (report["status"], report["summary"]["regressions"]) == ("failure", 2)
    by_commit = client.ci_report(repository=repository, commit_sha=CHILD, baseline="parent")
    assert by_commit["summary"] == report["summary"]
    with pytest.raises(Invalid):
        client.ci_report(run_ids=[run_of[CHILD]], threshold_z=-1)


def test_tokens(as_a_ci_job: Deployment, client: Client, repository: str) -> None:
    name = uuid.uuid4().hex
    made = client.create_token(name, role="writer")
    assert made["token"].startswith(made["prefix"])
    [listed] = [token for token in client.tokens() if token["name"] == name]
    assert listed["id"] == made["id"] and "token" not in listed
    scoped = client.create_token(name + "-scoped", role="writer", repository=repository)
    only_there = Client(as_a_ci_job.url, scoped["token"])
    only_there.submit(a_result(repository))
    with pytest.raises(AccessDenied) as refused:
        only_there.submit(a_result(repository + "-other"))
    assert refused.value.status == 403
    writer = Client(as_a_ci_job.url, made["token"])
    assert writer.capabilities()["can_write_results"]
    writer.submit(a_result(repository))
    client.revoke_token(made["id"])
    client.revoke_token(made["id"])
    with pytest.raises(AccessDenied) as error:
        writer.submit(a_result(repository))
    assert error.value.status == 401 and made["token"] not in as_a_ci_job.server.log()


def test_nobody_may_read_but_not_write(as_a_ci_job: Deployment, client: Client, repository: str) -> None:
    stored = client.submit(a_result(repository))
    anonymous = Client(as_a_ci_job.url)
    assert anonymous.result(stored["id"])["id"] == stored["id"]
    assert not anonymous.capabilities()["can_write_results"]
    with pytest.raises(AccessDenied):
        anonymous.submit(a_result(repository))


def test_program_and_package_have_one_version() -> None:
    said = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
    assert benchlake.__version__ in said.split()


# What the client's types say is what the server describes -----------------------------------------------------

SCHEMAS = {
    "ResultDetail": model.Result, "ResultListItem": model.ResultRow, "HistorySample": model.HistorySample,
    "ZScoreStats": model.ZScoreStats, "CompareResult": model.Comparison, "CompareSide": model.ComparedSide,
    "Analysis": model.Analysis, "Submitted": model.Submitted, "SeriesListItem": model.Series,
    "RecentRunListItem": model.Run, "CiReport": model.CiReport, "Token": model.Token,
    "Capabilities": model.Capabilities, "ResultSettings": model.ResultSettings, "Verdict": model.Verdict,
    "VerdictChange": model.VerdictChange, "VerdictDrift": model.VerdictDrift, "RunVerdict": model.RunVerdict,
}


def names_of(schema: Dict[str, Any], schemas: Dict[str, Any]) -> Set[str]:
    found = set(schema.get("properties") or {})
    for part in schema.get("allOf") or []:
        part = schemas[part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else part
        found |= names_of(part, schemas)
    return found


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_type_has_the_fields_of_the_description(as_a_ci_job: Deployment, name: str) -> None:
    schemas = as_a_ci_job.server.ask("GET", "/openapi.json").json()["components"]["schemas"]
    by_name = {key.lower(): value for key, value in schemas.items()}
    described = names_of(by_name[name.lower()], schemas)
    typed = set(SCHEMAS[name].__annotations__)
    for base in getattr(SCHEMAS[name], "__orig_bases__", ()):
        typed |= set(getattr(base, "__annotations__", {}))
    assert typed <= described, f"not described: {typed - described}"
    required = set(by_name[name.lower()].get("required") or [])
    assert required <= typed, f"the type lacks: {required - typed}"


def test_the_pytest_plugin_sends_a_session(as_a_ci_job: Deployment, repository: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "test_sorting.py").write_text("""
import pytest

@pytest.mark.parametrize("size", [10, 100])
def test_sort(benchlake_timer, size):
    assert benchlake_timer(sorted, list(range(size, 0, -1)), rounds=3)[0] == 1

def test_broken(benchlake_timer):
    raise RuntimeError("boom")
""")
    run_id = uuid.uuid4().hex
    environment = {**os.environ, "BENCHLAKE_SERVER": as_a_ci_job.url,
                   "BENCHLAKE_TOKEN": as_a_ci_job.server.operator_token}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--benchlake",
         f"--benchlake-run-id={run_id}", f"--benchlake-repository={repository}", f"--benchlake-commit={CHILD}",
         "--benchlake-run-reason=nightly"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        timeout=120)
    assert f"3 of 3 results submitted to {as_a_ci_job.url}, run {run_id}" in ran.stdout, ran.stdout + ran.stderr
    rows = list(Client(as_a_ci_job.url).results(run_id=run_id))
    assert sorted((row["case_name"], row["case_tags"].get("size"), row["has_error"]) for row in rows) == [
        ("test_sorting.py::test_broken", None, True), ("test_sorting.py::test_sort", "10", False),
        ("test_sorting.py::test_sort", "100", False)]
    assert {row["commit"]["hash"] for row in rows if row["commit"]} == {CHILD}
