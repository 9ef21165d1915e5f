"""TPC-H at scale factor 0.01: tables, queries and official answers, as tpch_data.py wrote them beside each other. Nothing of
it is committed: dbgen has a licence of its own."""
import datetime
import decimal
import json
import os
import pathlib
import re
from typing import Any, Dict, List, Sequence

import pyarrow
import pyarrow.parquet
from google.cloud import bigquery

from door import Door, EffectError, expect
from servers import ROOT

FOLDER = pathlib.Path(os.environ.get("BENCHLAKE_PERF_TPCH", ROOT / ".deps/bench-tpch/sf0.01"))
ROWS = {"region": 5, "nation": 25, "supplier": 100, "customer": 1_500, "part": 2_000, "partsupp": 8_000,
        "orders": 15_000, "lineitem": 60_175}
TOLERANCE = decimal.Decimal("1e-9")  # of an average; sums are exact, but a peer may compute them in binary


def bigquery_type(arrow_type: pyarrow.DataType) -> str:
    if pyarrow.types.is_integer(arrow_type):
        return "INT64"
    if pyarrow.types.is_decimal(arrow_type):
        return "NUMERIC"
    return "DATE" if pyarrow.types.is_date(arrow_type) else "STRING"


class Data:
    """What lies in FOLDER. Errors: SystemExit when it does not."""

    def __init__(self, folder: pathlib.Path = FOLDER):
        self.folder = folder
        said = folder / "tpch.json"
        if not said.is_file():
            raise SystemExit(f"TPC-H's data is missing (./dev perf makes it with bench/bigquery/tpch_data.py): {folder}")
        described = json.loads(said.read_text())
        self.queries: Dict[int, str] = {int(number): text for number, text in described["queries"].items()}
        self.answers: Dict[int, str] = {int(number): text for number, text in described["answers"].items()}
        self._loaded: List[Door] = []

    def load(self, door: Door) -> None:
        """All tables, once a door, by load jobs; afterwards each has all its rows."""
        if any(other is door for other in self._loaded):
            return
        for name, wanted in ROWS.items():
            path = self.folder / f"{name}.parquet"
            written = pyarrow.parquet.ParquetFile(path)
            expect(written.metadata.num_rows, wanted, f"rows of {name} at scale factor 0.01")
            fields = [bigquery.SchemaField(field.name, bigquery_type(field.type), "REQUIRED")
                      for field in written.schema_arrow]
            how = bigquery.LoadJobConfig(source_format=bigquery.SourceFormat.PARQUET, schema=fields)
            with open(path, "rb") as file:
                job = door.rest.load_table_from_file(file, f"{door.dataset}.{name}", job_config=how)
            expect(job.result().output_rows, wanted, f"rows that were loaded into {name}")
            expect(door.query(in_dataset(f"SELECT COUNT(*) FROM {name}", door.dataset)), [(wanted,)], f"rows of {name}")
        self._loaded.append(door)


def in_dataset(sql: str, dataset: str) -> str:
    """With whole names of tables: the peer does not look at a default data set. No column has a table's name."""
    return re.sub(rf"\b({'|'.join(ROWS)})\b", rf"`{dataset}.\1`", sql)


def expect_answer(rows: Sequence[tuple], answer: str) -> None:
    """`answer`: a header, then a line a row, fields parted by bars. Errors: EffectError."""
    wanted = [line.split("|") for line in answer.splitlines()[1:]]
    expect(len(rows), len(wanted), "rows of the answer")
    for row, line in zip(rows, wanted):
        if len(row) != len(line) or not all(is_same(value, text) for value, text in zip(row, line)):
            raise EffectError(f"not the official answer: {row}, wanted {line}")


def is_same(value: Any, text: str) -> bool:
    if isinstance(value, datetime.date):
        return value.isoformat() == text
    if isinstance(value, (int, float, decimal.Decimal)):
        number, wanted = decimal.Decimal(value), decimal.Decimal(text)
        return abs(number - wanted) <= TOLERANCE * max(1, abs(wanted))
    return str(value) == text
