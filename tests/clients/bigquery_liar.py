"""A server that says yes to everything and keeps nothing, for tests of what measures servers: BigQuery's REST and gRPC as far as
bench/bigquery asks. Prints `HTTP_PORT GRPC_PORT`, and ends with its standard input.

usage: bigquery_liar.py [COUNTS]: a JSON object of table names and the rows that it pretends they have."""
import concurrent.futures
import http.server
import json
import re
import sys
import threading
from typing import Any, Iterator

import grpc
import pyarrow
from google.cloud.bigquery_storage_v1 import types

COUNTS = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
SCHEMA = pyarrow.schema([pyarrow.field("id", pyarrow.int64(), nullable=False), pyarrow.field("value", pyarrow.string())])


def table_resource(path: str, given: dict) -> dict:
    project, dataset = re.search(r"/projects/([^/]+)/datasets/([^/]+)/", path).groups()  # type: ignore[union-attr]
    name = given["tableReference"]["tableId"]
    return {"kind": "bigquery#table", "id": f"{project}:{dataset}.{name}", "schema": given.get("schema", {}),
            "tableReference": {"projectId": project, "datasetId": dataset, "tableId": name}, "type": "TABLE"}


def query_response(sql: str) -> dict:
    """The pretended count of one table; else five zeros."""
    counted = re.fullmatch(r"SELECT COUNT\(\*\) FROM `[\w.]+\.(\w+)`", sql.strip())
    values = [str(COUNTS[counted[1]])] if counted and counted[1] in COUNTS else ["0"] * 5
    fields = [{"name": f"f{i}_", "type": "INTEGER", "mode": "NULLABLE"} for i in range(len(values))]
    return {"kind": "bigquery#queryResponse", "jobComplete": True, "totalRows": "1", "schema": {"fields": fields},
            "jobReference": {"projectId": "perf", "jobId": "j1", "location": "US"},
            "rows": [{"f": [{"v": value} for value in values]}]}


def loaded_job(table: str) -> dict:
    """A load job that says it is done."""
    to = {"projectId": "perf", "datasetId": "perf", "tableId": table}
    return {"kind": "bigquery#job", "id": "perf:US.j1", "jobReference": {"projectId": "perf", "jobId": "j1", "location": "US"},
            "configuration": {"jobType": "LOAD", "load": {"destinationTable": to}}, "status": {"state": "DONE"},
            "statistics": {"load": {"outputRows": str(COUNTS.get(table, 0))}}}


class Rest(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def answer(self, document: dict, location: str = "") -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.answer({})

    do_DELETE = do_GET

    def do_PUT(self) -> None:
        """The bytes of an upload."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(loaded_job(self.path.split("/")[-1]))

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        path = self.path.split("?")[0]
        if path.endswith("/queries"):
            self.answer(query_response(given["query"]))
        elif path.startswith("/upload/"):
            table = given["configuration"]["load"]["destinationTable"]["tableId"]
            self.answer({}, f"http://{self.headers['Host']}/upload/{table}")
        elif path.endswith("/tables"):
            self.answer(table_resource(path, given))
        else:
            self.answer(given if path.endswith("/datasets") else {})


def append_rows(requests: Iterator[types.AppendRowsRequest], _: Any) -> Iterator[types.AppendRowsResponse]:
    for request in requests:
        offset = None if request.write_stream.endswith("/_default") else request.offset
        result = types.AppendRowsResponse.AppendResult(offset=offset)
        yield types.AppendRowsResponse(append_result=result, write_stream=request.write_stream)


def create_write_stream(request: types.CreateWriteStreamRequest, _: Any) -> types.WriteStream:
    return types.WriteStream(name=f"{request.parent}/streams/s1", type_=request.write_stream.type_)


def create_read_session(request: types.CreateReadSessionRequest, _: Any) -> types.ReadSession:
    schema = types.ArrowSchema(serialized_schema=SCHEMA.serialize().to_pybytes())
    return types.ReadSession(name="projects/perf/locations/us/sessions/s1", arrow_schema=schema)


def methods() -> Iterator[grpc.GenericRpcHandler]:
    one = grpc.unary_unary_rpc_method_handler
    service = "google.cloud.bigquery.storage.v1."
    given = {
        "BigQueryRead": {"CreateReadSession": (one, create_read_session, types.CreateReadSessionRequest, types.ReadSession)},
        "BigQueryWrite": {
            "CreateWriteStream": (one, create_write_stream, types.CreateWriteStreamRequest, types.WriteStream),
            "AppendRows": (grpc.stream_stream_rpc_method_handler, append_rows, types.AppendRowsRequest,
                           types.AppendRowsResponse),
            "FlushRows": (one, lambda request, _: types.FlushRowsResponse(offset=request.offset), types.FlushRowsRequest,
                          types.FlushRowsResponse),
            "FinalizeWriteStream": (one, lambda request, _: types.FinalizeWriteStreamResponse(row_count=10_000),
                                    types.FinalizeWriteStreamRequest, types.FinalizeWriteStreamResponse),
            "BatchCommitWriteStreams": (one, lambda request, _: types.BatchCommitWriteStreamsResponse(),
                                        types.BatchCommitWriteStreamsRequest, types.BatchCommitWriteStreamsResponse)}}
    for name, handlers in given.items():
        yield grpc.method_handlers_generic_handler(service + name, {
            method: kind(behaviour, request_deserializer=request.deserialize, response_serializer=response.serialize)
            for method, (kind, behaviour, request, response) in handlers.items()})


def main() -> None:
    rest = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Rest)
    threading.Thread(target=rest.serve_forever, daemon=True).start()
    streams = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
    for handler in methods():
        streams.add_generic_rpc_handlers((handler,))
    port = streams.add_insecure_port("127.0.0.1:0")
    streams.start()
    print(rest.server_address[1], port, flush=True)
    sys.stdin.read()
    streams.stop(None)
    rest.shutdown()


if __name__ == "__main__":
    main()
