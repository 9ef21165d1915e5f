"""A long query delays no other request. What is compared is the order of events, never the clock: all others have
their answers while the long ones still run, and these end when they are cancelled, not by themselves."""
import concurrent.futures
import pathlib
from typing import Callable, Dict, Iterator, List

import pytest
from bigquery_door import Door, create, expected, id_of, read_ids, request_of, send, session_of, template
from google.api_core import exceptions
from google.cloud import bigquery
from google.cloud.bigquery_storage_v1 import writer

ROUNDS = 10


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    running = Door(tmp_path_factory.mktemp("long-query"))
    yield running
    running.close()


def states(door: Door, jobs: List[bigquery.QueryJob]) -> List[str]:
    return [str(door.rest.get_job(job.job_id).state) for job in jobs]


def start_long_ones(door: Door, table: str) -> List[bigquery.QueryJob]:
    """Each would take minutes: one in every thread of the engine, over rows of the table; one in a single thread."""
    no_cache = bigquery.QueryJobConfig(use_query_cache=False)
    pairs = ("UNNEST(GENERATE_ARRAY(1, 1000000)) AS a, UNNEST(GENERATE_ARRAY(1, 100000)) AS b, "
             f"`{id_of(table)}` AS t")
    jobs = [door.rest.query(text, job_config=no_cache) for text in (
        f"SELECT COUNT(*) FROM {pairs} WHERE MOD(a * b + t.id, 7) = 3",
        f"SELECT MOD(a + b, 1000) AS k, SUM(a * b + t.id) FROM {pairs} GROUP BY k",
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT COUNT(*) FROM n")]
    while states(door, jobs) != ["RUNNING"] * len(jobs):
        assert "DONE" not in states(door, jobs)
    return jobs


def test_long_queries_delay_nobody_and_end_when_they_are_cancelled(door: Door) -> None:
    table = door.table()
    send(door, table + "/streams/_default", range(100))
    jobs = start_long_ones(door, table)
    shown, streamed = door.table(), door.table()
    stream = create(door, streamed, "COMMITTED")
    no_cache = bigquery.QueryJobConfig(use_query_cache=False)
    connection = writer.AppendRowsStream(door.write, template(stream, "arrow"))

    def insert(number: int) -> None:
        assert door.rest.insert_rows_json(id_of(shown), [{"id": number, "name": f"row {number}"}]) == []

    def read_page(_: int) -> None:
        assert door.rows(table) == expected(range(100))

    def append(number: int) -> None:
        ids = range(number * 10, number * 10 + 10)
        assert connection.send(request_of(ids, "arrow", number * 10)).result(timeout=60).append_result.offset == ids[0]

    def ask(number: int) -> None:
        rows = door.rest.query_and_wait(f"SELECT id + {number} AS n FROM `{id_of(table)}` WHERE id = 7", job_config=no_cache)
        assert [row.n for row in rows] == [7 + number]

    def read_session(_: int) -> None:
        assert read_ids(door, session_of(door, table)) == list(range(100))

    def change(number: int) -> None:
        name = f"p.d.made_{number}"
        door.rest.create_table(bigquery.Table(name, [bigquery.SchemaField("x", "INT64")]))
        door.rest.query_and_wait(f"INSERT INTO `{name}` VALUES ({number})")
        door.rest.delete_table(name)

    work: Dict[str, Callable[[int], None]] = {
        "insertAll": insert, "tabledata.list": read_page, "AppendRows": append, "a small query": ask,
        "ReadRows": read_session, "tables": change}

    def all_rounds(kind: str) -> str:
        for number in range(ROUNDS):
            work[kind](number)
        return kind

    # The others come at once, and are done while the long ones run.
    with concurrent.futures.ThreadPoolExecutor(len(work)) as pool:
        done = list(pool.map(all_rounds, work))
    still = states(door, jobs)
    connection.close()
    assert done == list(work) and still == ["RUNNING"] * len(jobs)
    assert door.rows(shown) == expected(range(ROUNDS))
    assert door.rows(streamed) == expected(range(ROUNDS * 10))

    for job in jobs:
        assert job.cancel()
    for job in jobs:
        with pytest.raises(exceptions.GoogleAPICallError):
            job.result(timeout=60, job_retry=None)
        ended = door.rest.get_job(job.job_id)
        assert ended.state == "DONE" and ended.error_result["reason"] == "stopped"
    assert [row.n for row in door.rest.query_and_wait("SELECT 1 AS n")] == [1]


def test_a_server_with_a_long_query_ends_and_comes_back(tmp_path: pathlib.Path) -> None:
    door = Door(tmp_path)
    table = door.table()
    send(door, table + "/streams/_default", range(10))
    jobs = start_long_ones(door, table)
    door.close()
    door = Door(tmp_path)
    try:
        for job in jobs:
            ended = door.rest.get_job(job.job_id)
            assert ended.state == "DONE" and ended.error_result["reason"] == "stopped"
        assert door.rows(table) == expected(range(10))
    finally:
        door.close()
