"""Another program at a Delta table: deltalake (delta-rs), DuckDB or chDB. Run by tests, one command a process.

  rows FOLDER SQL [VERSION]   prints the lines of a SELECT over the table `t`, sorted
  create FOLDER ROWS          makes a table (id, name) of one file
  append FOLDER FROM ROWS [TIMES]
  append_file FOLDER PARQUET  the rows of a file; makes the table where none is
  compact FOLDER              many small files into one
  delete FOLDER PREDICATE
  checkpoint FOLDER
  duckdb FOLDER EXTENSION SQL  runs it by DuckDB, with the table attached as `t`
  chdb FOLDER SQL             as rows, but by chDB
"""
import sys


def table(first, count):
    import arro3.core as arrow
    ids = list(range(first, first + count))
    names = [None if i % 5 == 0 else f"name {i}" for i in ids]
    return arrow.Table.from_pydict({
        "id": arrow.Array(ids, type=arrow.DataType.int64()),
        "name": arrow.Array(names, type=arrow.DataType.string()),
    })


def rows(folder, sql, version=None):
    from deltalake import DeltaTable, QueryBuilder
    there = DeltaTable(folder, version=int(version) if version else None)
    answer = QueryBuilder().register("t", there).execute(sql).read_all()
    for line in sorted(value.as_py() for value in answer.column(0)):
        print(line)


def create(folder, count):
    from deltalake import write_deltalake
    write_deltalake(folder, table(0, int(count)))


def append(folder, first, count, times="1"):
    from deltalake import write_deltalake
    for i in range(int(times)):
        write_deltalake(folder, table(int(first) + i * int(count), int(count)), mode="append")


def append_file(folder, path):
    import duckdb as engine
    from deltalake import write_deltalake
    write_deltalake(folder, engine.sql(f"SELECT * FROM '{path}'"), mode="append")


def compact(folder):
    from deltalake import DeltaTable
    DeltaTable(folder).optimize.compact()


def delete(folder, predicate):
    from deltalake import DeltaTable
    DeltaTable(folder).delete(predicate)


def checkpoint(folder):
    from deltalake import DeltaTable
    DeltaTable(folder).create_checkpoint()


def duckdb(folder, extension, sql):
    import duckdb as engine
    session = engine.connect()
    session.execute(f"LOAD '{extension}'")
    session.execute(f"ATTACH '{folder}' AS t (TYPE delta)")
    session.execute(sql)


def chdb(folder, sql):
    import os

    import chdb as engine
    os.chdir("/")  # it reads below the folder that it runs in
    answer = engine.query(sql.replace(" FROM t", f" FROM deltaLakeLocal('{folder}')"), "TSVRaw")
    for line in sorted(str(answer).splitlines()):
        print(line)


if __name__ == "__main__":
    commands = {one.__name__: one for one in (rows, create, append, append_file, compact, delete, checkpoint, duckdb, chdb)}
    commands[sys.argv[1]](*sys.argv[2:])
