#!/usr/bin/env python3
"""Scenario: from the start of the process to the first 200 on /healthz, each time in a fresh data folder."""
import os
import sys
import time
from typing import Any, List

from servers import Container, Folder, NotStarted, why_no_container
from tier import Cell, Moved, Round, Timing, arguments_of, chosen, document, launcher_of, write

ROUNDS_MIN = 3
SECONDS_MAX = 60.0


class ColdStart(Cell):
    file, function = "cold_start.py", "cold_start"

    def __init__(self, launcher: Any, parameter: str):
        self.launcher = launcher
        self.parameter = parameter

    def start(self) -> Round:
        """Server.start_seconds is there only when /healthz said 200: the effect."""
        with Folder() as folder:
            server = self.launcher.start(folder)
            server.stop()
        return Round([Timing(server.start_seconds)], Moved())


def cells(launcher: Any) -> List[ColdStart]:
    found = [ColdStart(launcher, "process")]
    image = os.environ.get("BENCHLAKE_PERF_IMAGE", "")
    reason = why_no_container(image)
    if reason:
        print(f"skipped: cold_start[container]: {reason}", file=sys.stderr)
    else:
        found.append(ColdStart(Container(image), "container"))
    return found


def main() -> int:
    given = arguments_of(__doc__ or "", ROUNDS_MIN).parse_args()
    if given.rounds < ROUNDS_MIN or given.endpoint:
        raise SystemExit(f"--rounds must be {ROUNDS_MIN} or more, and --endpoint has no use here")
    begin = time.monotonic()
    try:
        picked = chosen(cells(launcher_of(given)), given.cell)
        taken = {}
        for cell in picked:
            rounds: List[Round] = []
            while len(rounds) < ROUNDS_MIN or (len(rounds) < given.rounds and time.monotonic() - begin < SECONDS_MAX):
                rounds.append(cell.start())
            taken[cell.name] = rounds
        write(document(picked, taken), given.output)
    except NotStarted as error:
        print(f"FAILED {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
