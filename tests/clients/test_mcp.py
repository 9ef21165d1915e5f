"""Assistants: the official client of the Model Context Protocol uses every tool of /mcp."""
import io
import json
import os
import pathlib
import subprocess
import urllib.request
import zipfile
from typing import Any, List

import pytest
from conftest import Deployment, deploy

MODEL = {"model": "DeepSeek-R1-0528", "sequence": "8k/1k"}


def sweep() -> bytes:
    """A zip of a run: three points of one line."""
    rows = [{"hw": "h200", "model": "m", "infmax_model_prefix": "dsr1", "framework": "sglang", "precision": "fp8",
             "spec_decoding": "none", "isl": 8192, "osl": 1024, "tp": 8, "ep": 1, "conc": conc,
             "tput_per_gpu": 20.0 * conc, "output_tput_per_gpu": 2.0 * conc, "input_tput_per_gpu": 18.0 * conc,
             "median_intvty": 600 / conc, "median_e2el": conc / 2, "median_ttft": 0.5} for conc in (8, 16, 32)]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("results_bmk/agg_bmk.json", json.dumps(rows))
    return file.getvalue()


@pytest.fixture(scope="module")
def with_a_sweep(store: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    deployment = deploy(store, tmp_path_factory.mktemp("mcp"), request)
    upload = urllib.request.Request(
        f"{deployment.url}/api/v1/inference/ingest?run_id=7001&created_at=2026-08-01T08:00:00Z", sweep(),
        {"Content-Type": "application/zip", "Authorization": f"Bearer {deployment.server.operator_token}"})
    with urllib.request.urlopen(upload) as answer:
        assert json.load(answer)["written"]["points"]["added"] == 3
    return deployment


def said_to(deployment: Deployment, calls: List[Any], token: str = "") -> Any:
    """What the server says to a client in a process of its own."""
    script = pathlib.Path(__file__).with_name("mcp_session.py")
    client = subprocess.run([os.environ["BENCHLAKE_CLIENTS_MCP"], str(script), deployment.url, token],
                            input=json.dumps(calls), capture_output=True, text=True, timeout=120)
    assert client.returncode == 0, client.stderr
    return json.loads(client.stdout)


def test_every_tool_answers(with_a_sweep: Deployment) -> None:
    calls = [["get_overview", {}], ["list_hardware", {}], ["list_models", {}], ["list_configs", {"hardware": "h200"}],
             ["get_latest_benchmarks", {"hardware": "h200", "sort_by": "median_e2el", "metrics": ["median_e2el"]}],
             ["get_frontier", {**MODEL, "hw": ["h200_sglang"]}], ["get_calculator", {**MODEL, "target": 30}],
             ["get_trend", {**MODEL, "interactivity": 30}], ["get_history", MODEL], ["get_skipped", {"limit": 1}]]
    said = said_to(with_a_sweep, calls)
    assert said["server"] == "benchlake"
    assert sorted(said["tools"]) == sorted(tool for tool, _ in calls)
    assert [answer["is_error"] for answer in said["answers"]] == [False] * len(calls)
    answers = {tool: json.loads(answer["text"]) for (tool, _), answer in zip(calls, said["answers"])}
    assert answers["get_overview"]["hardware"] == ["h200"]
    assert [row["median_e2el"] for row in answers["get_latest_benchmarks"]["rows"]] == [4, 8, 16]
    frontier = answers["get_frontier"]["lines"][0]
    assert [point["y"] for point in frontier["points"]] == [640, 320, 160]
    assert frontier["points"][0]["origin"]["artifact"] == "results_bmk"
    # 30 tokens per second and user lie between 18.75 (conc 32) and 37.5 (conc 16).
    assert 320 < answers["get_calculator"]["lines"][0]["value"] < 640
    assert answers["get_trend"]["lines"][0]["points"][-1]["synthetic"]


def test_wrong_arguments_are_told_to_the_assistant(with_a_sweep: Deployment) -> None:
    answer = said_to(with_a_sweep, [["get_frontier", {"model": "Nobody", "sequence": "8k/1k"}]])["answers"][0]
    assert answer == {"is_error": True,
                      "text": "wrong arguments\nmodel: no model that the registry knows: Nobody"}


def test_who_may_not_read_may_not_ask(store: str, request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> None:
    private = deploy(store, tmp_path, request, BENCHLAKE_ACCESS_PUBLIC_READS="false")
    with pytest.raises(AssertionError):
        said_to(private, [])
    assert said_to(private, [], private.server.operator_token)["server"] == "benchlake"
