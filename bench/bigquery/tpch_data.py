#!/usr/bin/env python3
"""usage: tpch_data.py FOLDER. Writes TPC-H at scale factor 0.01 there, made by DuckDB's dbgen (dev.d/bench-tpch.txt): a Parquet
file for each table, and tpch.json with the queries' texts and the official answers."""
import json
import pathlib
import sys

import duckdb
import duckdb_extension_tpch

QUERIES = (1, 3, 5, 6, 10)


def main(folder: pathlib.Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    engine = duckdb.connect()
    extension = next(pathlib.Path(duckdb_extension_tpch.__file__).parent.rglob("tpch.duckdb_extension"))
    engine.execute(f"LOAD '{extension}'")
    engine.execute("CALL dbgen(sf=0.01)")
    for (table,) in engine.execute("SELECT table_name FROM duckdb_tables()").fetchall():
        engine.execute(f"COPY {table} TO '{folder / table}.parquet' (FORMAT parquet)")
    queries = dict(engine.execute("SELECT query_nr, query FROM tpch_queries()").fetchall())
    answers = dict(engine.execute("SELECT query_nr, answer FROM tpch_answers() WHERE scale_factor = 0.01").fetchall())
    text = json.dumps({"queries": {number: queries[number].strip().rstrip(";") for number in QUERIES},
                       "answers": {number: answers[number] for number in QUERIES}}, indent=1)
    (folder / "tpch.json").write_text(text + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
