#!/usr/bin/env python3
"""The house rules that a compiler does not check (DESIGN 1, docs/architecture.md).

usage: tidy.py [ROOT]. One line for each violation, `file:line: rule: what`; exit code 1 when there is one.
Each rule is a function Tree -> violations, listed in RULES; tidy_test.py plants a violation for each.
"""
import pathlib
import re
import shutil
import subprocess
import sys
from typing import Iterator, NamedTuple

import docs_rules
from house import (ARROWS, CPP_SUFFIXES, DOMAINS, LENGTH_LIMITED_SUFFIXES, OPEN_TO_TESTS, STANDARD_HEADER,
                   THIRD_PARTIES)

FILE_LINES_MAX = 700
LINE_COLUMNS_MAX = 100
FUNCTION_LINES_MAX = 85
NOT_SOURCES = {".git", ".deps", "build", "data", "dist", "node_modules", "__pycache__"}


class Violation(NamedTuple):
    path: str
    line: int
    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.what}"


class Tree:
    """The text files of a checkout, by path relative to its root."""

    def __init__(self, files: dict):
        self.files = files
        self.lines = {path: text.splitlines() for path, text in files.items()}

    @classmethod
    def of(cls, root: pathlib.Path) -> "Tree":
        """What git tracks or would track; what is not built or fetched when this is no git checkout."""
        command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        found = subprocess.run(command, capture_output=True, check=False) if shutil.which("git") else None
        if found and found.returncode == 0:
            names = found.stdout.decode().split("\0")
        else:
            paths = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
            names = [path.as_posix() for path in paths if not NOT_SOURCES.intersection(path.parts)]
        files = {}
        for name in filter(None, names):
            try:
                files[name] = (root / name).read_text(encoding="utf-8")
            except (UnicodeDecodeError, FileNotFoundError):
                continue  # a picture, a fuzzer's seed; a file that is deleted but not yet committed
        return cls(files)

    def cpp(self, *tops: str) -> Iterator[str]:
        tops = tops or ("src/", "bench/", "tests/")
        return (path for path in self.files if path.endswith(CPP_SUFFIXES) and path.startswith(tops))

    def folders(self) -> set:
        """First-level folders of src/."""
        return {path.split("/")[1] for path in self.files if path.count("/") >= 2 and path.startswith("src/")}


def reach(folder: str) -> set:
    """The folders that `folder` may include: where its arrows lead, directly or on their way."""
    found, waiting = set(), [folder]
    while waiting:
        for target in ARROWS[waiting.pop()]:
            if target not in found:
                found.add(target)
                waiting.append(target)
    return found


def is_test(path: str) -> bool:
    return path.startswith(("bench/", "tests/")) or any(
        part in OPEN_TO_TESTS for part in path.split("/")[2:-1])


INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


def includes(tree: Tree, path: str):
    for number, line in enumerate(tree.lines[path], 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1], match[2]


def arrows(tree: Tree) -> Iterator[Violation]:
    for path in tree.cpp("src/"):
        own = path.split("/")[1]
        if own not in ARROWS:
            yield Violation(path, 1, "arrows", f"the house has no folder src/{own}")
            continue
        allowed = reach(own) | {own}
        for number, quote, target in includes(tree, path):
            if quote == "<":
                continue
            if target.startswith("embedded/"):
                if own != "app" and not target.startswith(f"embedded/{own}_"):
                    yield Violation(path, number, "arrows", f"only app carries others' embedded files: {target}")
                continue
            other = target.split("/")[0]
            if "/" not in target or other not in ARROWS:
                yield Violation(path, number, "arrows", f"includes are written relative to src/: {target}")
            elif other not in allowed:
                both = "; a domain needs a port" if own in DOMAINS and other in DOMAINS else ""
                yield Violation(path, number, "arrows", f"{own} may not include {other}{both}: {target}")
            elif other != own and own != "app" and target.count("/") > 1:
                if not (is_test(path) and target.split("/")[1] in OPEN_TO_TESTS):
                    yield Violation(path, number, "arrows", f"private to {other} (it lies in a subfolder): {target}")


def third_parties(tree: Tree) -> Iterator[Violation]:
    for path in tree.cpp():
        for number, quote, target in includes(tree, path):
            if quote != "<" or STANDARD_HEADER.fullmatch(target):
                continue
            entry = next((e for e in THIRD_PARTIES if e.header.match(target)), None)
            if entry is None:
                yield Violation(path, number, "third party",
                                f"not among the dependencies (tests/tidy/house.py, docs/dependencies.md): {target}")
            elif entry.only_tests and not is_test(path):
                yield Violation(path, number, "third party", f"{entry.name} is for tests: {target}")
            elif not entry.only_tests and not entry.anywhere and not is_test(path) and \
                    not path.startswith(tuple(f"src/{home}/" for home in entry.homes)):
                yield Violation(path, number, "third party",
                                f"{entry.name} stays in {' and '.join(entry.homes)}: {target}")
            elif entry.behind_cc and is_public_header(tree, path):
                yield Violation(path, number, "third party",
                                f"{entry.name} stays behind .cc files, this header is for other folders: {target}")


def is_public_header(tree: Tree, path: str) -> bool:
    """Is it included by another folder of src/? What only tests include is not."""
    if not path.endswith(".h") or not path.startswith("src/") or is_test(path):
        return False
    own, name = path.split("/")[1], path[len("src/"):]
    needle = f'#include "{name}"'
    return any(needle in text for other, text in tree.files.items()
               if other.startswith("src/") and other.split("/")[1] != own)


def lengths(tree: Tree) -> Iterator[Violation]:
    for path, lines in tree.lines.items():
        if path.endswith(LENGTH_LIMITED_SUFFIXES) and len(lines) > FILE_LINES_MAX:
            yield Violation(path, FILE_LINES_MAX, "length", f"{len(lines)} lines, at most {FILE_LINES_MAX}")
    for path in tree.cpp():
        for number, line in enumerate(tree.lines[path], 1):
            if len(line) > LINE_COLUMNS_MAX:
                yield Violation(path, number, "length", f"{len(line)} columns, at most {LINE_COLUMNS_MAX}")
    for path in tree.cpp("src/"):
        if not is_test(path):  # a test's table of cases may be long
            yield from function_lengths(path, tree.lines[path])


def function_lengths(path: str, lines: list) -> Iterator[Violation]:
    """A definition at the left margin, from its `{` line to the `}` at the left margin."""
    begin = None
    for number, line in enumerate(lines, 1):
        if begin is None and line.endswith("{") and not line.startswith((" ", "#", "/")) and \
                re.search(r"\)[^;=]*\{$", line) and not re.match(r"(namespace|extern|struct|class|enum)\b", line):
            begin = number
        elif begin is not None and line.startswith("}"):
            if number - begin > FUNCTION_LINES_MAX:
                yield Violation(path, begin, "length",
                                f"a function of {number - begin} lines, at most {FUNCTION_LINES_MAX}")
            begin = None


def rooms(tree: Tree) -> Iterator[Violation]:
    house_map = tree.files.get("docs/architecture.md", "")
    for folder in sorted(tree.folders()):
        for room in ("README.md", "CMakeLists.txt"):
            if f"src/{folder}/{room}" not in tree.files:
                yield Violation(f"src/{folder}", 1, "rooms", f"no {room}")
        if f"`{folder}/`" not in house_map:
            yield Violation("docs/architecture.md", 1, "rooms", f"the map does not name `{folder}/`")


def joined(*parts: str) -> str:
    """So that this file does not hold the words that it looks for."""
    return "".join(parts)


UNFINISHED = re.compile(
    r"\b(" + "|".join((joined("TO", "DO"), joined("FIX", "ME"), joined("XX", "X"), joined("HA", "CK"))) + r")\b|"
    r"\b(?i:" + "|".join((joined("for", " now"), joined("(?-i:[Nn]ot (yet )?", "implemented)"), joined("un", "implemented"),
                          joined("stub", "bed"), joined("DISABLED", "_[A-Za-z]"))) + r")")
MACHINE = re.compile(
    "|".join((joined("/wo", "rk/"), joined("/ro", "ot/"), joined(r"/ho", r"me/[a-z]"), joined(r"/tm", r"p/[a-z]+[-/][a-z]"),
              joined(r"\.lib", r"rary/"))))
REGISTRY = re.compile(
    "|".join(re.escape(host) for host in (
        joined("registry.", "npmjs.org"), joined("pypi", ".org"), joined("files.python", "hosted.org"),
        joined("repo1.", "maven.org"), joined("proxy.", "golang.org"), joined("deb.", "debian.org"),
        joined("crates", ".io"))))


def words(tree: Tree) -> Iterator[Violation]:
    for path, lines in tree.lines.items():
        if "/corpus/" in path or path == "LICENSE":
            continue
        for number, line in enumerate(lines, 1):
            for rule, pattern in (("unfinished", UNFINISHED), ("machine path", MACHINE), ("registry", REGISTRY)):
                match = pattern.search(line)
                if match and not (rule == "registry" and path.endswith("package-lock.json")):
                    yield Violation(path, number, rule, match[0])
                elif match and rule == "registry":
                    yield Violation(path, number, rule, f"{match[0]} (write the lock file with the folder's .npmrc)")


NAMESPACE = re.compile(r"^namespace (bl(?:::[a-z_:]+)?)\b[^=]*\{", re.MULTILINE)
VAGUE_NAME = re.compile(r"(?:class|struct) (?:\[\[\w+\]\] )?(\w*(?:Utils?|Helpers?|Manager|Common))\b")


def names(tree: Tree) -> Iterator[Violation]:
    for path in tree.cpp("src/"):
        parts = path.split("/")
        found = NAMESPACE.findall(tree.files[path])
        wanted = "bl" if parts[1] == "base" else f"bl::{parts[1]}"
        for namespace in found:
            if namespace != wanted and not namespace.startswith(wanted + "::"):
                yield Violation(path, 1, "namespace", f"is {namespace}, the folder's is {wanted}")
        if path.endswith(".h"):
            if not found and "#define" not in tree.files[path]:
                yield Violation(path, 1, "namespace", f"a header without namespace {wanted}")
            if "#pragma once" not in tree.files[path]:
                yield Violation(path, 1, "header", "no #pragma once")
            if re.search(r"^using namespace", tree.files[path], re.MULTILINE):
                yield Violation(path, 1, "header", "using namespace in a header")
        for number, line in enumerate(tree.lines[path], 1):
            vague = VAGUE_NAME.search(line)
            if vague:
                yield Violation(path, number, "name", f"says nothing: {vague[1]}")
        if re.search(r"(^|_)(utils?|helpers?|manager|common|misc)\.(h|cc)$", parts[-1]):
            yield Violation(path, 1, "name", f"says nothing: {parts[-1]}")


def documentation(tree: Tree) -> Iterator[Violation]:
    for path, line, what in docs_rules.check(tree):
        yield Violation(path, line, "docs", what)


RULES = (arrows, third_parties, lengths, rooms, words, names, documentation)


def check(tree: Tree) -> list:
    return [violation for rule in RULES for violation in rule(tree)]


def main() -> int:
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    tree = Tree.of(root)
    violations = check(tree)
    for violation in violations:
        print(violation)
    print(f"{len(tree.files)} files, {len(RULES)} rules, {len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
