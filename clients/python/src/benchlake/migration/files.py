"""Payload files: one submission a line (NDJSON), or one document, or an array of them."""
from __future__ import annotations

import dataclasses
import json
import os
import pathlib
from typing import Any, Dict, Iterable, Iterator, Union

Path = Union[str, "os.PathLike[str]"]


def write(results: Union[Any, Iterable[Any]], path: Path) -> int:
    """Writes results to a file, one a line, and gives their number. A result is a dictionary, a `BenchmarkResult` of
    benchadapt (or anything with its `to_publishable_dict`), or a dataclass; a list of them, or one alone. The JSON is
    what Conbench's client would have sent, key by key. The file is there whole, or not at all."""
    many = results if isinstance(results, Iterable) and not isinstance(results, dict) else [results]
    target = pathlib.Path(path)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    count = 0
    try:
        with open(partial, "w", encoding="utf-8") as file:
            for result in many:
                # allow_nan: a job's NaN is kept as its client sends it; `check` names it.
                file.write(json.dumps(_document(result)) + "\n")
                count += 1
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    return count


def _document(result: Any) -> Dict[str, Any]:
    publish = getattr(result, "to_publishable_dict", None)
    if publish is not None:
        result = publish()
    elif dataclasses.is_dataclass(result) and not isinstance(result, type):
        result = dataclasses.asdict(result)
    if not isinstance(result, dict):
        raise TypeError(f"a result is a dictionary or has to_publishable_dict(): {type(result).__name__}")
    return result


def read(path: Path) -> Iterator[Dict[str, Any]]:
    """The submissions of a file. Errors: ValueError, with the line."""
    text = pathlib.Path(path).read_text(encoding="utf-8")
    for line, document in documents(text):
        value = json.loads(document)
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, dict):
                raise ValueError(f"{os.fspath(path)}:{line}: a submission is an object: {one!r:.100}")
            yield one


def documents(text: str) -> Iterator["tuple[int, str]"]:
    """(line, text) of each JSON document: the whole text when it is one, else each line that is not blank."""
    if not _is_json(text):
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        if len(lines) > 1 and _is_json(lines[0][1]):
            yield from lines
            return
    if text.strip():
        yield 1, text


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
