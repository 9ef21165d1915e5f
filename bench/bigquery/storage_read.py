#!/usr/bin/env python3
"""Scenario: one read session over a table, one stream, drained as Arrow; the 19 cells count the table of 100,000 rows."""
import sys
from typing import List

import pyarrow
from google.cloud.bigquery_storage_v1 import types

from door import PROJECT, Door, expect, path_of
from rows import FIELDS, arrow_rows
from tier import Cell, Moved, Round, Timing, run_scenario, seed

TABLES = (1_000, 10_000, 100_000)


class StorageRead(Cell):
    file, function = "storage_read.py", "storage_read_arrow"

    def __init__(self, count: int):
        self.count = count
        self.parameter = str(count)
        self.rows = arrow_rows(count, seed())

    def set_up(self, door: Door) -> None:
        self.table = door.create_table(f"read_{self.count}", FIELDS)
        door.fill(self.table, self.rows)

    def run(self, door: Door) -> Round:
        asked = types.ReadSession(table=path_of(self.table), data_format=types.DataFormat.ARROW)
        door.traffic.reset()
        with Timing() as timing:
            session = door.read.create_read_session(parent=f"projects/{PROJECT}", read_session=asked, max_stream_count=1)
            batches = [message.arrow_record_batch.serialized_record_batch
                       for stream in session.streams for message in door.read.read_rows(stream.name)]
        sent = door.traffic.requests
        schema = pyarrow.ipc.read_schema(pyarrow.py_buffer(session.arrow_schema.serialized_schema))
        read = pyarrow.Table.from_batches([pyarrow.ipc.read_record_batch(pyarrow.py_buffer(batch), schema)
                                           for batch in batches], schema)
        read = read.select(["id", "value"]).sort_by("id")
        expect(read.num_rows, self.count, "rows read")
        if not (read["id"].equals(self.rows["id"]) and read["value"].cast(pyarrow.string()).equals(self.rows["value"])):
            expect(read.slice(0, 3).to_pylist(), self.rows.slice(0, 3).to_pylist(), "other rows than were written, from")
            expect("others", "the same", "rows that were read")
        return Round([timing], Moved(self.count, self.rows.get_total_buffer_size(), sent))


def cells() -> List[StorageRead]:
    return [StorageRead(count) for count in TABLES]


if __name__ == "__main__":
    sys.exit(run_scenario(__doc__ or "", cells, rounds=8))
