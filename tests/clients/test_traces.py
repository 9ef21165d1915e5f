"""Traces: the exporters of OpenTelemetry's Python SDK send spans by all three protocols; what is read back is what the SDK made."""
import http.server
import json
import os
import pathlib
import subprocess
import threading
import urllib.request
from typing import Any, Dict, Iterator, List

import pytest
from product import PROGRAM, Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Spans are in the lake, whatever keeps results: one store will do."""
    running = Server(tmp_path_factory.mktemp("traces"))
    yield running
    running.stop()


def send(protocol: str, endpoint: str, token: str = "", compression: str = "none") -> Any:
    """What the SDK sent, from a process of its own."""
    script = pathlib.Path(__file__).with_name("otlp_session.py")
    client = subprocess.run([os.environ["BENCHLAKE_CLIENTS_OTLP"], str(script), protocol, endpoint, token, compression],
                            capture_output=True, text=True, timeout=120)
    assert client.returncode == 0, client.stderr
    said = json.loads(client.stdout)
    said["log"] = client.stderr
    return said


def endpoint_of(server: Server, protocol: str) -> str:
    return server.grpc if protocol == "grpc" else server.url + "/v1/traces"


def spans_of(document: Any) -> Dict[str, Any]:
    """Each span with its resource and scope, by its id: neither order of attributes nor what is empty matters."""
    spans = {}
    for resource in document["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                spans[span["spanId"]] = plain({"span": span, "resource": resource.get("resource"), "scope": scope.get("scope"),
                                               "urls": [resource.get("schemaUrl", ""), scope.get("schemaUrl", "")]})
    return spans


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        members = {key: plain(member) for key, member in value.items()}
        return {key: member for key, member in members.items() if member not in (0, "0", "", [], {}, None) or member is False}
    if isinstance(value, list):
        items = [plain(item) for item in value]
        return sorted(items, key=lambda item: item["key"]) if items and all("key" in item for item in items if isinstance(item, dict)) \
            and all(isinstance(item, dict) for item in items) else items
    return value


def read_back(server: Server, sent: Any) -> Dict[str, Any]:
    traces = {span["traceId"] for resource in sent["resourceSpans"] for scope in resource["scopeSpans"] for span in scope["spans"]}
    found: Dict[str, Any] = {}
    for trace in traces:
        answer = server.ask("GET", f"/api/v1/traces/{trace}?format=otlp")
        assert answer.status == 200, answer
        found.update(spans_of(answer.json()))
    return found


@pytest.mark.parametrize("protocol", ["http", "json", "grpc"])
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_what_an_exporter_sent_comes_back(server: Server, protocol: str, compression: str) -> None:
    said = send(protocol, endpoint_of(server, protocol), compression=compression)
    assert said["ok"], said["log"]
    sent = spans_of(said["sent"])
    assert len(sent) == 3
    assert read_back(server, said["sent"]) == sent


def test_a_token_is_looked_at_where_there_is_one(server: Server) -> None:
    assert send("grpc", endpoint_of(server, "grpc"), token=server.operator_token)["ok"]
    assert not send("grpc", endpoint_of(server, "grpc"), token="nobody-has-this")["ok"]


def test_a_trace_is_found_by_what_its_spans_say(server: Server) -> None:
    assert send("http", endpoint_of(server, "http"))["ok"]
    answer = server.ask("GET", "/api/v1/traces?service=shop&run_id=run-otlp&status=error").json()
    assert answer["traces"] and answer["traces"][0]["root_name"] == "GET /cart"
    jaeger = server.ask("GET", "/jaeger/api/traces?service=shop&operation=SELECT&limit=1").json()
    assert {span["operationName"] for span in jaeger["data"][0]["spans"]} == {"GET /cart", "SELECT"}
    tempo = server.ask("GET", "/tempo/api/search?q=%7Bname%3D%22SELECT%22%7D&limit=1").json()
    assert tempo["traces"][0]["rootTraceName"] == "GET /cart"


class BusyOnce(http.server.BaseHTTPRequestHandler):
    """Passes requests on; the first is answered as our server answers when too much is under way."""
    target = ""
    bodies: List[bytes] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        BusyOnce.bodies.append(body)
        if len(BusyOnce.bodies) == 1:
            self.send_response(503)
            self.send_header("Retry-After", "1")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        passed = urllib.request.Request(BusyOnce.target, body, {"Content-Type": self.headers["Content-Type"]})
        with urllib.request.urlopen(passed) as answer:
            text = answer.read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        pass


def test_what_is_503_is_sent_again_and_kept_once(server: Server) -> None:
    BusyOnce.target, BusyOnce.bodies = endpoint_of(server, "http"), []
    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), BusyOnce)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        said = send("http", f"http://127.0.0.1:{proxy.server_port}/v1/traces")
    finally:
        proxy.shutdown()
        proxy.server_close()
    assert said["ok"], said["log"]
    assert len(BusyOnce.bodies) == 2 and BusyOnce.bodies[0] == BusyOnce.bodies[1]
    assert read_back(server, said["sent"]) == spans_of(said["sent"])


# Runs: what a benchmark records with the SDK, compared and tracked.

def record(server: Server, run: str, query_ms: int, iterations: int = 10) -> None:
    script = pathlib.Path(__file__).with_name("otlp_run.py")
    client = subprocess.run([os.environ["BENCHLAKE_CLIENTS_OTLP"], str(script), endpoint_of(server, "http"), run, str(iterations),
                             str(query_ms)], capture_output=True, text=True, timeout=120)
    assert client.returncode == 0, client.stderr


def command(server: Server, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([PROGRAM, *words, "--server", server.url, "--token", server.operator_token], capture_output=True, text=True,
                          timeout=120)


def test_one_run_is_compared_with_another(server: Server) -> None:
    record(server, "sets-1", 40)
    record(server, "sets-2", 60)
    asked = server.ask("GET", "/api/v1/traces/diff-sets?base_run=sets-1&compare_run=sets-2")
    assert asked.status == 200, asked
    told = asked.json()["diff"]
    assert (told["base_runs"], told["compare_runs"], told["direction"]) == (10, 10, "increased")
    first = told["changed"][0]
    assert [step["name"] for step in first["path"]] == ["iteration", "query"]
    low, high = first["critical_ns"]["shift_interval"]
    assert low <= 20_000_000 <= high

    slower = command(server, "traces", "diff", "--base-run", "sets-1", "--compare-run", "sets-2", "--json")
    assert slower.returncode == 1, slower.stderr
    assert json.loads(slower.stdout)["diff"] == told
    assert command(server, "traces", "diff", "--base-run", "sets-2", "--compare-run", "sets-1").returncode == 0
    assert command(server, "traces", "diff", "--base-run", "sets-1", "--compare-run", "sets-1").returncode == 0
    nobodys = command(server, "traces", "diff", "--base-run", "sets-1", "--compare-run", "nobodys")
    assert nobodys.returncode == 2 and "no trace of what is compared" in nobodys.stderr


def test_three_traces_decide_nothing(server: Server) -> None:
    record(server, "few-1", 40, iterations=3)
    record(server, "few-2", 90, iterations=3)
    few = command(server, "traces", "diff", "--base-run", "few-1", "--compare-run", "few-2")
    assert few.returncode == 3 and "undecided" in few.stdout


def test_the_critical_path_of_a_run_becomes_series(server: Server) -> None:
    record(server, "tracked-1", 40)
    words = ["traces", "track", "--run", "tracked-1", "--repository", "https://github.com/org/bench", "--commit", "a" * 40,
             "--commit-time", "2026-01-01T00:00:00Z", "--json"]
    first = command(server, *words)
    assert first.returncode == 0, first.stderr
    results = json.loads(first.stdout)["results"]
    assert [entry["status"] for entry in results] == [201, 201]
    again = command(server, *words)
    assert again.returncode == 0 and json.loads(again.stdout)["replayed"] == 2
    result = server.ask("GET", f"/api/benchmark-results/{results[0]['id']}/").json()
    assert result["tags"]["name"] == "critical path/bench/query"
    assert (result["stats"]["unit"], result["stats"]["data"]) == ("ns", [41_000_000])
    assert len(result["optional_benchmark_info"]["critical_path"]["values_ns"]) == 10
