"""benchclients: log-in, exact codes, paging."""
import uuid

import pytest
from benchclients import ConbenchClient
from benchclients.http import RetryingHTTPClientNonRetryableResponse
from commits import CHILD, ELDER, GRANDPARENT, PARENT
from conftest import Deployment
from payloads import submission


def refused(error: pytest.ExceptionInfo) -> dict:
    return error.value.error_response.json()


def test_a_job_logs_in_posts_and_reads_back(as_a_ci_job: Deployment, repository: str) -> None:
    client = ConbenchClient()
    assert set(client.session.cookies.keys()) & {"session", "conbench_session"}
    posted = client.post("/benchmark-results/", submission(repository, commit=CHILD))
    assert posted["stats"]["mean"] == 2.1666666666666665
    assert posted["links"]["self"] == f"{as_a_ci_job.url}/api/benchmarks/{posted['id']}/"
    assert client.get(f"/benchmark-results/{posted['id']}/") == posted
    assert client.get(f"/benchmarks/{posted['id']}/") == posted


def test_one_session_serves_the_whole_job(as_a_ci_job: Deployment, repository: str) -> None:
    client = ConbenchClient()
    for _ in range(3):
        client.post("/benchmark-results/", submission(repository, commit=CHILD))
    assert client.get("/users/"), "a session may list the users"


def test_an_api_token_does_in_place_of_the_password(as_a_ci_job: Deployment, repository: str) -> None:
    made = as_a_ci_job.server.ask("POST", "/api/tokens", {"name": uuid.uuid4().hex, "role": "writer"}, operator=True)
    token = made.json()["token"]
    client = ConbenchClient(email="ci@example.com", password=token)
    posted = client.post("/benchmark-results/", submission(repository, commit=CHILD))
    as_a_ci_job.server.ask("DELETE", f"/api/tokens/{made.json()['id']}", operator=True)
    assert as_a_ci_job.server.ask("POST", "/api/login/", {"email": "ci@example.com", "password": token}).status == 400
    # What the session was made of is gone: 401, and the client's renewal is refused.
    with pytest.raises(RetryingHTTPClientNonRetryableResponse):
        client.post("/benchmark-results/", submission(repository, commit=CHILD))
    assert client.get(f"/benchmark-results/{posted['id']}/")["id"] == posted["id"]


def test_a_wrong_password_is_a_plain_400(as_a_ci_job: Deployment) -> None:
    """The legacy server answers 400 here, not 401: the client raises what it raised there."""
    with pytest.raises(RetryingHTTPClientNonRetryableResponse) as error:
        ConbenchClient(password="wrong")
    assert error.value.error_response.status_code == 400
    assert refused(error)["description"] == {"_errors": ["Invalid email or password."]}


def test_without_log_in_reads_are_public_and_a_write_asks_for_credentials(
        as_a_ci_job: Deployment, repository: str, monkeypatch: pytest.MonkeyPatch) -> None:
    posted = ConbenchClient().post("/benchmark-results/", submission(repository, commit=CHILD))
    monkeypatch.delenv("CONBENCH_EMAIL")
    anonymous = ConbenchClient()
    assert anonymous.get(f"/benchmark-results/{posted['id']}/")["id"] == posted["id"]
    # 401 makes the client log in again, for which it has no credentials.
    with pytest.raises(Exception, match="credentials not set"):
        anonymous.post("/benchmark-results/", submission(repository, commit=CHILD))


def test_a_session_that_the_server_does_not_know_any_more_is_renewed(
        as_a_ci_job: Deployment, repository: str) -> None:
    client = ConbenchClient()
    for cookie in list(client.session.cookies):
        cookie.value = "x" + (cookie.value or "")[1:]
    posted = client.post("/benchmark-results/", submission(repository, commit=CHILD))
    assert posted["commit"]["sha"] == CHILD


def test_many_short_jobs_may_log_in_one_after_the_other(as_a_ci_job: Deployment, repository: str) -> None:
    """benchadapt and benchconnect log in at every call: a limit on log-ins must not reach the right password."""
    for _ in range(30):
        ConbenchClient()


def test_paging_gives_each_result_once(as_a_ci_job: Deployment, repository: str) -> None:
    client, run_id = ConbenchClient(), uuid.uuid4().hex
    posted = {client.post("/benchmark-results/",
                          submission(repository, run_id=run_id, tags={"name": "paged", "n": n}))["id"]
              for n in range(7)}
    for page_size in (1, 2, 7, 100):
        listed = client.get_all("/benchmark-results/", {"run_id": run_id, "page_size": page_size})
        ids = [result["id"] for result in listed]
        assert ids == sorted(ids, reverse=True)
        assert set(ids) == posted and len(ids) == 7


def test_runs_of_a_commit_are_paged_with_a_cursor(as_a_fresh_ci_job: Deployment, repository: str) -> None:
    client = ConbenchClient()
    runs = sorted(uuid.uuid4().hex for _ in range(5))
    for run_id in runs:
        client.post("/benchmark-results/", submission(repository, run_id=run_id, commit=PARENT))
    listed = client.get_all("/runs/", {"commit_hash": PARENT, "page_size": 2})
    assert [run["id"] for run in listed] == runs
    assert listed[0]["commit"]["sha"] == PARENT and listed[0]["hardware"]["name"] == "bench-host"


def test_what_a_job_reads_about_a_run(as_a_ci_job: Deployment, repository: str) -> None:
    client = ConbenchClient()
    run_of = {commit: uuid.uuid4().hex for commit in (ELDER, GRANDPARENT, PARENT, CHILD)}
    for commit, run_id in run_of.items():
        client.post("/benchmark-results/", submission(repository, run_id=run_id, commit=commit))
    run = client.get(f"/runs/{run_of[CHILD]}/")
    assert (run["id"], run["reason"], run["commit"]["sha"]) == (run_of[CHILD], "commit", CHILD)
    candidates = run["candidate_baseline_runs"]
    assert candidates["parent"] == {"baseline_run_id": run_of[PARENT], "commits_skipped": [], "error": None}
    assert candidates["fork_point"]["error"] == "the contender run is already on the default branch"
    compared = client.get_all(f"/compare/runs/{run_of[PARENT]}...{run_of[CHILD]}/", {"page_size": 500})
    assert [side["contender"]["run_id"] for side in compared] == [run_of[CHILD]]
    assert compared[0]["analysis"]["pairwise"]["percent_change"] == 0.0


def test_catalogues(as_a_ci_job: Deployment, repository: str) -> None:
    client = ConbenchClient()
    posted = client.post("/benchmark-results/", submission(
        repository, commit=CHILD, context={"benchmark_language": "C++"}, info={"compiler": "gcc"}))
    commit = client.get(f"/commits/{posted['commit']['id']}/")
    assert (commit["sha"], commit["repository"]) == (CHILD, repository)
    assert posted["commit"]["id"] in {row["id"] for row in client.get("/commits/", {"sha": CHILD})}
    for kind, key in (("context", "benchmark_language"), ("info", "compiler")):
        document = client.get(posted["links"][kind].split("/api", 1)[1])
        assert document[key] == {"context": "C++", "info": "gcc"}[kind]
    hardware = client.get(f"/hardware/{posted['hardware']['id']}/")
    assert hardware["name"] == "bench-host" and hardware["links"]["self"].endswith(f"/{hardware['id']}/")
    assert client.get("/ping/")["date"].endswith("UTC")


def test_an_unknown_result_is_a_404_that_is_not_tried_again(as_a_ci_job: Deployment) -> None:
    with pytest.raises(RetryingHTTPClientNonRetryableResponse) as error:
        ConbenchClient().get("/benchmark-results/nothing/")
    assert refused(error)["name"] == "Not Found" and error.value.error_response.status_code == 404


@pytest.mark.parametrize("fault", [
    {"tags": {"name": ""}}, {"timestamp": "yesterday"}, {"stats": {"data": [1], "unit": "kg"}}, {"nonsense": 1},
    {"github": {"repository": "org/repo"}}, {"tags": {"name": "x", "list": [1]}}, {"machine_info": {"name": "x"}}])
def test_a_mistake_of_the_job_is_a_400_that_is_not_tried_again(
        as_a_ci_job: Deployment, repository: str, fault: dict) -> None:
    with pytest.raises(RetryingHTTPClientNonRetryableResponse) as error:
        ConbenchClient().post("/benchmark-results/", {**submission(repository), **fault})
    assert error.value.error_response.status_code == 400
    assert refused(error)["description"]


def test_put_works_although_this_client_wants_another_code(as_a_ci_job: Deployment, repository: str) -> None:
    """A bug of the client that is known: it wants 201 of a PUT, the legacy server answers 200."""
    client = ConbenchClient()
    posted = client.post("/benchmark-results/", submission(repository, commit=CHILD))
    with pytest.raises(RetryingHTTPClientNonRetryableResponse) as error:
        client.put(f"/benchmark-results/{posted['id']}/", {"change_annotations": {"begins_distribution_change": True}})
    assert error.value.error_response.status_code == 200
    assert client.get(f"/benchmark-results/{posted['id']}/")["change_annotations"] == {
        "begins_distribution_change": True}
