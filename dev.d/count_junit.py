#!/usr/bin/env python3
"""usage: count_junit.py REPORT.xml ...: one line for all, `N passed, N failed`, as ./dev counts. A report that is
missing is a failure: its runner did not get that far. Exit code 1 when something failed."""
import sys
import xml.etree.ElementTree


def count(path: str) -> tuple:
    """(passed, failed); skipped tests are neither. Cases are counted, for Node's reports have no suites."""
    try:
        cases = list(xml.etree.ElementTree.parse(path).getroot().iter("testcase"))
    except (OSError, xml.etree.ElementTree.ParseError) as error:
        print(f"{path}: {error}")
        return 0, 1
    failed = sum(1 for case in cases if case.find("failure") is not None or case.find("error") is not None)
    skipped = sum(1 for case in cases if case.find("skipped") is not None)
    return len(cases) - failed - skipped, failed


def main() -> int:
    counts = [count(path) for path in sys.argv[1:]]
    passed, failed = (sum(column) for column in zip(*counts))
    print(f"\n{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
