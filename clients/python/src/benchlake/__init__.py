"""benchlake's Python client: submit benchmark results, read histories and verdicts.

    from benchlake import Client

    client = Client("https://bench.example.org", token="...")
    client.submit({...})
    for sample in client.history(fingerprint="..."):
        print(sample["commit_hash"], sample["single_value_summary"])

The standard library is all it needs. `benchlake.pytest_plugin` sends what pytest measures, `benchlake.migration`
helps jobs that were written for Conbench.
"""
from ._version import __version__
from .client import BatchOutcome, Client, Outcome
from .errors import (AccessDenied, BenchlakeError, Conflict, Fault, Invalid, NotAnswered, NotFound, Problem,
                     SubmissionsFailed, Unavailable)
from .machine import detect_machine

__all__ = [
    "AccessDenied", "BatchOutcome", "BenchlakeError", "Client", "Conflict", "Fault", "Invalid", "NotAnswered",
    "NotFound", "Outcome", "Problem", "SubmissionsFailed", "Unavailable", "__version__", "detect_machine",
]
