#!/usr/bin/env python3
"""Scenario: ten appends of 1,000 rows over one connection to a fresh table, until they are visible: each kind of stream, rows as
proto and as Arrow. What a kind needs to show its rows (flush; finalize and commit) is in the time, tables and requests are
made before."""
import sys
from typing import Any, List, Sequence

from google.cloud import bigquery
from google.cloud.bigquery_storage_v1 import types
from google.protobuf import wrappers_pb2

from door import Door, arrow_request, expect, expect_appended, path_of
from rows import FIELDS, arrow_rows, expect_rows, proto_rows, row_descriptor
from tier import Cell, Moved, Round, Timing, run_scenario, seed

KINDS = ("DEFAULT", "COMMITTED", "PENDING", "BUFFERED")
FORMATS = ("proto", "arrow")
APPENDS, APPEND_ROWS = 10, 1_000
ROWS = APPENDS * APPEND_ROWS


def proto_requests() -> List[types.AppendRowsRequest]:
    rows = proto_rows(ROWS, seed())
    schema = types.ProtoSchema(proto_descriptor=row_descriptor())
    return [types.AppendRowsRequest(proto_rows=types.AppendRowsRequest.ProtoData(
        writer_schema=schema, rows=types.ProtoRows(serialized_rows=rows[begin:begin + APPEND_ROWS])))
        for begin in range(0, ROWS, APPEND_ROWS)]


def arrow_requests() -> List[types.AppendRowsRequest]:
    batches = arrow_rows(ROWS, seed()).combine_chunks().to_batches(max_chunksize=APPEND_ROWS)
    return [arrow_request("", batch) for batch in batches]


class StorageWrite(Cell):
    file, function = "storage_write.py", "storage_write"

    def __init__(self, payload: str, kind: str, requests: Sequence[types.AppendRowsRequest]):
        self.kind = kind
        self.parameter = f"{payload}-{kind}"
        self.requests = requests
        self.bytes = sum(type(request).pb(request).ByteSize() for request in requests)

    def run(self, door: Door) -> Round:
        with door.fresh_table(FIELDS) as table:
            door.traffic.reset()
            with Timing() as timing:
                stream = self._open(door, table)
                self._address(stream)
                answers = list(door.write.append_rows(iter(self.requests)))
                self._show(door, table, stream)
            sent = door.traffic.requests
            expect_appended(answers, APPENDS)
            offsets = [answer.append_result.offset for answer in answers]
            if self.kind != "DEFAULT":
                expect(offsets, list(range(0, ROWS, APPEND_ROWS)), "offsets")
            expect_rows(door, table, ROWS, seed())
        return Round([timing], Moved(ROWS, self.bytes, sent + APPENDS))

    def _open(self, door: Door, table: bigquery.Table) -> str:
        if self.kind == "DEFAULT":
            return path_of(table) + "/streams/_default"
        asked = types.WriteStream(type_=types.WriteStream.Type[self.kind])
        return door.write.create_write_stream(parent=path_of(table), write_stream=asked).name

    def _address(self, stream: str) -> None:
        for number, request in enumerate(self.requests):
            request.write_stream = stream
            if self.kind != "DEFAULT":
                type(request).pb(request).offset.CopyFrom(wrappers_pb2.Int64Value(value=number * APPEND_ROWS))

    def _show(self, door: Door, table: bigquery.Table, stream: str) -> None:
        if self.kind == "BUFFERED":
            request: Any = types.FlushRowsRequest(write_stream=stream)
            types.FlushRowsRequest.pb(request).offset.CopyFrom(wrappers_pb2.Int64Value(value=ROWS - 1))
            door.write.flush_rows(request)
        elif self.kind == "PENDING":
            finalized = door.write.finalize_write_stream(name=stream)
            expect(finalized.row_count, ROWS, "rows of the finalized stream")
            committed = door.write.batch_commit_write_streams(
                types.BatchCommitWriteStreamsRequest(parent=path_of(table), write_streams=[stream]))
            expect(list(committed.stream_errors), [], "errors of the commit")


def cells() -> List[StorageWrite]:
    made = {"proto": proto_requests, "arrow": arrow_requests}
    return [StorageWrite(payload, kind, made[payload]()) for payload in FORMATS for kind in KINDS]


if __name__ == "__main__":
    sys.exit(run_scenario(__doc__ or "", cells))
