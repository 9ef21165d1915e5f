"""python -m benchlake.migration check|record ...

Exit codes: 0 fine, 1 something would be refused (check) or the job failed (record), 2 usage or a file that cannot be
read."""
from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from typing import List, Optional, Sequence

from ..client import Client
from ..errors import BenchlakeError
from .check import UNITS, check_file, known_units
from .record import Recorder, split_command


def main(arguments: Optional[List[str]] = None) -> int:
    given, command = split_command(list(sys.argv[1:] if arguments is None else arguments))
    parser = argparse.ArgumentParser(prog="python -m benchlake.migration", description="Moves jobs that were written "
                                     "for Conbench to benchlake.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    check = verbs.add_parser("check", help="names everything in payload files that a server would refuse")
    check.add_argument("files", nargs="+", metavar="FILE")
    check.add_argument("--legacy", action="store_true", help="for POST /api/benchmark-results/, as Conbench's own "
                       "clients send it; without: for `benchlake submit` and the new API")
    check.add_argument("--server", default=os.environ.get("BENCHLAKE_SERVER"), metavar="URL", help="who is asked for "
                       "the units that it knows; default: BENCHLAKE_SERVER, else the units of every server")
    check.add_argument("--json", action="store_true", help="one JSON object a line")
    record = verbs.add_parser("record", help="runs a job unchanged and keeps the results that it posts: "
                              "record --to FILE -- COMMAND ...")
    record.add_argument("--to", required=True, metavar="FILE")
    record.add_argument("--port", type=int, default=0, help="for jobs that cannot be told another address")
    options = parser.parse_args(given)
    if options.verb == "check":
        return _check(options.files, legacy=options.legacy, units=_units(options.server), as_json=options.json)
    if not command:
        parser.error("record wants the job's command after --")
    return _record(options.to, options.port, command)


def _units(server: Optional[str]) -> Sequence[str]:
    if not server:
        return UNITS
    try:
        return known_units(Client(server, timeout_s=10, retry_s_max=0))
    except (BenchlakeError, ValueError) as error:
        print(f"the server's units are not known, those of every server are taken: {error}", file=sys.stderr)
        return UNITS


def _check(files: List[str], *, legacy: bool, units: Sequence[str], as_json: bool) -> int:
    code, submissions, problems = 0, 0, 0
    for path in files:
        try:
            count, findings = check_file(path, legacy=legacy, units=units)
        except OSError as error:
            print(f"{path}: {error.strerror}", file=sys.stderr)
            code = 2
            continue
        submissions, problems = submissions + count, problems + len(findings)
        for found in findings:
            print(json.dumps({"file": found.path, "line": found.line, "index": found.index,
                              "pointer": found.finding.pointer, "message": found.finding.message,
                              "value": found.finding.value}) if as_json else found)
    print(f"{submissions} submissions, {problems} problems", file=sys.stderr)
    return code or (1 if problems else 0)


def _record(path: str, port: int, command: List[str]) -> int:
    try:
        recorder = Recorder(path, port)
    except OSError as error:
        print(f"port {port}: {error.strerror}", file=sys.stderr)
        return 2
    with recorder:
        environment = {**os.environ, "CONBENCH_URL": recorder.url}
        environment.setdefault("CONBENCH_EMAIL", "recorder@localhost")
        environment.setdefault("CONBENCH_PASSWORD", "recorder")
        try:
            ran = subprocess.run(command, env=environment, check=False)
        except OSError as error:
            print(f"{command[0]}: {error.strerror}", file=sys.stderr)
            return 2
    print(f"{recorder.count} results recorded in {path}", file=sys.stderr)
    return 1 if ran.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
