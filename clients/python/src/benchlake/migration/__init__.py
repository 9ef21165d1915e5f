"""Moves Python jobs that were written for Conbench, without changing what they say of a result.

`record` runs a job as it is and keeps what it would have sent; `write` keeps what a job hands over; `check` names
everything in such files that a server would refuse. The files are read by `benchlake submit` and by
`Client.submit_many(read(path))`. The recipe: docs/moving-a-submitter.md."""
from .check import Finding, check_document, check_file, known_units
from .files import read, write
from .record import Recorder

__all__ = ["Finding", "Recorder", "check_document", "check_file", "known_units", "read", "write"]
