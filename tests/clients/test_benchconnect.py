"""benchconnect: the command line, of the year when it could still be imported (its newest release wants
`benchadapt.run`, which benchadapt dropped in 2024)."""
import json
import pathlib
import subprocess
import uuid

import pytest
from benchclients import ConbenchClient
from commits import CHILD
from conftest import EMAIL, PASSWORD, Deployment
from payloads import submission
from product import clean_environment, client_of_2023

STATE = "benchconnect-state.json"


class Job:
    """A folder of a CI job in which the command is called."""

    def __init__(self, deployment: Deployment, repository: str, folder: pathlib.Path):
        self.deployment, self.repository, self.folder = deployment, repository, folder

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess:
        environment = clean_environment({
            "CONBENCH_URL": self.deployment.url, "CONBENCH_EMAIL": EMAIL, "CONBENCH_PASSWORD": PASSWORD,
            "CONBENCH_PROJECT_REPOSITORY": self.repository, "CONBENCH_PROJECT_COMMIT": CHILD,
            "CONBENCH_MACHINE_INFO_NAME": "bench-host"})
        ran = subprocess.run([client_of_2023("benchconnect"), *arguments], cwd=self.folder, input=stdin,
                             env=environment, capture_output=True, text=True, check=False, timeout=120)
        assert "(retryable)" not in ran.stderr and "retry soon" not in ran.stderr, ran.stderr
        return ran


@pytest.fixture
def job(as_a_ci_job: Deployment, repository: str, tmp_path: pathlib.Path) -> Job:
    return Job(as_a_ci_job, repository, tmp_path)


def results_of(run_id: str) -> list:
    return ConbenchClient().get_all("/benchmark-results/", {"run_id": run_id})


def test_augment_fills_in_and_post_sends(job: Job) -> None:
    run_id = uuid.uuid4().hex
    bare = {"run_id": run_id, "run_reason": "commit", "tags": {"name": "augmented"}, "context": {"os": "linux"},
            "stats": {"data": [1, 2, 3], "unit": "s", "iterations": 3}}
    augmented = job.run("augment", "result", "--json", json.dumps(bare))
    assert augmented.returncode == 0, augmented.stderr
    document = json.loads(augmented.stdout)
    assert document["github"]["repository"] == job.repository and document["machine_info"]["name"] == "bench-host"
    # As in a pipe: benchconnect augment result ... | benchconnect post result
    posted = job.run("post", "result", stdin=augmented.stdout)
    assert posted.returncode == 0, posted.stderr
    [result] = results_of(run_id)
    assert result["tags"] == {"name": "augmented"} and result["commit"]["sha"] == CHILD
    assert result["run_tags"] == {"name": f"commit: {CHILD}"}


@pytest.mark.parametrize("way", ["json", "ndjson", "file", "folder"])
def test_every_way_to_hand_results_over(job: Job, way: str) -> None:
    run_id = uuid.uuid4().hex
    documents = [submission(job.repository, commit=CHILD, run_id=run_id, tags={"name": "way", "n": n})
                 for n in range(1 if way in ("json", "file") else 3)]
    folder = job.folder / "results"
    folder.mkdir()
    for n, document in enumerate(documents):
        (folder / f"{n}.json").write_text(json.dumps(document))
    lines = "\n".join(json.dumps(document) for document in documents)
    arguments = {"json": ["--json", lines], "ndjson": [lines], "file": ["--path", str(folder / "0.json")],
                 "folder": ["--path", str(folder)]}[way]
    ran = job.run("post", "result", *arguments)
    assert ran.returncode == 0, ran.stderr
    assert len(results_of(run_id)) == len(documents)


def test_a_refused_result_ends_the_command_with_the_reason(job: Job) -> None:
    ran = job.run("post", "result", "--json", json.dumps({**submission(job.repository), "nonsense": 1}))
    assert ran.returncode == 1
    assert "Unknown field." in ran.stderr


def test_start_run_is_broken_with_every_server_of_results_alone(job: Job) -> None:
    """A bug of the client that is known: it posts to /api/runs/, which left the legacy server in August 2023
    together with the table of runs. The answer says so at once, and no state is left behind."""
    ran = job.run("start", "run", "--json", json.dumps({"reason": "commit", "github": {
        "repository": job.repository, "commit": CHILD}}))
    assert ran.returncode == 1
    assert "405 Client Error" in ran.stderr, ran.stderr
    assert not (job.folder / STATE).exists()


def test_submit_works_with_a_state_that_a_job_wrote_itself(job: Job) -> None:
    """`submit result` needs the state of `start run`; who writes that file by hand can use it."""
    run_id = uuid.uuid4().hex
    (job.folder / STATE).write_text(json.dumps({
        "run_id": run_id, "run_reason": "commit", "github": {"repository": job.repository, "commit": CHILD}}))
    ran = job.run("submit", "result", "--json", json.dumps({
        "tags": {"name": "submitted"}, "context": {}, "stats": {"data": [1], "unit": "s", "iterations": 1}}))
    assert ran.returncode == 0, ran.stderr
    assert [result["tags"]["name"] for result in results_of(run_id)] == ["submitted"]
    finished = job.run("finish", "run", "--json", "{}")
    assert finished.returncode == 1, "PUT /api/runs/ID/ went the same way (and has one slash too many)"
    assert "404 Client Error" in finished.stderr, finished.stderr
