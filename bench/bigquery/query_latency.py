#!/usr/bin/env python3
"""Scenario: queries 1, 3, 5, 6 and 10 of TPC-H at scale factor 0.01, asked by query_and_wait to the last row."""
import sys
from typing import List

import tpch
from door import Door
from tier import Cell, Moved, Round, Timing, run_scenario

QUERIES = (1, 3, 5, 6, 10)


class Query(Cell):
    file, function = "query_latency.py", "tpch"

    def __init__(self, data: tpch.Data, number: int):
        self.data = data
        self.number = number
        self.parameter = f"Q{number}"

    def set_up(self, door: Door) -> None:
        self.data.load(door)
        self.sql = tpch.in_dataset(self.data.queries[self.number], door.dataset)

    def run(self, door: Door) -> Round:
        door.traffic.reset()
        with Timing() as timing:
            rows = door.query(self.sql)
        sent = door.traffic.requests
        tpch.expect_answer(rows, self.data.answers[self.number])
        return Round([timing], Moved(rows=len(rows), requests=sent))


def cells() -> List[Query]:
    data = tpch.Data()
    return [Query(data, number) for number in QUERIES]


if __name__ == "__main__":
    sys.exit(run_scenario(__doc__ or "", cells, rounds=8))
