"""Prints the line and branch coverage of each folder of src/, of gcovr's JSON summary."""
import collections
import json
import sys


def main(path):
    with open(path, encoding="utf-8") as file:
        files = json.load(file)["files"]
    kinds = ("line_covered", "line_total", "branch_covered", "branch_total")
    folders = collections.defaultdict(lambda: dict.fromkeys(kinds, 0))
    for one in files:
        parts = one["filename"].split("/")[1:-1]
        for depth in range(len(parts) + 1):
            counts = folders["/".join(["src", *parts[:depth]])]
            for kind in kinds:
                counts[kind] += one[kind]
    print(f"{'folder':<28}{'lines':>8}{'covered':>9}{'branches':>10}")
    for name, counts in sorted(folders.items()):
        lines, branches = (100 * counts[f"{kind}_covered"] / max(1, counts[f"{kind}_total"]) for kind in ("line", "branch"))
        print(f"{name:<28}{counts['line_total']:>8,}{lines:>7.1f} %{branches:>8.1f} %")


main(sys.argv[1])
