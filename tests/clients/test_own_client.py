"""Our Python client against a real server, on each store."""
import uuid
from typing import Any, Dict

import pytest
from benchlake import AccessDenied, Client, Conflict, Invalid, NotFound, detect_machine
from commits import CHILD, ELDER, GRANDPARENT, PARENT
from conftest import Deployment
from payloads import submission


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
