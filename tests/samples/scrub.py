#!/usr/bin/env python3
"""Takes out of sample files what is of this machine: usage: scrub.py FOLDER WORK_FOLDER HOST KERNEL.

Its name, kernel and folders; processor flags; of JMH's histograms all but the first buckets.
"""
import json
import pathlib
import re
import sys

BUCKETS_MAX = 20


def shorten(node):
    """Drops what is long and says nothing."""
    if isinstance(node, dict):
        node.pop("flags", None)
        for histogram in node.get("rawDataHistogram", []):
            for iteration in histogram:
                del iteration[BUCKETS_MAX:]
        for value in node.values():
            shorten(value)
    elif isinstance(node, list):
        for value in node:
            shorten(value)


def main(folder: str, work: str, host: str, kernel: str) -> None:
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if path.suffix not in (".json", ".ndjson", ".txt") or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        text = text.replace(work, "/src").replace(kernel, "6.1.0")
        text = re.sub(r'"(/[^" ]*)?/(?=(google_benchmark_sample|bin/java)")', '"/usr/bin/', text)
        text = re.sub(r"/[^\" ]*/\.deps/[^\" ]*/bin/", "/usr/bin/", text)
        text = re.sub(rf'"{re.escape(host)}"', '"bench-host"', text)
        if path.parent.name in ("pytest_benchmark", "jmh") and path.suffix == ".json":
            document = json.loads(text)
            shorten(document)
            text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
