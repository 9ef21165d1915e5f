"""The performance tier: what its five scenarios have in common (README.md).

A scenario is a program that runs its cells round by round, in an order that the seed shuffles, and writes what they took as
pytest-benchmark does, which `benchlake gate` and `benchlake submit` read. A round that does not have its effect ends the
program with exit code 1: no error path is ever timed.
"""
import argparse
import cProfile
import contextlib
import datetime
import gc
import json
import os
import pathlib
import platform
import random
import statistics
import subprocess
import sys
import time
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence

from door import Door, EffectError
from servers import ROOT, Benchlake, Folder, NotStarted, Peer, Server

MIB = 1 << 20
ROUNDS_MIN = 5


class Moved(NamedTuple):
    """The counters of a round, which depend on no machine: of one sample rows and bytes, of all of them requests."""
    rows: int = 0
    bytes: int = 0
    requests: int = 0


class Round(NamedTuple):
    samples: List["Timing"]
    moved: Moved


class Cell:
    """One benchmark of a scenario. `set_up` is called once, `run` once a round; neither is timed but for what `run` says."""
    file = ""
    function = ""
    parameter = ""

    @property
    def name(self) -> str:
        """As pytest calls it: the name in baselines."""
        return f"{self.file}::{self.function}" + (f"[{self.parameter}]" if self.parameter else "")

    def set_up(self, door: Door) -> None:
        """What all rounds share."""

    def run(self, door: Door) -> Round:
        raise NotImplementedError


class Timing:
    """`with Timing() as timing:` what stands in it is one sample. `cpu_seconds`: what this process, the client, used of it."""
    profile: Optional[cProfile.Profile] = None  # of all samples, when one is set

    def __init__(self, seconds: float = 0.0):
        self.seconds = seconds
        self.cpu_seconds = 0.0

    def __enter__(self) -> "Timing":
        gc.disable()
        if Timing.profile:
            Timing.profile.enable()
        self._cpu_begin = time.process_time()
        self._begin = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._begin
        self.cpu_seconds = time.process_time() - self._cpu_begin
        if Timing.profile:
            Timing.profile.disable()
        gc.enable()


def samples_of(rounds: Sequence[Round]) -> List[float]:
    return [timing.seconds for one in rounds for timing in one.samples]


def seed() -> int:
    return int(os.environ.get("BENCHLAKE_PERF_SEED", "0"))


def measure(cells: Sequence[Cell], door: Door, rounds: int, warmup: int = 1) -> Dict[str, List[Round]]:
    """Rounds of every cell in turns. Errors: EffectError, with the cell's name, and those of the clients."""
    for cell in cells:
        cell.set_up(door)
    taken: Dict[str, List[Round]] = {cell.name: [] for cell in cells}
    for number in range(-warmup, rounds):
        for cell in random.Random(f"{seed()}/{number}").sample(list(cells), len(cells)):
            given = run_once(cell, door)
            if number >= 0:
                taken[cell.name].append(given)
    return taken


def run_once(cell: Cell, door: Door) -> Round:
    gc.collect()
    try:
        return cell.run(door)
    except EffectError as error:
        raise EffectError(f"{cell.name}: {error}") from error


def extra_info(rounds: Sequence[Round]) -> Dict[str, float]:
    """Counters (rows, requests, bytes), which must not depend on the machine, and the rates of the median."""
    first = rounds[0].moved
    for other in rounds:
        if other.moved != first:
            raise EffectError(f"counters differ between rounds: {first} and {other.moved}")
    info: Dict[str, float] = {name: value for name, value in first._asdict().items() if value}
    median = statistics.median(samples_of(rounds))
    if first.rows:
        info["rows_per_s"] = first.rows / median
    if first.bytes:
        info["mib_per_s"] = first.bytes / MIB / median
    return info


def document(cells: Sequence[Cell], taken: Dict[str, List[Round]]) -> Dict[str, Any]:
    """What pytest-benchmark writes with --benchmark-json."""
    return {
        "machine_info": {"node": platform.node(), "machine": platform.machine(), "system": platform.system(),
                         "release": platform.release(), "python_implementation": platform.python_implementation(),
                         "python_version": platform.python_version()},
        "commit_info": {"id": commit()},
        "benchmarks": [one_benchmark(cell, taken[cell.name]) for cell in cells],
        "datetime": datetime.datetime.now(datetime.timezone.utc).isoformat(),
        "version": "5.0.0",
    }


def one_benchmark(cell: Cell, rounds: Sequence[Round]) -> Dict[str, Any]:
    samples = samples_of(rounds)
    name = cell.name.split("::")[1]
    return {
        "group": cell.file.removesuffix(".py"), "name": name, "fullname": cell.name, "param": cell.parameter or None,
        "params": None, "extra_info": extra_info(rounds),
        "stats": {"min": min(samples), "max": max(samples), "mean": statistics.fmean(samples),
                  "stddev": statistics.stdev(samples) if len(samples) > 1 else 0.0, "rounds": len(samples),
                  "median": statistics.median(samples), "iterations": 1, "data": samples},
    }


def commit() -> str:
    asked = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return asked.stdout.strip() or "unversioned"


def arguments_of(description: str, rounds: int) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/benchlake",
                        help="the server that is started, when no --endpoint is given")
    parser.add_argument("--peer", type=pathlib.Path, help="start bqemulator of this Python environment instead")
    parser.add_argument("--endpoint", help="http://HOST:PORT of a server that runs")
    parser.add_argument("--grpc", help="HOST:PORT of its gRPC")
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--cell", action="append", default=[], help="only cells whose name has this in it")
    parser.add_argument("--output", type=pathlib.Path, help="write there, not to standard output")
    return parser


def launcher_of(given: argparse.Namespace) -> Any:
    return Peer(given.peer) if given.peer else Benchlake(given.program)


@contextlib.contextmanager
def running_server(given: argparse.Namespace) -> Iterator[Door]:
    """A door to the server that was named, else to one that is started and ended here."""
    if given.endpoint:
        door = Door(given.endpoint, given.grpc or "127.0.0.1:1", f"perf_{os.getpid()}")
        yield door
        door.close()
        return
    with Folder() as folder:
        server: Server = launcher_of(given).start(folder)
        try:
            door = Door(server.endpoint, server.grpc)
            yield door
            door.close()
        finally:
            server.stop()


def chosen(cells: Sequence[Cell], parts: Sequence[str]) -> List[Cell]:
    found = [cell for cell in cells if not parts or any(part in cell.name for part in parts)]
    if not found:
        raise SystemExit(f"no cell has such a name: {parts} (there are: {[cell.name for cell in cells]})")
    return found


def run_scenario(description: str, make_cells: Callable[[], Sequence[Cell]], rounds: int = ROUNDS_MIN) -> int:
    """The main of a scenario on a running server."""
    given = arguments_of(description, rounds).parse_args()
    if given.rounds < ROUNDS_MIN:
        raise SystemExit(f"--rounds must be {ROUNDS_MIN} or more: {given.rounds}")
    cells = chosen(make_cells(), given.cell)
    try:
        with running_server(given) as door:
            write(document(cells, measure(cells, door, given.rounds)), given.output)
    except (EffectError, NotStarted) as error:
        print(f"FAILED {error}", file=sys.stderr)
        return 1
    return 0


def write(figures: Dict[str, Any], output: Optional[pathlib.Path]) -> None:
    text = json.dumps(figures, indent=1) + "\n"
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text)
