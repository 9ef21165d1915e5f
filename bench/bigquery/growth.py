#!/usr/bin/env python3
"""What a table's size costs, beside the tier: one table grows by appends to its default stream; at each size insert_rows_json of
100 rows, one append of 1,000 rows, a read of everything, and short queries while a long one runs. Prints one line a size.
Every size asserts its count of rows."""
import argparse
import statistics
import sys
import threading
import time
from typing import Any, Callable, Dict, Iterator, List

import pyarrow
from google.cloud import bigquery
from google.cloud.bigquery_storage_v1 import types

from door import PROJECT, Door, EffectError, arrow_request, expect, expect_appended, path_of
from rows import ARROW_SCHEMA, FIELDS, json_rows
from servers import NotStarted
from tier import MIB, Timing, arguments_of, running_server, seed

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
APPEND_ROWS = 10_000
REPEATS = 21
LONG_QUERY = "SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 20000)) a, UNNEST(GENERATE_ARRAY(1, 20000)) b WHERE MOD(a * b, 7) = 3"


def batch_from(begin: int, count: int) -> pyarrow.RecordBatch:
    texts = [f"row_{number % 10 ** 8:08d}" for number in range(begin, begin + count)]
    return pyarrow.record_batch([pyarrow.array(range(begin, begin + count), pyarrow.int64()), texts], schema=ARROW_SCHEMA)


def median_seconds(ask: Callable[[int], Any], repeats: int = REPEATS) -> float:
    taken = []
    for number in range(repeats):
        with Timing() as timing:
            ask(number)
        taken.append(timing.seconds)
    return statistics.median(taken)


class Growing:
    """The table and how many rows it must have."""

    def __init__(self, door: Door):
        self.door = door
        self.table = door.create_table("growing", FIELDS)
        self.stream = path_of(self.table) + "/streams/_default"
        self.rows = 0

    def append(self, requests: List[types.AppendRowsRequest], rows: int) -> None:
        expect_appended(list(self.door.write.append_rows(iter(requests))), len(requests))
        self.rows += rows

    def grow_to(self, size: int) -> float:
        """Rows/s of the appends, requests made beforehand, a hundred at a time."""
        seconds, begin = 0.0, self.rows
        while self.rows < size:
            ends = range(self.rows, min(size, self.rows + 100 * APPEND_ROWS), APPEND_ROWS)
            requests = [arrow_request(self.stream, batch_from(at, min(APPEND_ROWS, size - at))) for at in ends]
            with Timing() as timing:
                self.append(requests, min(size, ends[-1] + APPEND_ROWS) - self.rows)
            seconds += timing.seconds
        return (self.rows - begin) / seconds if seconds else 0.0

    def insert(self, _: int) -> None:
        expect(self.door.rest.insert_rows_json(self.table, json_rows(100, seed())), [], "errors of rows")
        self.rows += 100

    def append_once(self, _: int) -> None:
        self.append([arrow_request(self.stream, batch_from(self.rows, 1_000))], 1_000)

    def count(self, _: int = 0) -> None:
        name = f"{self.table.project}.{self.table.dataset_id}.{self.table.table_id}"
        expect(self.door.query(f"SELECT COUNT(*) FROM `{name}`"), [(self.rows,)], "rows of the table")

    def read(self, streams: int) -> float:
        """MiB/s of record batches, with as many threads as there are streams."""
        asked = types.ReadSession(table=path_of(self.table), data_format=types.DataFormat.ARROW)
        got: Dict[str, int] = {"rows": 0, "bytes": 0}
        guard = threading.Lock()

        def drain(name: str) -> None:
            for message in self.door.read.read_rows(name):
                with guard:
                    got["rows"] += message.row_count
                    got["bytes"] += len(message.arrow_record_batch.serialized_record_batch)

        with Timing() as timing:
            session = self.door.read.create_read_session(parent=f"projects/{PROJECT}", read_session=asked,
                                                         max_stream_count=streams)
            threads = [threading.Thread(target=drain, args=(stream.name,)) for stream in session.streams]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        expect(got["rows"], self.rows, "rows read")
        return got["bytes"] / MIB / timing.seconds


def beside_a_long_query(door: Door, ask: Callable[[int], Any]) -> Iterator[float]:
    """Median seconds of `ask` alone, beside a query that runs for long, and how long that took."""
    yield median_seconds(ask)
    job = door.rest.query(LONG_QUERY, job_config=bigquery.QueryJobConfig(use_query_cache=False))
    begin = time.perf_counter()
    yield median_seconds(ask)
    job.result()
    yield time.perf_counter() - begin


def main() -> int:
    parser: argparse.ArgumentParser = arguments_of(__doc__ or "", REPEATS)
    parser.add_argument("--size-max", type=int, default=SIZES[-1])
    given = parser.parse_args()
    print("rows       appends rows/s  insertAll of 100 ms  append of 1,000 ms  count ms  read MiB/s, 1 and 4 streams")
    try:
        with running_server(given) as door:
            table = Growing(door)
            for size in (size for size in SIZES if size <= given.size_max):
                rate = table.grow_to(size)
                inserts, appends = median_seconds(table.insert), median_seconds(table.append_once)
                print(f"{size:10,d} {rate:14,.0f} {inserts * 1e3:20.2f} {appends * 1e3:19.2f} "
                      f"{median_seconds(table.count, 5) * 1e3:9.2f} {table.read(1):9.0f} {table.read(4):6.0f}", flush=True)
            alone, beside, took = beside_a_long_query(door, table.insert)
            print(f"insertAll of 100: {alone * 1e3:.2f} ms alone, {beside * 1e3:.2f} ms beside a query of {took:.1f} s")
            table.count()
    except (EffectError, NotStarted) as error:
        print(f"FAILED {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
