"""What the client asks, repeats, and raises."""
import datetime
import json
import socket

import pytest
from benchlake import (AccessDenied, BenchlakeError, Client, Conflict, Invalid, NotAnswered, NotFound,
                       SubmissionsFailed, Unavailable)
from conftest import Clock, Scripted

STORED = {"id": "r1", "run_id": "run", "history_fingerprint": "f"}


def test_a_submission_has_the_token_and_a_key_of_its_own(client: Client, scripted: Scripted) -> None:
    scripted.answers((201, STORED), (201, STORED))
    document = {"run_id": "run", "submission_key": None}
    assert client.submit(document) == STORED
    client.submit(document)
    first, second = scripted.requests
    assert (first.method, first.path) == ("POST", "/api/results")
    assert first.headers["Authorization"] == "Bearer a-token"
    assert first.headers["Content-Type"] == "application/json"
    keys = [json.loads(request.body)["submission_key"] for request in scripted.requests]
    assert keys[0] != keys[1] and all(key.startswith("once-") for key in keys)
    assert document == {"run_id": "run", "submission_key": None}, "the caller's document is the caller's"


def test_a_retry_sends_the_same_key(client: Client, scripted: Scripted, clock: Clock) -> None:
    scripted.answers((503, {"code": "unavailable"}), None, (429, {}, {"Retry-After": "7"}), (201, STORED))
    assert client.submit({"run_id": "run"}) == STORED
    assert len({request.body for request in scripted.requests}) == 1 and len(scripted.requests) == 4
    assert len(clock.slept) == 3 and clock.slept[2] == 7.0


def test_a_key_that_is_given_is_kept(client: Client, scripted: Scripted) -> None:
    scripted.answers((201, STORED), (201, STORED))
    client.submit({"submission_key": "mine"})
    client.submit({"submission_key": "mine"}, submission_key="given")
    assert [json.loads(request.body)["submission_key"] for request in scripted.requests] == ["mine", "given"]


def test_retries_end(scripted: Scripted, clock: Clock) -> None:
    scripted.answers(*[(503, {"code": "unavailable", "detail": "the store is away"}, {"Retry-After": "10"})] * 9)
    with pytest.raises(Unavailable, match="503 unavailable: the store is away") as error:
        Client(scripted.url, retries=clock.retries(25)).submit({})
    assert len(scripted.requests) == 3 and error.value.retry_after_s == 10.0


@pytest.mark.parametrize(("status", "kind"), [
    (400, Invalid), (401, AccessDenied), (403, AccessDenied), (404, NotFound), (409, Conflict), (413, Invalid),
    (422, Invalid), (500, Unavailable), (507, Unavailable)])
def test_what_will_not_pass_is_raised_at_once(client: Client, scripted: Scripted, clock: Clock, status: int,
                                              kind: type) -> None:
    scripted.answers((status, {"title": "T", "status": status, "detail": "D", "code": "c", "request_id": "q"}))
    with pytest.raises(kind) as error:
        client.submit({})
    assert isinstance(error.value, BenchlakeError)
    assert (error.value.status, error.value.code, error.value.title, error.value.detail,
            error.value.request_id) == (status, "c", "T", "D", "q")
    assert clock.slept == []


def test_every_fault_of_the_input_is_said(client: Client, scripted: Scripted) -> None:
    scripted.answers((422, {"code": "invalid", "title": "Invalid", "detail": "2 faults", "errors": [
        {"location": "/stats/unit", "message": "not one of s", "value": "parsec"},
        {"location": "/run_id", "message": "is missing"}]}))
    with pytest.raises(Invalid, match='/stats/unit: not one of s: "parsec"; /run_id: is missing') as error:
        client.submit({})
    assert [fault.location for fault in error.value.errors] == ["/stats/unit", "/run_id"]


def test_an_answer_that_is_no_problem_document_is_raised_all_the_same(client: Client, scripted: Scripted) -> None:
    scripted.answers((404, b"<html>a proxy"), (404, [1]), (200, b"<html>a login page"))
    for _ in range(2):
        with pytest.raises(NotFound):
            client.result("x")
    with pytest.raises(NotAnswered, match="not JSON"):
        client.result("x")
    assert len(scripted.requests) == 3


def test_a_redirect_is_not_followed(client: Client, scripted: Scripted) -> None:
    """It would carry the token to wherever the answer says."""
    scripted.answers((307, None, {"Location": "http://127.0.0.1:1/api/results"}))
    with pytest.raises(BenchlakeError) as error:
        client.submit({})
    assert not isinstance(error.value, NotAnswered)


def test_nobody_listens(clock: Clock) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(NotAnswered, match="no answer from http://127.0.0.1"):
        Client(url, retries=clock.retries(3)).capabilities()
    assert clock.slept


@pytest.mark.parametrize("server", ["bench.example.org", "ftp://x", "http://", "http://user:secret@host",
                                    "http://host?x=1", "file:///etc/passwd"])
def test_an_address_that_is_none(server: str) -> None:
    with pytest.raises(ValueError, match="server"):
        Client(server)


@pytest.mark.parametrize("token", [" ", "a\nb", "ü"])
def test_a_token_that_would_break_the_header(token: str) -> None:
    with pytest.raises(ValueError, match="a token is") as error:
        Client("http://host", token)
    assert "ü" not in str(error.value), "a token stays out of messages"


def test_settings_of_the_environment(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCHLAKE_SERVER", scripted.url + "/")
    monkeypatch.setenv("CONBENCH_TOKEN", "older")
    scripted.answers({}, {})
    Client().capabilities()
    monkeypatch.setenv("BENCHLAKE_TOKEN", "newer")
    Client().capabilities()
    assert [request.headers["Authorization"] for request in scripted.requests] == ["Bearer older", "Bearer newer"]
    assert scripted.requests[0].path == "/api/auth/capabilities"


def test_lists_ask_for_a_page_when_it_is_needed(client: Client, scripted: Scripted) -> None:
    scripted.answers({"results": [{"id": "a"}, {"id": "b"}], "next_page_cursor": "c/1"},
                     {"results": [{"id": "c"}], "next_page_cursor": None})
    rows = client.results(run_id="a b&c", earliest=datetime.datetime(2024, 8, 1, 12), page_size=2)
    assert next(rows)["id"] == "a" and len(scripted.requests) == 1
    assert [row["id"] for row in rows] == ["b", "c"]
    assert scripted.requests[0].path == ("/api/benchmark-results?run_id=a+b%26c&"
                                         "earliest_timestamp=2024-08-01T12%3A00%3A00.000000Z&page_size=2")
    assert scripted.requests[1].path.endswith("&page_size=2&cursor=c%2F1")


def test_ids_stay_one_segment_of_the_path(client: Client, scripted: Scripted) -> None:
    scripted.answers((404, {}))
    with pytest.raises(NotFound):
        client.result("../tokens?x")
    assert scripted.requests[0].path == "/api/benchmark-results/..%2Ftokens%3Fx"
    for bad in ("", ".", ".."):
        with pytest.raises(ValueError, match="not an id"):
            client.result(bad)


def test_reports_and_comparisons(client: Client, scripted: Scripted) -> None:
    scripted.answers({"status": "success"}, {"analysis": {}}, {"samples": [1]}, {"samples": []}, {"runs": []})
    client.ci_report(run_ids=["a", "b"], baseline="parent", threshold_z=4)
    client.compare("a", "b", threshold=2.5)
    assert client.history(fingerprint="f") == [1]
    client.history(result_id="r")
    client.runs(include_attention=True)
    assert [request.path for request in scripted.requests] == [
        "/api/ci/report?run_ids=a%2Cb&baseline=parent&threshold_z=4",
        "/api/compare/benchmark-results?baseline_result_id=a&contender_result_id=b&threshold=2.5",
        "/api/history?fingerprint=f", "/api/history/r", "/api/runs/recent?include_attention=true&page_size=25"]
    with pytest.raises(ValueError, match="either"):
        client.history()


def test_a_delete_is_not_repeated(client: Client, scripted: Scripted) -> None:
    """The second would be a 404 although the first one did it."""
    scripted.answers(None)
    with pytest.raises(NotAnswered):
        client.delete_result("r")
    assert len(scripted.requests) == 1


# Batches ----------------------------------------------------------------------------------------------------


def entry(index: int, status: int = 201, **fields: object) -> dict:
    return {"index": index, "line": index + 1, "status": status,
            **({"id": f"r{index}"} if status == 201 else {"error": {"code": "invalid", "detail": "no"}}), **fields}


def test_a_batch_is_lines_with_keys_and_its_refusals_are_told(client: Client, scripted: Scripted) -> None:
    scripted.answers({"stored": 1, "replayed": 1, "failed": 1, "results": [entry(0), entry(1, 422), entry(2)]})
    outcome = client.submit_many({"n": n} for n in range(3))
    assert (outcome.stored, outcome.replayed, len(outcome.outcomes)) == (1, 1, 3)
    [request] = scripted.requests
    assert (request.path, request.headers["Content-Type"]) == ("/api/results:batch", "application/x-ndjson")
    assert [line["n"] for line in request.lines()] == [0, 1, 2]
    assert len({line["submission_key"] for line in request.lines()}) == 3
    [failed] = outcome.failed
    assert (failed.index, failed.status, failed.id) == (1, 422, None) and isinstance(failed.error, Invalid)
    with pytest.raises(SubmissionsFailed, match="1 submissions failed; the first is number 1: 422 invalid: no"):
        outcome.raise_for_failures()


def test_what_the_store_could_not_take_yet_is_sent_again_alone(client: Client, scripted: Scripted,
                                                               clock: Clock) -> None:
    scripted.answers({"stored": 1, "replayed": 0, "failed": 1, "results": [entry(0), entry(1, 503)]},
                     {"stored": 0, "replayed": 1, "failed": 0, "results": [entry(0, id="later")]})
    outcome = client.submit_many([{"n": 0}, {"n": 1}])
    assert (outcome.stored, outcome.replayed, outcome.failed) == (1, 1, ())
    assert [row.id for row in outcome.outcomes] == ["r0", "later"]
    assert scripted.requests[1].lines() == scripted.requests[0].lines()[1:], "with the same key"
    assert clock.slept == [0.5]


def test_large_batches_are_several_requests(client: Client, scripted: Scripted,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchlake.client.BATCH_SUBMISSIONS_MAX", 2)
    for count in (2, 2, 1):
        scripted.answers({"stored": count, "replayed": 0, "failed": 0, "results": [entry(i) for i in range(count)]})
    outcome = client.submit_many({"n": n} for n in range(5))
    assert [len(request.lines()) for request in scripted.requests] == [2, 2, 1]
    assert outcome.stored == 5 and [row.index for row in outcome.outcomes] == [0, 1, 2, 3, 4]


def test_a_batch_of_nothing_asks_nobody(client: Client, scripted: Scripted) -> None:
    assert client.submit_many([]).outcomes == () and scripted.requests == []


def test_a_result_with_nan_is_the_callers_mistake(client: Client, scripted: Scripted) -> None:
    with pytest.raises(ValueError, match="JSON"):
        client.submit({"stats": {"data": [float("nan")]}})
    assert scripted.requests == []
