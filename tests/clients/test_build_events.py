"""Build events: gRPC's own Python client, with code that its compiler made of databuild.proto, asks every method, and is told
what HTTP tells."""
import json
import os
import pathlib
import subprocess
from typing import Any, Dict, List
from urllib.parse import quote

import pytest
from conftest import Deployment, deploy

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "src/events/tests/protobuf_golden.tsv"


def golden_events() -> List[Dict[str, Any]]:
    """Events of all eight types, as our JSON has them."""
    return [json.loads(line.split("\t")[0]) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def empty(store: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return deploy(store, tmp_path_factory.mktemp("events"), request)


def session(deployment: Deployment, calls: List[Any], token: str, tail: int = 0) -> Any:
    """What the server says to a client in a process of its own."""
    script = pathlib.Path(__file__).with_name("build_events_session.py")
    client = subprocess.run([os.environ["BENCHLAKE_CLIENTS_GRPC"], str(script), deployment.server.grpc, token],
                            input=json.dumps({"calls": calls, "tail": tail}), capture_output=True, text=True, timeout=120)
    assert client.returncode == 0, client.stderr
    return json.loads(client.stdout)


def over_http(deployment: Deployment, path: str) -> Any:
    answer = deployment.server.ask("GET", "/api/v1" + path)
    assert answer.status == 200, answer
    return answer.json()


def without_defaults(value: Any) -> Any:
    """As protobuf's JSON has it: what is empty or zero is not there, whole numbers of 64 bits are texts."""
    if isinstance(value, dict):
        members = {key: without_defaults(member) for key, member in value.items()}
        return {key: member for key, member in members.items() if member not in ("", "0", [], {}, None, False)}
    if isinstance(value, list):
        return [without_defaults(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


CODES = ("status_code", "dep_type_code", "last_run_status_code")


def plain(value: Any) -> Any:
    """Enums are names in protobuf's JSON and numbers in ours; the names stand beside them."""
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items() if key not in CODES}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def same(grpc: Any, http: Any) -> None:
    assert plain(without_defaults(grpc)) == plain(without_defaults(http))


def test_every_method_says_what_http_says(empty: Deployment) -> None:
    events = golden_events()
    build = events[0]["build_request_id"]
    ref = next(event["partition_event"]["partition_ref"]["str"] for event in events if "partition_event" in event)
    run = next(event["job_event"]["job_run_id"] for event in events if "job_event" in event)
    times = [int(event["timestamp"]) for event in events]
    calls = [["Append", {"events": events}], ["Append", {"events": events[:3]}],
             ["ListEvents", {"limit": 1000}],
             ["ListEvents", {"since_idx": 2, "filter": {"event_types": ["delegation"]}, "limit": 4}],
             ["GetEvent", {"id": events[5]["event_id"]}], ["GetBuildRequestEvents", {"id": build}],
             ["GetPartitionEvents", {"id": ref, "limit": 5}], ["GetJobRunEvents", {"id": run}],
             ["GetEventsInRange", {"start": min(times), "end": max(times), "limit": 7}],
             ["GetLatestPartitionStatus", {"id": ref}], ["GetActiveBuildsForPartition", {"id": ref}],
             ["GetBuildRequestForAvailablePartition", {"id": "nobody made this"}],
             ["GetBuildRequest", {"id": build}], ["ListBuildRequests", {"limit": 2, "offset": 1}],
             ["ListRecentPartitions", {}], ["ListJobs", {"search": "/"}], ["GetActivity", {}],
             ["ExecuteQuery", {"sql": "select event_type, count(*) from build_events group by 1 order by 1"}]]
    said = session(empty, calls, empty.server.operator_token, tail=len(events))
    assert sorted({method for method, _ in calls} | {"TailEvents"}) == said["methods"], "no method is left out"
    answers = dict(zip((f"{at} {method}" for at, (method, _) in enumerate(calls)), said["answers"]))

    assert answers["0 Append"] == {"added": str(len(events))}
    assert answers["1 Append"] == {"already_there": "3"}
    same(answers["2 ListEvents"], over_http(empty, "/events?limit=1000"))
    same(answers["3 ListEvents"], over_http(empty, "/events?since_idx=2&type=delegation&limit=4"))
    same(answers["4 GetEvent"], over_http(empty, f"/events/{events[5]['event_id']}"))
    assert [event["event_id"] for event in answers["5 GetBuildRequestEvents"]["events"]] == [
        event["event_id"] for event in over_http(empty, f"/builds/{build}")["events"]]
    of_partition = over_http(empty, f"/partitions/{quote(ref, safe='')}/events?limit=5")
    same(answers["6 GetPartitionEvents"]["events"], of_partition["events"])
    same(answers["7 GetJobRunEvents"]["events"], over_http(empty, f"/job-runs/{quote(run, safe='')}/events")["events"])
    same(answers["8 GetEventsInRange"], over_http(empty, f"/events/range?start={min(times)}&end={max(times)}&limit=7"))
    status = over_http(empty, f"/partitions/{quote(ref, safe='')}/status")
    assert answers["9 GetLatestPartitionStatus"]["status_name"] == status["status_name"]
    assert answers["11 GetBuildRequestForAvailablePartition"]["error"] == "NOT_FOUND"
    assert answers["11 GetBuildRequestForAvailablePartition"]["code"] == "not_found"
    lists = over_http(empty, "/builds?limit=2&offset=1")
    assert answers["13 ListBuildRequests"]["total"] == str(lists["total"])
    assert len(answers["14 ListRecentPartitions"]["items"]) == len(over_http(empty, "/partitions?limit=20")["partitions"])
    assert answers["15 ListJobs"]["total"] == str(over_http(empty, "/jobs?search=/")["total"])
    assert answers["16 GetActivity"].get("total_partitions_count", "0") == str(
        over_http(empty, "/activity")["total_partitions_count"])
    rows = answers["17 ExecuteQuery"]
    assert rows["columns"] == ["event_type", "count_star()"]
    assert sum(int(row["cells"][1]["text"]) for row in rows["rows"]) == len(events)
    assert [stored["event"]["event_id"] for stored in said["followed"]] == [event["event_id"] for event in events]


def test_what_is_refused_is_refused_by_its_code(empty: Deployment) -> None:
    event = golden_events()[0]
    other = {**event, "timestamp": "1"}
    calls = [["Append", {"events": [other]}], ["Append", {"events": [{**event, "event_id": "7"}]}],
             ["ListEvents", {"limit": 1_000_000}], ["ListBuildRequests", {"status": "SLEEPING"}],
             ["ExecuteQuery", {"sql": "delete from build_events"}], ["GetEvent", {}]]
    codes = [(answer["error"], answer["code"]) for answer in
             session(empty, [["Append", {"events": [event]}], *calls], empty.server.operator_token)["answers"][1:]]
    assert codes == [("FAILED_PRECONDITION", "conflict"), ("INVALID_ARGUMENT", "invalid"),
                     ("INVALID_ARGUMENT", "invalid"), ("INVALID_ARGUMENT", "invalid"),
                     ("INVALID_ARGUMENT", "invalid"), ("INVALID_ARGUMENT", "invalid")]


def test_reading_is_free_and_writing_is_not(empty: Deployment) -> None:
    said = session(empty, [["GetActivity", {}], ["Append", {"events": golden_events()[:1]}]], "")
    assert "error" not in said["answers"][0]
    assert said["answers"][1]["error"] == "UNAUTHENTICATED"
