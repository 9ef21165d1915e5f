"""The gate and pytest-benchmark: its own files as baselines, its runs as scenarios. Times are made, so that none depends
on the machine: the benchmarked function advances the clock that pytest-benchmark is told to read."""
import json
import os
import pathlib
import subprocess
from typing import List

import pytest
from product import PROGRAM

BENCHMARKS = '''
import os
import pytest

class Clock:
    """Seconds that pass only where a benchmark says so; no two rounds are quite alike."""
    now = 0.0
    calls = 0

def timer():
    return Clock.now

@pytest.fixture(autouse=True)
def made_time(benchmark):
    benchmark._timer = timer

@pytest.mark.parametrize("rows", [10, 100])
def test_read(benchmark, rows):
    benchmark.extra_info["rows"] = rows + int(os.environ.get("MORE_ROWS", "0"))
    def read():
        Clock.calls += 1
        Clock.now += rows * 1e-3 * float(os.environ.get("SLOWER", "1")) * (1 + Clock.calls % 7 * 1e-3)
    benchmark.pedantic(read, rounds=20, iterations=1)
'''

GATE = '''
[gate]
rounds = 5
rounds_max = 5
warmup = 0
[[scenario]]
name = "python"
command = ["{python}", "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_read.py", "--benchmark-json={{output}}"]
counters = ["rows"]
bounds = {{ median = "10%", p95 = "25%" }}
'''


@pytest.fixture
def project(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / "test_read.py").write_text(BENCHMARKS)
    (tmp_path / "gate.toml").write_text(GATE.format(python=os.environ["BENCHLAKE_CLIENTS_OWN"]))
    return tmp_path


def gate(project: pathlib.Path, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **variables}
    return subprocess.run([PROGRAM, *words], cwd=project, env=environment, capture_output=True, text=True, timeout=300)


def names(project: pathlib.Path) -> List[str]:
    baseline = next(path for path in (project / "baselines").glob("*.json") if not path.name.endswith(".detail.json"))
    return [entry["name"] for entry in json.loads(baseline.read_text())["benchmarks"]]


def test_its_runs_are_scenarios(project: pathlib.Path) -> None:
    recorded = gate(project, "gate", "record")
    assert recorded.returncode == 0, recorded.stderr
    assert names(project) == ["test_read.py::test_read[100]", "test_read.py::test_read[10]"]
    same = gate(project, "gate", "check")
    assert same.returncode == 0, same.stdout + same.stderr
    slower = gate(project, "gate", "check", "--json", SLOWER="1.3")
    assert slower.returncode == 1, slower.stdout + slower.stderr
    report = json.loads(slower.stdout)
    assert {row["status"] for row in report["benchmarks"]} == {"regression"}
    assert report["benchmarks"][0]["figures"][0]["change"] == pytest.approx(0.3, abs=0.01)
    more = gate(project, "gate", "check", "--counters-only-on-foreign-machine", MORE_ROWS="1")
    assert more.returncode == 1 and "counter rows" in more.stdout, more.stdout


@pytest.mark.parametrize("how", ["--benchmark-json=native.json", "--benchmark-save=native"])
def test_its_own_file_is_a_baseline(project: pathlib.Path, how: str) -> None:
    made = subprocess.run([os.environ["BENCHLAKE_CLIENTS_OWN"], "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_read.py",
                           how], cwd=project, capture_output=True, text=True, timeout=300)
    assert made.returncode == 0, made.stdout
    native = str(next(path for path in project.rglob("*native.json")))
    same = gate(project, "gate", "check", "--baseline", native)
    assert same.returncode == 0, same.stdout + same.stderr
    slower = gate(project, "gate", "check", "--baseline", native, SLOWER="1.3")
    assert slower.returncode == 1, slower.stdout + slower.stderr
