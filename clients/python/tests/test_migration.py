"""Payload files: written, recorded, checked."""
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import urllib.request

import pytest
from benchlake.migration import Recorder, check_document, check_file, read, write
from benchlake.migration.__main__ import main
from conftest import Scripted

MACHINE = {name: "x" for name in ("name", "architecture_name", "kernel_name", "os_name", "os_version",
                                  "cpu_model_name")}
MACHINE.update({name: "0" for name in (
    "cpu_l1d_cache_bytes", "cpu_l1i_cache_bytes", "cpu_l2_cache_bytes", "cpu_l3_cache_bytes", "cpu_core_count",
    "cpu_thread_count", "cpu_frequency_max_hz", "memory_bytes", "gpu_count")})
GOOD = {
    "run_id": "r", "batch_id": "b", "run_reason": None, "timestamp": "2024-08-01T12:00:00+00:00",
    "tags": {"name": "sort", "size": 10}, "context": {}, "info": {}, "run_tags": {},
    "github": {"repository": "https://github.com/me/sort", "commit": "0" * 40},
    "machine_info": {**MACHINE, "gpu_product_names": []}, "stats": {"data": ["1.500000", 2], "unit": "s"}}


def places(legacy: bool = False, **fields: object) -> list:
    document = {key: value for key, value in {**GOOD, **fields}.items() if value is not ...}
    return [finding.pointer for finding in check_document(document, legacy=legacy)]


def test_what_conbenchs_clients_send_passes_both_checks() -> None:
    assert places() == places(legacy=True) == []


@pytest.mark.parametrize(("fields", "wanted"), [
    ({"run_id": ...}, ["/run_id"]), ({"run_id": " "}, ["/run_id"]), ({"run_id": 7}, ["/run_id"]),
    ({"nonsense": 1}, ["/nonsense"]), ({"tags": {}}, ["/tags/name"]), ({"tags": {"name": ""}}, ["/tags/name"]),
    ({"tags": {"name": "x", "a/b": []}}, ["/tags/a~1b"]), ({"tags": {"name": "x", "": 1}}, ["/tags/"]),
    ({"timestamp": "2024-08-01"}, ["/timestamp"]), ({"timestamp": "2024-02-30T00:00:00Z"}, ["/timestamp"]),
    ({"github": {}}, ["/github/repository"]), ({"github": {"repository": "org/repo"}}, ["/github/repository"]),
    ({"machine_info": ...}, [""]), ({"cluster_info": {"name": "c", "info": {}, "optional_info": {}}}, [""]),
    ({"machine_info": {"name": ""}}, ["/machine_info/name"]), ({"stats": ...}, [""]),
    ({"stats": {"data": [1]}}, ["/stats/unit"]), ({"stats": {"data": [1], "unit": "ms"}}, ["/stats/unit"]),
    ({"stats": {"data": [1], "units": "s"}}, ["/stats/unit", "/stats/units"]),
    ({"stats": {"data": [True, "x", float("nan")], "unit": "s"}}, ["/stats/data/0", "/stats/data/1", "/stats/data/2"]),
    ({"stats": {"data": 1, "unit": "s"}}, ["/stats/data"]), ({"run_tags": {"a": 1}}, ["/run_tags/a"]),
    ({"info": {"deep": ["a\0"]}}, ["/info/deep/0"]), ({"context": []}, ["/context"])])
def test_each_problem_is_named_with_its_place(fields: dict, wanted: list) -> None:
    assert places(**fields) == wanted


def test_an_error_needs_no_unit_and_no_stats() -> None:
    assert places(error={"x": 1}, stats=...) == places(error={}, stats={"data": [], "unit": "parsec"}) == []
    assert places(stats={"data": [1, None], "unit": "ms"}) == [], "a partial result keeps its unit"


def test_units_are_those_of_the_server(tmp_path: pathlib.Path, scripted: Scripted, capsys) -> None:
    (tmp_path / "file").write_text(json.dumps({**GOOD, "stats": {"data": [1], "unit": "req/s"}}))
    assert main(["check", str(tmp_path / "file")]) == 1
    assert "not one of B, B/s, s, ns, i/s" in capsys.readouterr().out
    scripted.answers({"units": [{"symbol": "s"}, {"symbol": "req/s"}]})
    assert main(["check", "--server", scripted.url, str(tmp_path / "file")]) == 0
    assert scripted.requests[0].path == "/api/v1/results/settings"


def test_without_an_answer_they_are_those_of_every_server(tmp_path: pathlib.Path, scripted: Scripted, capsys) -> None:
    (tmp_path / "file").write_text(json.dumps(GOOD))
    scripted.answers((404, {"code": "not_found", "detail": "an older server"}))
    for server in (scripted.url, "no address"):
        assert main(["check", "--server", server, str(tmp_path / "file")]) == 0
        assert "the server's units are not known, those of every server are taken" in capsys.readouterr().err


def test_texts_of_numbers_as_python_writes_them() -> None:
    for legacy in (False, True):
        assert places(legacy, stats={"data": [".5", "5.", "-.25", "+007", "1E-3"], "unit": "s"}) == []
        assert places(legacy, stats={"data": [".", "1e", "1_000", ""], "unit": "s"}) == [
            f"/stats/data/{index}" for index in range(4)]
    assert places(stats={"data": [" 1"], "unit": "s"}) == ["/stats/data/0"]


def test_the_old_route_wants_more() -> None:
    assert places(batch_id=...) == [] and places(legacy=True, batch_id=...) == ["/batch_id"]
    assert places(legacy=True, machine_info={"name": "x"})[:2] == [
        "/machine_info/architecture_name", "/machine_info/cpu_core_count"]
    assert places(legacy=True, info=None) == ["/info"] and places(info=None) == []


def test_every_problem_of_every_line_is_told_with_file_and_line(tmp_path: pathlib.Path, capsys) -> None:
    file = tmp_path / "payloads.ndjson"
    file.write_text("\n".join([json.dumps(GOOD), "", json.dumps({**GOOD, "run_id": 7, "x": 1}), '{"run_id": ',
                               '{"run_id": "a", "run_id": "b"}']))
    assert main(["check", str(file)]) == 1
    lines = capsys.readouterr()
    assert f"{file}:3: /run_id: not a text: 7" in lines.out
    assert f"{file}:3: /x: unknown field" in lines.out
    assert f"{file}:4: /: not JSON" in lines.out
    assert f'{file}:5: /: a key that is given twice: "run_id"' in lines.out
    assert lines.err.startswith("3 submissions, ")


def test_arrays_single_documents_and_json_output(tmp_path: pathlib.Path, capsys) -> None:
    (tmp_path / "array.json").write_text(json.dumps([GOOD, {**GOOD, "run_id": 7}], indent=2))
    (tmp_path / "one.json").write_text(json.dumps(GOOD, indent=2))
    assert main(["check", "--json", str(tmp_path / "array.json"), str(tmp_path / "one.json")]) == 1
    [found] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (found["index"], found["pointer"], found["value"]) == (1, "/run_id", 7)
    assert main(["check", str(tmp_path / "one.json")]) == 0


@pytest.mark.parametrize("content", [b"", b"\xff", b"7", b"[]", b'"x"', b"{", b"[" * 5000])
def test_files_that_are_none_are_said_to_be(tmp_path: pathlib.Path, content: bytes, capsys) -> None:
    (tmp_path / "file").write_bytes(content)
    assert main(["check", str(tmp_path / "file")]) == 1
    assert main(["check", str(tmp_path / "gone")]) == 2
    assert "No such file" in capsys.readouterr().err


def test_numbers_of_a_thousand_characters_and_more(tmp_path: pathlib.Path) -> None:
    text = json.dumps({**GOOD, "stats": {"data": ["PLACE"], "unit": "s"}}).replace('"PLACE"', "1" * 5000)
    (tmp_path / "file").write_text(text)
    _, [found] = check_file(tmp_path / "file")
    assert found.finding.pointer == "/stats/data/0"


@dataclasses.dataclass
class Plain:
    run_id: str


class LikeBenchadapt:
    def to_publishable_dict(self) -> dict:
        return GOOD


def test_write_keeps_what_a_job_hands_over(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "out.ndjson"
    assert write([LikeBenchadapt(), {"x": [1.0, "1.0", None]}, Plain("r")], file) == 3
    assert list(read(file)) == [GOOD, {"x": [1.0, "1.0", None]}, {"run_id": "r"}]
    assert write(LikeBenchadapt(), file) == 1
    with pytest.raises(TypeError, match="int"):
        write([GOOD, 7], file)
    assert list(read(file)) == [GOOD], "what was there stays when a job fails"
    assert os.listdir(tmp_path) == ["out.ndjson"]


def post(url: str, body: bytes) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=body, method="POST")) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_a_recorder_keeps_each_body_as_it_came(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "out.ndjson"
    with Recorder(file) as recorder:
        assert post(recorder.url + "/api/login/", b'{"email": "a", "password": "b"}') == 204
        assert post(recorder.url + "/api/benchmark-results/", b'{"a": 1.50,\r\n "b": "\\n"}') == 201
        assert post(recorder.url + "/api/benchmarks/", b'{"c":"2.000000"}') == 201
        assert post(recorder.url + "/api/benchmarks/", b"not json") == 400
        assert post(recorder.url + "/api/runs/", b"{}") == 404
    assert file.read_bytes() == b'{"a": 1.50,   "b": "\\n"}\n{"c":"2.000000"}\n'
    assert recorder.count == 2


JOB = """
import json, os, urllib.request
body = json.dumps({"run_id": "r"}).encode()
url = os.environ["CONBENCH_URL"] + "/api/benchmarks/"
urllib.request.urlopen(urllib.request.Request(url, data=body, method="POST"))
raise SystemExit(int(os.environ.get("JOB_FAILS", "0")))
"""


def test_record_runs_the_job(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    file = tmp_path / "out.ndjson"
    job = ["--", sys.executable, "-c", JOB]
    assert main(["record", "--to", str(file), *job]) == 0
    assert "1 results recorded" in capsys.readouterr().err
    monkeypatch.setenv("JOB_FAILS", "3")
    assert main(["record", "--to", str(file), *job]) == 1
    assert list(read(file)) == [{"run_id": "r"}] * 2
    assert main(["record", "--to", str(file), "--", "no-such-program"]) == 2
    with pytest.raises(SystemExit):
        main(["record", "--to", str(file)])


def test_it_is_a_module_to_run(tmp_path: pathlib.Path) -> None:
    write(GOOD, tmp_path / "f")
    ran = subprocess.run([sys.executable, "-m", "benchlake.migration", "check", str(tmp_path / "f")],
                         capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "1 submissions, 0 problems\n")
