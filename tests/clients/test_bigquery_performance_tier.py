"""The performance tier (bench/bigquery) times no error path: against a server that says yes to everything and keeps nothing,
every scenario fails and says where; the gate is red then, and its check writes no baseline."""
import json
import os
import pathlib
import stat
import subprocess
import sys
from typing import Iterator, List, NamedTuple

import pyarrow
import pyarrow.parquet
import pytest
from product import PROGRAM, ROOT

TIER = ROOT / "bench/bigquery"
TPCH_ROWS = {"region": 5, "nation": 25, "supplier": 100, "customer": 1_500, "part": 2_000, "partsupp": 8_000,
             "orders": 15_000, "lineitem": 60_175}


class Liar(NamedTuple):
    endpoint: str
    grpc: str

    def arguments(self) -> List[str]:
        return ["--endpoint", self.endpoint, "--grpc", self.grpc]


@pytest.fixture(scope="module")
def liar() -> Iterator[Liar]:
    script = str(pathlib.Path(__file__).with_name("bigquery_liar.py"))
    with subprocess.Popen([sys.executable, "-B", script, json.dumps(TPCH_ROWS)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        http, grpc = process.stdout.readline().split()
        yield Liar(f"http://127.0.0.1:{http}", f"127.0.0.1:{grpc}")
        process.stdin.close()
        assert process.wait(timeout=20) == 0


def scenario(name: str, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-B", str(TIER / f"{name}.py"), *arguments], capture_output=True, text=True,
                          timeout=120, env={**os.environ, **variables}, check=False)


def failed(ran: "subprocess.CompletedProcess[str]", *sentences: str) -> None:
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert ran.stdout == "", "a scenario that failed has no figures"
    for sentence in ("FAILED", *sentences):
        assert sentence in ran.stderr, ran.stderr


@pytest.mark.parametrize("batch", ["1", "10", "100", "1000"])
def test_rows_that_were_not_kept_fail_insert_all(liar: Liar, batch: str) -> None:
    ran = scenario("insert_all", *liar.arguments(), "--cell", f"[{batch}]")
    failed(ran, f"insert_all.py::insert_all[{batch}]: rows, ids, first and last id")


@pytest.mark.parametrize("payload", ["proto", "arrow"])
@pytest.mark.parametrize("kind", ["DEFAULT", "COMMITTED", "PENDING", "BUFFERED"])
def test_rows_that_were_not_kept_fail_storage_write(liar: Liar, payload: str, kind: str) -> None:
    ran = scenario("storage_write", *liar.arguments(), "--cell", f"{payload}-{kind}")
    failed(ran, f"storage_write[{payload}-{kind}]: rows, ids, first and last id")


@pytest.mark.parametrize("rows", ["1000", "100000"])
def test_an_empty_answer_fails_storage_read(liar: Liar, rows: str) -> None:
    failed(scenario("storage_read", *liar.arguments(), "--cell", f"[{rows}]"), f"rows read: 0, not {rows}")


def test_an_answer_that_is_not_the_official_one_fails_query_latency(liar: Liar, tmp_path: pathlib.Path) -> None:
    for name, rows in TPCH_ROWS.items():
        key = pyarrow.array(range(rows), pyarrow.int64())
        pyarrow.parquet.write_table(pyarrow.table({f"{name[0]}_key": key}), tmp_path / f"{name}.parquet")
    (tmp_path / "tpch.json").write_text(json.dumps({
        "queries": {number: "SELECT 1 FROM lineitem" for number in (1, 3, 5, 6, 10)},
        "answers": {number: "revenue\n1193053.2253\n" for number in (1, 3, 5, 6, 10)}}))
    ran = scenario("query_latency", *liar.arguments(), "--cell", "Q6", BENCHLAKE_PERF_TPCH=str(tmp_path))
    failed(ran, "tpch[Q6]: not the official answer: (0, 0, 0, 0, 0), wanted ['1193053.2253']")


def test_a_table_of_another_size_is_not_scale_factor_a_hundredth(liar: Liar, tmp_path: pathlib.Path) -> None:
    pyarrow.parquet.write_table(pyarrow.table({"r_key": [1, 2]}), tmp_path / "region.parquet")
    (tmp_path / "tpch.json").write_text(json.dumps({"queries": {n: "" for n in (1, 3, 5, 6, 10)},
                                                    "answers": {n: "" for n in (1, 3, 5, 6, 10)}}))
    ran = scenario("query_latency", *liar.arguments(), BENCHLAKE_PERF_TPCH=str(tmp_path))
    failed(ran, "rows of region at scale factor 0.01: 2, not 5")


def test_a_program_that_ends_fails_cold_start(tmp_path: pathlib.Path) -> None:
    program = tmp_path / "ends"
    program.write_text("#!/bin/sh\necho it ends\nexit 3\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    failed(scenario("cold_start", "--program", str(program)), "no 200 on", "it ends")


def test_fewer_rounds_than_the_contract_has_are_refused(liar: Liar) -> None:
    assert "--rounds must be 5 or more" in scenario("insert_all", *liar.arguments(), "--rounds", "4").stderr
    assert "--rounds must be 3 or more" in scenario("cold_start", "--rounds", "2").stderr


def test_the_gate_is_red_for_it_and_its_check_writes_no_baseline(liar: Liar, tmp_path: pathlib.Path) -> None:
    command = [sys.executable, "-B", str(TIER / "insert_all.py"), *liar.arguments(), "--output", "{output}"]
    (tmp_path / "gate.toml").write_text("[gate]\nrounds = 1\nwarmup = 0\n[[scenario]]\nname = \"insert_all\"\n"
                                        f"command = {json.dumps(command)}\ncounters = [\"rows\"]\n")
    baseline = tmp_path / "baselines/linux-x86_64.json"
    baseline.parent.mkdir()
    baseline.write_text(json.dumps({"version": 1, "arch": "linux-x86_64", "recorded_at": "2026-01-01T00:00:00Z", "benchmarks": [
        {"name": "insert_all.py::insert_all[1]", "median": 0.01, "stddev": 0.001, "rounds": 50, "unit": "seconds"}]}))
    before = baseline.read_bytes()
    for arguments in ([], ["--counters-only-on-foreign-machine"]):
        ran = subprocess.run([PROGRAM, "gate", "check", "--arch", "linux-x86_64", *arguments], cwd=tmp_path,
                             capture_output=True, text=True, timeout=120, check=False)
        assert ran.returncode == 1 and "2 benchmarks: 2 failed" in ran.stdout, ran.stdout + ran.stderr
        assert "rows, ids, first and last id" in ran.stdout
    assert baseline.read_bytes() == before
    assert sorted(path.name for path in baseline.parent.iterdir()) == [baseline.name]
