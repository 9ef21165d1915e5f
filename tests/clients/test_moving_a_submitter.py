"""The recipe of docs/moving-a-submitter.md, block by block; and what `benchlake.migration check` says against what a
real server does."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import uuid
from typing import Any, Dict, List, Tuple

import pytest
from benchclients import ConbenchClient
from benchlake import Client, Invalid
from benchlake.migration import check_document, read
from commits import CHILD
from conftest import Deployment
from payloads import MACHINE, submission
from product import PROGRAM, ROOT

RECIPE = ROOT / "docs/moving-a-submitter.md"


def blocks(language: str) -> List[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", RECIPE.read_text(), re.MULTILINE | re.DOTALL)


class Job:
    """The folder of a job, with the recipe's commands on its PATH."""

    def __init__(self, deployment: Deployment, repository: str, folder: pathlib.Path, pipeline: str):
        self.folder = folder
        tools = folder / "tools"
        tools.mkdir(parents=True)
        # No link: an interpreter finds its environment by the path that it is called by.
        (tools / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        (tools / "python").chmod(0o755)
        (tools / "benchlake").symlink_to(pathlib.Path(PROGRAM).resolve())
        shutil.copy(ROOT / "docs/examples/conbench_job.py", folder / "run_benchmarks.py")
        self.environment = {
            **os.environ, "PATH": f"{tools}:{os.environ['PATH']}",
            "BENCHLAKE_SERVER": deployment.url, "BENCHLAKE_TOKEN": deployment.server.operator_token,
            "CONBENCH_PROJECT_REPOSITORY": repository, "CONBENCH_PROJECT_COMMIT": CHILD, "CI_PIPELINE_ID": pipeline}

    def run(self, *command: str) -> subprocess.CompletedProcess:
        ran = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True,
                             check=False, timeout=180)
        assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
        return ran


def identity(result: Dict[str, Any]) -> Dict[str, Any]:
    """Of a stored result what does not differ from one sending to the next."""
    kept = {name: result[name] for name in ("tags", "context", "info", "run_tags", "run_reason", "history_fingerprint",
                                            "unit", "iterations", "hardware", "commit", "error")}
    kept["hardware"] = kept["hardware"]["hash"]
    return kept


def test_the_recipe_works_and_keeps_every_series(as_a_ci_job: Deployment, repository: str,
                                                  tmp_path: pathlib.Path) -> None:
    steps = blocks("sh")
    assert len(steps) == 4 and steps[0].startswith("CONBENCH_URL=")
    direct, moved = uuid.uuid4().hex, uuid.uuid4().hex
    Job(as_a_ci_job, repository, tmp_path / "before", direct).run("bash", "-euc", steps[0])
    job = Job(as_a_ci_job, repository, tmp_path / "after", moved)
    for step in steps[1:]:
        job.run("bash", "-euc", step)
    client = Client(as_a_ci_job.url)
    before, after = ([client.result(row["id"]) for row in client.results(run_id=run)] for run in (direct, moved))
    assert len(before) == 2
    assert sorted(map(json.dumps, map(identity, before))) == sorted(map(json.dumps, map(identity, after)))
    recorded = {json.dumps(document["stats"]["data"]) for document in read(job.folder / "payloads.ndjson")}
    assert {json.dumps(result["data"]) for result in after} == recorded


def test_the_recipe_in_python_stores_the_same(as_a_ci_job: Deployment, repository: str,
                                              tmp_path: pathlib.Path) -> None:
    job = Job(as_a_ci_job, repository, tmp_path / "job", uuid.uuid4().hex)
    job.run("bash", "-euc", blocks("sh")[1])
    [snippet] = blocks("python")
    job.run("python", "-c", snippet)
    rows = list(Client(as_a_ci_job.url).results(run_id=job.environment["CI_PIPELINE_ID"]))
    assert sorted(row["case_tags"]["size"] for row in rows) == ["100", "1000"]


def good(**fields: Any) -> Dict[str, Any]:
    document = submission("https://github.com/org/checked", **fields)
    return {name: value for name, value in document.items() if value is not ...}


STATS, GITHUB, CLUSTER = {"data": [1, 2], "unit": "s"}, {"repository": "https://github.com/org/checked"}, {
    "name": "c", "info": {}, "optional_info": {}}
DOCUMENTS: List[Tuple[str, Any]] = [
    ("good", good()), ("not an object", [1]), ("unknown field", good(x=1)),
    *[(f"no {name}", good(**{name: ...})) for name in submission("x")],
    *[(f"null {name}", good(**{name: None})) for name in submission("x")],
    *[(f"number as {name}", good(**{name: 7})) for name in submission("x")],
    *[(f"null {name}", good(**{name: None})) for name in (
        "error", "validation", "optional_benchmark_info", "change_annotations", "run_tags", "run_name")],
    *[(f"text as {name}", good(**{name: "x"})) for name in ("error", "validation", "change_annotations", "run_tags")],
    *[(f"time {time}", good(timestamp=time)) for time in (
        "2024-08-01T12:00:00", "2024-08-01 12:00:00Z", "2024-08-01", "2024-08-01T12:00:00.123456+02:00", "yesterday",
        "2024-02-30T00:00:00Z", "2024-08-01T25:00:00Z", "2024-08-01T12:00Z", "20240801T120000Z")],
    *[(f"unit {unit}", good(stats={"data": [1], "unit": unit})) for unit in (
        "s", "ns", "B", "B/s", "b/s", "i/s", "ms", "", None, "S", 7)],
    *[(f"unit {unit} of an error", good(stats={"data": [1], "unit": unit}, error={"x": 1})) for unit in ("ms", "", 7)],
    ("partial", good(stats={"data": [1, None], "unit": "ms"})), ("no samples", good(stats={"data": [], "unit": "s"})),
    ("no unit", good(stats={"data": [1]})), ("units", good(stats={"data": [1], "units": "s"})),
    *[(f"sample {sample!r}", good(stats={"data": [sample], "unit": "s"})) for sample in (
        "1.5", "1e3", ".5", "5.", "x", True, [], "NaN", "-inf", "1e400", " 1", "", "0x10", "1_000")],
    *[(f"iterations {count!r}", good(stats={**STATS, "iterations": count})) for count in (
        3, "3", 3.0, 3.7, "3.7", "x", 2**31, True, None)],
    *[(f"mean {value!r}", good(stats={**STATS, "mean": value})) for value in ("1.5", "x", None, True)],
    ("tags without a name", good(tags={"size": 1})), ("empty name", good(tags={"name": ""})),
    ("null name", good(tags={"name": None})), ("number as name", good(tags={"name": 7})),
    ("empty key", good(tags={"name": "x", "": 1})), ("list in tags", good(tags={"name": "x", "y": []})),
    ("null in tags", good(tags={"name": "x", "y": None})), ("list in empty tags", good(tags=[])),
    *[(f"repository {url}", good(github={"repository": url})) for url in (
        "git@github.com:org/repo", "https://gitlab.example/x", "http://github.com/x/y", "org/repo", "https:///x",
        "https://github.com/" + "x" * 300, "", 7, None)],
    *[(f"commit {commit!r}", good(github={**GITHUB, "commit": commit})) for commit in (
        "a" * 50, "a" * 51, "", None, 7)],
    *[(f"pr {number!r}", good(github={**GITHUB, "pr_number": number})) for number in (
        7, "7", "", "x", -1, 1.5, True, None)],
    ("unknown in github", good(github={**GITHUB, "x": 1})), ("branch", good(github={**GITHUB, "branch": "a:b"})),
    ("cluster", good(machine_info=..., cluster_info=CLUSTER)), ("both", good(cluster_info=CLUSTER)),
    ("poor cluster", good(machine_info=..., cluster_info={"name": "c"})),
    ("no optional_info", good(machine_info=..., cluster_info={"name": "c", "info": {}})),
    ("list as info", good(machine_info=..., cluster_info={**CLUSTER, "info": []})),
    *[(f"{name} {value!r}", good(machine_info={**MACHINE, name: value})) for name, value in (
        ("gpu_count", 3), ("gpu_count", "x"), ("gpu_count", -1), ("gpu_count", 1.5), ("gpu_count", ""),
        ("memory_bytes", "17179869184"), ("cpu_core_count", "17179869184"), ("gpu_product_names", ["a"]),
        ("gpu_product_names", [1]), ("gpu_product_names", "a"), ("name", ""), ("name", 7), ("os_name", None),
        ("x", 1))],
    ("only the machine's name", good(machine_info={"name": "x"})),
    ("run_tags number", good(run_tags={"a": 1})), ("run_tags empty key", good(run_tags={"": "x"})),
    ("U+0000", good(info={"a": "\0"})), ("long run_id", good(run_id="x" * 2001)),
    ("errors", good(stats=..., error={})), ("nothing", good(stats=...)), ("blank batch", good(batch_id=" ")),
]


@pytest.mark.parametrize("document", [row[1] for row in DOCUMENTS], ids=[row[0] for row in DOCUMENTS])
def test_the_check_agrees_with_both_routes(as_a_ci_job: Deployment, document: Any) -> None:
    server = as_a_ci_job.server
    for path, legacy in (("/api/results", False), ("/api/benchmark-results/", True)):
        answer = server.ask("POST", path, document, operator=True)
        assert answer.status in (201, 400, 422), answer.body
        found = check_document(document, legacy=legacy)
        assert (answer.status != 201) == bool(found), (path, answer.body, [str(finding) for finding in found])


def test_what_the_check_names_is_where_the_server_says(as_a_ci_job: Deployment) -> None:
    document = good(run_id=7, stats={"data": [1, "x"], "unit": "ms", "mean": "y"}, tags={"name": "x", "y": []},
                    github={"repository": "org/repo"}, machine_info={"name": "x", "gpu_count": "many"}, x=1)
    with pytest.raises(Invalid) as error:
        Client(as_a_ci_job.url, as_a_ci_job.server.operator_token).submit(document)
    assert {fault.location for fault in error.value.errors} <= {
        finding.pointer for finding in check_document(document)}


def test_conbenchs_client_and_ours_see_the_same_result(as_a_ci_job: Deployment, repository: str) -> None:
    posted = ConbenchClient().post("/benchmark-results/", submission(repository, commit=CHILD))
    ours = Client(as_a_ci_job.url).result(posted["id"])
    assert ours["history_fingerprint"] == posted["history_fingerprint"] and ours["data"] == posted["stats"]["data"]
