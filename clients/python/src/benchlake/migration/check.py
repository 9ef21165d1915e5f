"""What a server would refuse of a payload file, and where. The rules are those of the results API (both dialects);
benchlake's own tests ask a real server whether they are."""
from __future__ import annotations

import dataclasses
import json
import math
import pathlib
import re
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ..client import Client
from .files import Path, documents

UNITS = ("B", "B/s", "s", "ns", "i/s")
"""Of every server; an operator may add some: `known_units` asks for them."""
MACHINE_TEXTS = ("name", "architecture_name", "kernel_name", "os_name", "os_version", "cpu_model_name")
MACHINE_COUNTS = ("cpu_l1d_cache_bytes", "cpu_l1i_cache_bytes", "cpu_l2_cache_bytes", "cpu_l3_cache_bytes",
                  "cpu_core_count", "cpu_thread_count", "gpu_count")
MACHINE_LONG_COUNTS = ("cpu_frequency_max_hz", "memory_bytes")
AGGREGATES = ("min", "max", "mean", "median", "stdev", "q1", "q3", "iqr")
TEXT_MAX = 2000
SAMPLES_MAX = 1_000_000
NUMBER_CHARACTERS_MAX = 1000
NUMBER_TEXT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
LEGACY_NUMBER_TEXT = re.compile(r"\s*" + NUMBER_TEXT.pattern + r"\s*")
RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2})(:([0-9]{2})([.,][0-9]+)?)?"
                  r"(Z|z|[+-][0-9]{2}:?([0-9]{2})?)?")


class Finding(NamedTuple):
    """One thing that would be refused."""

    pointer: str
    """JSON pointer into the submission; empty: the whole."""
    message: str
    value: Any = None

    def __str__(self) -> str:
        said = self.message if self.value is None else f"{self.message}: {_short(self.value)}"
        return f"{self.pointer or '/'}: {said}"


@dataclasses.dataclass(frozen=True)
class FileFinding:
    path: str
    line: int
    index: Optional[int]
    """Of the submission in an array."""
    finding: Finding

    def __str__(self) -> str:
        element = "" if self.index is None else f"[{self.index}]"
        return f"{self.path}:{self.line}{element}: {self.finding}"


def known_units(client: Client) -> Tuple[str, ...]:
    """What the server takes as `stats.unit` of a good result. Errors: those of the client."""
    return tuple(unit["symbol"] for unit in client.settings()["units"])


def check_file(path: Path, *, legacy: bool = False, units: Sequence[str] = UNITS) -> Tuple[int, List[FileFinding]]:
    """(submissions, findings) of one payload file. `legacy`: as POST /api/benchmark-results/ takes them, which wants
    more fields. `units`: those that the server knows (`known_units`). Errors: OSError."""
    name = str(path)
    raw = pathlib.Path(path).read_bytes()
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return 0, [FileFinding(name, line, None, Finding("", "not UTF-8", f"byte {error.start}"))]
    count, findings = 0, []
    for line, document in documents(text):
        try:
            value, repeated = _parse(document)
        except (ValueError, RecursionError) as error:
            at = getattr(error, "lineno", 1)
            findings.append(FileFinding(name, line + at - 1, None, Finding("", f"not JSON: {error}")))
            continue
        submissions: List[Tuple[Optional[int], Any]] = \
            list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for index, submission in submissions:
            count += 1
            findings += [FileFinding(name, line, index, finding)
                         for finding in check_document(submission, legacy=legacy, units=units)]
        findings += [FileFinding(name, line, None, Finding("", "a key that is given twice", key)) for key in repeated]
    if count == 0 and not findings:
        findings.append(FileFinding(name, 1, None, Finding("", "no submissions")))
    return count, findings


def _parse(text: str) -> Tuple[Any, List[str]]:
    repeated: List[str] = []

    def pairs(members: List[Tuple[str, Any]]) -> Dict[str, Any]:
        seen: Dict[str, Any] = {}
        for key, value in members:
            if key in seen:
                repeated.append(key)
            seen[key] = value
        return seen

    def number(digits: str, kind: Callable[[str], Any]) -> Any:
        # A longer one is refused; as a text it is found where it stands.
        return kind(digits) if len(digits) <= NUMBER_CHARACTERS_MAX else digits

    value = json.loads(text, object_pairs_hook=pairs, parse_int=lambda digits: number(digits, int),
                       parse_float=lambda digits: number(digits, float))
    return value, repeated


def check_document(document: Any, *, legacy: bool = False, units: Sequence[str] = UNITS) -> List[Finding]:
    """Everything that is wrong with one submission; empty: it would be taken."""
    if not isinstance(document, dict):
        return [Finding("", "a submission is an object", document)]
    findings = list(_Checker(legacy, units).submission(document))
    findings += [Finding(pointer, message, value) for pointer, message, value in _everywhere(document, "")]
    return sorted(set_of(findings), key=lambda finding: finding.pointer)


def set_of(findings: List[Finding]) -> List[Finding]:
    """Without doubles; values need not be hashable."""
    seen: Dict[str, Finding] = {}
    for finding in findings:
        seen.setdefault(str(finding), finding)
    return list(seen.values())


def _everywhere(value: Any, pointer: str) -> Iterator[Tuple[str, str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if "\0" in key:
                yield pointer, "a key with U+0000", key
            yield from _everywhere(inner, f"{pointer}/{_escaped(key)}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _everywhere(inner, f"{pointer}/{index}")
    elif isinstance(value, str) and "\0" in value:
        yield pointer, "a text with U+0000", value
    elif isinstance(value, float) and not math.isfinite(value):
        yield pointer, "not a JSON number", repr(value)


class _Checker:
    def __init__(self, legacy: bool, units: Sequence[str]):
        self._legacy = legacy
        self._units = units

    def submission(self, document: Dict[str, Any]) -> Iterator[Finding]:
        # A blank text of the top level is the same as null.
        fields = {key: None if isinstance(value, str) and not value.strip() else value
                  for key, value in document.items()}
        known = {"run_id", "timestamp", "tags", "context", "github", "batch_id", "run_reason", "run_name", "run_tags",
                 "info", "machine_info", "cluster_info", "stats", "error", "optional_benchmark_info", "validation",
                 "change_annotations"} | (set() if self._legacy else {"submission_key"})
        yield from _unknown(fields, known, "")
        required = ["run_id", "timestamp", "tags", "context", "github"] + (["batch_id"] if self._legacy else [])
        yield from _required(fields, required, "")
        for name, limit in (("run_id", TEXT_MAX), ("batch_id", TEXT_MAX), ("run_reason", TEXT_MAX),
                            ("run_name", 65536), ("submission_key", 255)):
            yield from _text(fields.get(name), f"/{name}", limit)
        yield from _time(fields.get("timestamp"), self._legacy)
        yield from self._objects(fields)
        yield from _tags(fields.get("tags"))
        yield from _run_tags(fields.get("run_tags"))
        yield from self._github(fields.get("github"))
        yield from self._hardware(fields)
        yield from self._outcome(fields)

    def _objects(self, fields: Dict[str, Any]) -> Iterator[Finding]:
        nullable = ("optional_benchmark_info", "validation", "change_annotations")
        for name in ("context", "info", "error", "github", "tags", "run_tags", "machine_info", "cluster_info", "stats",
                     *nullable):
            value = fields.get(name)
            if value is not None and not isinstance(value, dict):
                yield Finding(f"/{name}", "not an object", value)
            elif value is None and name in fields and self._legacy and name not in nullable:
                yield Finding(f"/{name}", "may not be null")

    def _github(self, github: Any) -> Iterator[Finding]:
        if not isinstance(github, dict):
            return
        known = {"repository", "commit", "branch", "pr_number"} | (set() if self._legacy else {"commit_info"})
        yield from _unknown(github, known, "/github")
        yield from _required(github, ["repository"], "/github")
        repository = github.get("repository")
        if isinstance(repository, str):
            if not re.fullmatch(r"(https://[^/\x00-\x20\x7f]|git@github\.com:)[^\x00-\x20\x7f]*", repository):
                yield Finding("/github/repository", "not a URL that begins with https://", repository)
            elif len(repository) > 300:
                yield Finding("/github/repository", "longer than 300 characters", repository)
        elif repository is not None:
            yield Finding("/github/repository", "not a text", repository)
        yield from _text(github.get("commit"), "/github/commit", 50)
        yield from _text(github.get("branch"), "/github/branch", 510)
        if self._legacy and "commit" in github and not github["commit"]:
            yield Finding("/github/commit", "must not be empty (leave it out)", github["commit"])
        number = github.get("pr_number")
        is_number = isinstance(number, (int, float)) and not isinstance(number, bool) and number >= 0
        if number is not None and not is_number and not (
                isinstance(number, str) and re.fullmatch(r"[0-9]{0,18}", number)):
            yield Finding("/github/pr_number", "not a whole number", number)

    def _hardware(self, fields: Dict[str, Any]) -> Iterator[Finding]:
        machine, cluster = fields.get("machine_info"), fields.get("cluster_info")
        if machine is None and cluster is None:
            yield Finding("", "either machine_info or cluster_info is needed")
        if machine is not None and cluster is not None:
            yield Finding("", "machine_info and cluster_info cannot be used at the same time")
        if isinstance(machine, dict):
            yield from self._machine(machine)
        if isinstance(cluster, dict):
            place = "/cluster_info"
            yield from _unknown(cluster, {"name", "info", "optional_info"}, place)
            yield from _required(cluster, ["name", "info"] + (["optional_info"] if self._legacy else []), place)
            yield from _text(cluster.get("name"), f"{place}/name", 900)
            for name in ("info", "optional_info"):
                if cluster.get(name) is not None and not isinstance(cluster[name], dict):
                    yield Finding(f"{place}/{name}", "not an object", cluster[name])

    def _machine(self, machine: Dict[str, Any]) -> Iterator[Finding]:
        place = "/machine_info"
        every = {*MACHINE_TEXTS, *MACHINE_COUNTS, *MACHINE_LONG_COUNTS, "gpu_product_names"}
        yield from _unknown(machine, every, place)
        yield from _required(machine, sorted(every) if self._legacy else ["name"], place)
        for name in MACHINE_TEXTS:
            yield from _text(machine.get(name), f"{place}/{name}", 900 if name == "name" else None)
        if machine.get("name") == "":
            yield Finding(f"{place}/name", "is empty")
        for name in (*MACHINE_COUNTS, *MACHINE_LONG_COUNTS):
            limit = 2**31 - 1 if name in MACHINE_COUNTS else 9 * 10**18
            yield from _count(machine.get(name), f"{place}/{name}", 0, limit)
        names = machine.get("gpu_product_names")
        if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
            yield Finding(f"{place}/gpu_product_names", "not a list of texts", names)

    def _outcome(self, fields: Dict[str, Any]) -> Iterator[Finding]:
        stats, error = fields.get("stats"), fields.get("error")
        if stats is None and error is None:
            yield Finding("", "either stats or error is needed")
        if not isinstance(stats, dict):
            return
        place = "/stats"
        yield from _unknown(stats, {"data", "times", "unit", "time_unit", "iterations", *AGGREGATES}, place)
        yield from _required(stats, ["data"] + (["unit"] if self._legacy else []), place)
        for name in ("times", "time_unit", "iterations", *AGGREGATES) if self._legacy else ():
            if name in stats and stats[name] is None:
                yield Finding(f"{place}/{name}", "may not be null")
        for name in ("data", "times"):
            yield from _samples(stats.get(name), f"{place}/{name}", self._legacy)
        for name in ("unit", "time_unit"):
            yield from _text(stats.get(name), f"{place}/{name}", None)
        yield from _count(stats.get("iterations"), f"{place}/iterations", -2**31, 2**31 - 1)
        for name in AGGREGATES:
            if stats.get(name) is not None:
                yield from _number(stats[name], f"{place}/{name}", self._legacy)
        data, unit = stats.get("data"), stats.get("unit")
        is_good = error is None and isinstance(data, list) and data and None not in data
        if is_good and (unit is None or isinstance(unit, str)) and unit not in (*self._units, "b/s"):
            if not (unit is None and "unit" not in stats and self._legacy):  # said as missing
                yield Finding(f"{place}/unit", f"not one of {', '.join(self._units)}", "" if unit is None else unit)


def _unknown(fields: Dict[str, Any], known: "set[str]", place: str) -> Iterator[Finding]:
    for key in fields:
        if key not in known:
            yield Finding(f"{place}/{_escaped(key)}", "unknown field")


def _required(fields: Dict[str, Any], names: List[str], place: str) -> Iterator[Finding]:
    for name in names:
        if name not in fields:
            yield Finding(f"{place}/{name}", "is missing")
        elif fields[name] is None:
            yield Finding(f"{place}/{name}", "may not be null")


def _text(value: Any, pointer: str, characters_max: Optional[int]) -> Iterator[Finding]:
    if value is None:
        return
    if not isinstance(value, str):
        yield Finding(pointer, "not a text", value)
    elif characters_max is not None and len(value) > characters_max:
        yield Finding(pointer, f"longer than {characters_max} characters", value)


def _time(value: Any, legacy: bool) -> Iterator[Finding]:
    if value is None:
        return
    match = TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        yield Finding("/timestamp", "not an ISO 8601 date-time", value)
        return
    if not legacy and not RFC_3339.fullmatch(value.strip()):
        yield Finding("/timestamp", "not an RFC 3339 date-time with an offset", value)
        return
    month, day, hour, minute = (int(match[n]) for n in (2, 3, 4, 5))
    days = [31, 29 if _is_leap(int(match[1])) else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    if not (1 <= month <= 12 and 1 <= day <= days[month - 1] and hour < 24 and minute < 60
            and int(match[7] or 0) < 60):
        yield Finding("/timestamp", "there is no such time", value)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _tags(tags: Any) -> Iterator[Finding]:
    if not isinstance(tags, dict):
        return
    if tags.get("name") is None or tags["name"] == "":
        yield Finding("/tags/name", "is missing (the name of the benchmark)")
    for key, value in tags.items():
        if key == "":
            yield Finding("/tags/", "a key is empty")
        if isinstance(value, (dict, list)):
            yield Finding(f"/tags/{_escaped(key)}", "not a text, number or boolean", value)


def _run_tags(tags: Any) -> Iterator[Finding]:
    for key, value in tags.items() if isinstance(tags, dict) else []:
        if key == "":
            yield Finding("/run_tags/", "a key is empty")
        if not isinstance(value, str):
            yield Finding(f"/run_tags/{_escaped(key)}", "not a text", value)


def _samples(samples: Any, pointer: str, legacy: bool) -> Iterator[Finding]:
    if samples is None:
        return
    if not isinstance(samples, list):
        yield Finding(pointer, "not a list", samples)
        return
    if len(samples) > SAMPLES_MAX:
        yield Finding(pointer, f"more than {SAMPLES_MAX} samples", len(samples))
    for index, sample in enumerate(samples):
        if sample is not None:
            yield from _number(sample, f"{pointer}/{index}", legacy)


def _number(value: Any, pointer: str, legacy: bool) -> Iterator[Finding]:
    """A number, or a text that holds one, as Conbench's clients send them."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        yield Finding(pointer, "not a number", value)
    elif isinstance(value, str):
        if value.strip().lower().lstrip("+-") in ("nan", "inf", "infinity"):
            yield Finding(pointer, "not a finite number", value)
        elif not (LEGACY_NUMBER_TEXT if legacy else NUMBER_TEXT).fullmatch(value):
            yield Finding(pointer, "not a number", value)
        elif len(value) > NUMBER_CHARACTERS_MAX:
            yield Finding(pointer, f"longer than {NUMBER_CHARACTERS_MAX} characters", value)
        elif not math.isfinite(float(value)):
            yield Finding(pointer, "too large", value)


def _count(value: Any, pointer: str, least: int, most: int) -> Iterator[Finding]:
    if value is None:
        return
    found = list(_number(value, pointer, legacy=True))
    if found:
        yield Finding(pointer, "not a whole number", value)
        return
    whole = int(float(value)) if not isinstance(value, int) else value
    if isinstance(value, str) and not re.fullmatch(r"\s*[+-]?[0-9]+\s*", value):
        yield Finding(pointer, "not a whole number", value)
    elif not least <= whole <= most:
        yield Finding(pointer, f"not between {least} and {most}", value)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _short(value: Any) -> str:
    try:
        text = json.dumps(value)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."
