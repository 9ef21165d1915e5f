#!/usr/bin/env python3
"""Ours and bqemulator 1.4.0 in one run: the 19 cells of the tier, round by round in turns (A B, B A), the same clients for both.

Ours is durable; the peer keeps everything in memory, unless --peer-on-disk. A cell whose effect check fails counts as none:
its time is that of an error. `client` is the share of our time in which the client itself computes; from half of it on the
cell cannot tell much of the server. Exit code 1: one of our cells failed, or the peer is faster in one."""
import argparse
import cProfile
import json
import pathlib
import pstats
import statistics
import sys
import traceback
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import cold_start
import insert_all
import query_latency
import storage_read
import storage_write
from door import Door, EffectError
from servers import ROOT, Benchlake, Folder, NotStarted, Peer, Server
from tier import Cell, Round, Timing, run_once, samples_of

CLIENT_SHARE_MAX = 0.5
PEER_ENVIRONMENT = ROOT / ".deps/bench-bigquery-peer"


def cells_of() -> List[Cell]:
    """The 19 less the cold start; of the tables that are read, the large one."""
    read = [cell for cell in storage_read.cells() if cell.count == 100_000]
    return [*query_latency.cells(), *read, *insert_all.cells(), *storage_write.cells()]


class Side:
    """One server with its cells, and what they took."""

    def __init__(self, launcher: Any, folder: pathlib.Path):
        self.launcher = launcher
        self.server: Server = launcher.start(folder)
        self.door = Door(self.server.endpoint, self.server.grpc)
        self.cells = {cell.name: cell for cell in cells_of()}
        self.taken: Dict[str, List[Round]] = {name: [] for name in self.cells}
        self.faults: Dict[str, str] = {}

    def close(self) -> None:
        self.door.close()
        self.server.stop()

    def attempt(self, name: str, is_counted: bool) -> None:
        """A cell that failed once is not run again."""
        if name in self.faults:
            return
        try:
            cell = self.cells[name]
            if not is_counted:
                cell.set_up(self.door)
            given = run_once(cell, self.door)
            if is_counted:
                self.taken[name].append(given)
        except Exception as error:  # whatever a client raises is this cell's result
            words = str(error) if isinstance(error, EffectError) else f"{type(error).__name__}: {error}"
            self.faults[name] = " ".join(words.split())[:300]
            if not isinstance(error, EffectError):
                traceback.print_exc(limit=3)

    def start_once(self) -> Round:
        return cold_start.ColdStart(self.launcher, "process").start()


class Row(NamedTuple):
    cell: str
    ours: Optional[float]  # median, seconds
    peer: Optional[float]
    client_share: Optional[float]
    fault_ours: str
    fault_peer: str

    @property
    def ratio(self) -> Optional[float]:
        return self.peer / self.ours if self.ours and self.peer else None

    @property
    def is_won(self) -> bool:
        return bool(self.ours) and (self.peer is None or self.ours < self.peer)


def median_of(rounds: Sequence[Round]) -> Optional[float]:
    return statistics.median(samples_of(rounds)) if rounds else None


def client_share(rounds: Sequence[Round]) -> Optional[float]:
    shares = [timing.cpu_seconds / timing.seconds for one in rounds for timing in one.samples]
    return statistics.median(shares) if shares else None


def compare(ours: Side, peer: Side, rounds: int, cold_starts: int) -> List[Row]:
    names = list(ours.cells)
    for number in range(-1, rounds):
        for name in names:
            for side in (ours, peer) if number % 2 else (peer, ours):
                side.attempt(name, is_counted=number >= 0)
    starts: List[List[Round]] = [[], []]
    for number in range(cold_starts):
        for i in (0, 1) if number % 2 else (1, 0):
            starts[i].append((ours, peer)[i].start_once())
    rows = [Row("cold_start[process]", median_of(starts[0]), median_of(starts[1]), None, "", "")]
    for name in names:
        taken = [] if name in peer.faults else peer.taken[name]
        own = [] if name in ours.faults else ours.taken[name]
        rows.append(Row(name.split("::")[1], median_of(own), median_of(taken), client_share(own),
                        ours.faults.get(name, ""), peer.faults.get(name, "")))
    return rows


def to_markdown(rows: Sequence[Row], memory: Dict[str, int], peer_name: str) -> str:
    def ms(seconds: Optional[float]) -> str:
        return f"{seconds * 1e3:.2f}" if seconds else "none"

    lines = [f"| cell | benchlake, ms | {peer_name}, ms | times faster | client | effect |", "|---|---:|---:|---:|---:|---|"]
    for row in rows:
        ratio = f"{row.ratio:.1f}" if row.ratio else "-"
        share = f"{row.client_share * 100:.0f} %" if row.client_share is not None else "-"
        effect = "; ".join(filter(None, (f"**ours: {row.fault_ours}**" if row.fault_ours else "",
                                         f"the peer's: {row.fault_peer}" if row.fault_peer else ""))) or "both"
        lines.append(f"| {row.cell} | {ms(row.ours)} | {ms(row.peer)} | {ratio} | {share} | {effect} |")
    lines.append("")
    lines.append("resident after all of it: " + ", ".join(f"{name} {size / 1e6:.0f} MB" for name, size in memory.items()))
    return "\n".join(lines) + "\n"


def write_profiles(ours: Side, folder: pathlib.Path, rounds: int) -> None:
    """Where the client's own time goes in our cells: one file each, functions by their own time."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ours.cells:
        Timing.profile = cProfile.Profile()
        for _ in range(rounds):
            ours.attempt(name, is_counted=True)
        with open(folder / (name.split("::")[1].replace("[", "-").rstrip("]") + ".txt"), "w", encoding="utf-8") as out:
            if name not in ours.faults:
                pstats.Stats(Timing.profile, stream=out).strip_dirs().sort_stats("tottime").print_stats(25)
        Timing.profile = None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/benchlake")
    parser.add_argument("--peer", type=pathlib.Path, default=PEER_ENVIRONMENT)
    parser.add_argument("--peer-on-disk", action="store_true", help="the peer with --persistent")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--cold-starts", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path, help="write every row there")
    parser.add_argument("--profiles", type=pathlib.Path, help="write the client's profile of each of our cells there")
    given = parser.parse_args()
    peer_launcher = Peer(given.peer, given.peer_on_disk)
    with Folder() as ours_folder, Folder() as peer_folder:
        sides: List[Side] = []
        try:
            for launcher, folder in ((Benchlake(given.program), ours_folder), (peer_launcher, peer_folder)):
                sides.append(Side(launcher, folder))
            rows = compare(sides[0], sides[1], given.rounds, given.cold_starts)
            memory = {side.launcher.name: side.server.resident_bytes() for side in sides}
            if given.profiles:
                write_profiles(sides[0], given.profiles, given.rounds)
        except NotStarted as error:
            print(f"FAILED {error}", file=sys.stderr)
            return 1
        finally:
            for side in sides:
                side.close()
    name = peer_launcher.name + (", on disk" if given.peer_on_disk else ", in memory")
    print(to_markdown(rows, memory, name))
    if given.json:
        given.json.write_text(json.dumps([{**row._asdict(), "ratio": row.ratio} for row in rows], indent=1) + "\n")
    lost = [row.cell for row in rows if not row.is_won]
    bound = [row.cell for row in rows if row.client_share is not None and row.client_share > CLIENT_SHARE_MAX]
    near = [row.cell for row in rows if row.ratio and row.ratio < 3 and row.cell not in bound]
    print(f"won {len(rows) - len(lost)} of {len(rows)}; below 3 times although the client does not take most of it: "
          f"{', '.join(near) or 'none'}; the client takes most of it: {', '.join(bound) or 'none'}; lost: {', '.join(lost) or 'none'}")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
