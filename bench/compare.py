#!/usr/bin/env python3
"""Shows figures of bench/ beside earlier ones. It compares, it never fails: people decide.

usage: compare.py BASELINE CONTENDER    (files that a benchmark wrote with --json)
"""
import json
import sys


def change(before: float, after: float) -> str:
    return f"{(after - before) / before * 100:+.1f} %" if before else "-"


def rows(baseline: dict, contender: dict) -> list:
    before = {timing["name"]: timing for timing in baseline["timings"]}
    found = []
    for timing in contender["timings"]:
        earlier = before.pop(timing["name"], None)
        if earlier is None:
            found.append((timing["name"], "new", f"{timing['p50_ms']:.3f}", "", f"{timing['per_second']:.0f}", ""))
            continue
        found.append((timing["name"], f"{earlier['p50_ms']:.3f}", f"{timing['p50_ms']:.3f}",
                      change(earlier["p50_ms"], timing["p50_ms"]), f"{timing['per_second']:.0f}",
                      change(earlier["per_second"], timing["per_second"])))
    found += [(name, "gone", "", "", "", "") for name in before]
    for name, value in contender["facts"].items():
        earlier = baseline["facts"].get(name)
        found.append((name, f"{earlier:g}" if earlier is not None else "new", f"{value:g}",
                      change(earlier, value) if earlier is not None else "", "", ""))
    return found


def table(lines: list) -> str:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) if index == 0 else cell.rjust(width)
                               for index, (cell, width) in enumerate(zip(line, widths))).rstrip()
                     for line in lines)


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    baseline, contender = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:])
    print(table([("", "before p50 ms", "p50 ms", "change", "per second", "change")] + rows(baseline, contender)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
