#!/usr/bin/env python3
"""Scenario: insert_rows_json of 1, 10, 100 and 1,000 rows, ten requests a round into a fresh table."""
import sys
from typing import List

from door import Door, expect
from rows import FIELDS, expect_rows, json_rows
from tier import Cell, Moved, Round, Timing, run_scenario, seed

BATCHES = (1, 10, 100, 1_000)
REQUESTS = 10


class InsertAll(Cell):
    file, function = "insert_all.py", "insert_all"

    def __init__(self, batch: int):
        self.batch = batch
        self.parameter = str(batch)
        self.rows = json_rows(batch * REQUESTS, seed())

    def run(self, door: Door) -> Round:
        samples = []
        with door.fresh_table(FIELDS) as table:
            door.traffic.reset()
            for request in range(REQUESTS):
                rows = self.rows[request * self.batch:(request + 1) * self.batch]
                with Timing() as timing:
                    errors = door.rest.insert_rows_json(table, rows)
                samples.append(timing)
                expect(errors, [], "errors of rows")
            moved = Moved(self.batch, door.traffic.bytes // REQUESTS, door.traffic.requests)
            expect_rows(door, table, len(self.rows), seed())
        return Round(samples, moved)


def cells() -> List[InsertAll]:
    return [InsertAll(batch) for batch in BATCHES]


if __name__ == "__main__":
    sys.exit(run_scenario(__doc__ or "", cells))
