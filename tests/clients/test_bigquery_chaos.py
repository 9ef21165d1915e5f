"""What may go wrong around a server that speaks BigQuery (docs/testing.md, "What proves that the BigQuery door stands"):
each scenario asserts that an invariant holds, that the failure is a clean one that the docs have, or that the server
does less and goes on. BENCHLAKE_CHAOS_SEED (0) decides sizes and orders, BENCHLAKE_CHAOS_TIMEOUT (60) is the most
seconds of one scenario. Threads meet at barriers; a server is ready when it has said so."""
import concurrent.futures
import contextlib
import json
import os
import pathlib
import random
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import threading
import types as python_types
import urllib.parse
from typing import Any, Callable, Iterator, List, Optional

import grpc
import pyarrow
import pytest
from bigquery_door import (Door, create, expected, id_of, read_ids, request_of, send, session_of, template)
from google.api_core import exceptions
from google.cloud import bigquery
from google.cloud.bigquery_storage_v1 import types, writer
from google.cloud.bigquery_storage_v1.exceptions import StreamClosedError
from product import PROGRAM, clean_environment

SEED = int(os.environ.get("BENCHLAKE_CHAOS_SEED", "0"))
SECONDS_MAX = int(os.environ.get("BENCHLAKE_CHAOS_TIMEOUT", "60"))
ENDLESS = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT i AS id FROM n"


@pytest.fixture(scope="module", autouse=True)
def seed_is_said(request: pytest.FixtureRequest) -> None:
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\nBENCHLAKE_CHAOS_SEED={SEED}")


@pytest.fixture(autouse=True)
def time_is_bounded() -> Iterator[None]:
    def too_long(_: int, __: Optional[python_types.FrameType]) -> None:
        raise TimeoutError(f"a scenario takes more than {SECONDS_MAX} s")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(SECONDS_MAX)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    running = Door(tmp_path_factory.mktemp("chaos"))
    yield running
    running.close()


@pytest.fixture
def own_door(tmp_path: pathlib.Path) -> Iterator[Callable[[], Door]]:
    """Starts a server on a folder of the test's own, again and again."""
    with contextlib.ExitStack() as ends:
        def start() -> Door:
            made = Door(tmp_path)
            ends.callback(made.close)
            return made

        yield start


def at_once(count: int, work: Callable[[int], Any]) -> List[Any]:
    """`work` in `count` threads, which begin together."""
    barrier = threading.Barrier(count)

    def one(number: int) -> Any:
        barrier.wait()
        return work(number)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


# Concurrency -------------------------------------------------------------------------------------


def test_1000_retries_of_one_append_offset_give_one_ok_and_999_already_exists(door: Door, chance: random.Random) -> None:
    """40 connections, 25 requests each, none waiting for another's answer."""
    table = door.table()
    stream = create(door, table, "COMMITTED")
    size = chance.randint(1, 20)

    def retry(_: int) -> List[str]:
        connection = writer.AppendRowsStream(door.write, template(stream, "proto"))
        futures = [connection.send(request_of(range(size), "proto", 0)) for _ in range(25)]
        outcomes = []
        for future in futures:
            try:
                future.result(timeout=60)
                outcomes.append("ok")
            except exceptions.AlreadyExists:
                outcomes.append("already exists")
        connection.close()
        return outcomes

    outcomes = sum(at_once(40, retry), [])
    assert sorted(set(outcomes)) == ["already exists", "ok"] and outcomes.count("ok") == 1 and len(outcomes) == 1000
    assert door.rows(table) == expected(range(size))


def test_a_snapshot_reader_is_isolated_from_a_concurrent_writer(door: Door, chance: random.Random) -> None:
    table = door.table()
    before = chance.randint(100, 2_000)
    send(door, table + "/streams/_default", range(before), "arrow")
    session = session_of(door, table)

    def read_or_write(number: int) -> Optional[List[int]]:
        if number % 2 == 0:
            return read_ids(door, session)
        for _ in range(3):
            send(door, table + "/streams/_default", range(before + number * 10, before + number * 10 + 10), "arrow")
        if number == 1:
            door.rest.query_and_wait(f"DELETE FROM `{id_of(table)}` WHERE MOD(id, 3) = 0")
        return None

    for read in at_once(8, read_or_write):
        assert read is None or read == list(range(before))
    assert read_ids(door, session) == list(range(before))


def test_many_readers_of_one_question_are_given_the_same_rows(door: Door, chance: random.Random) -> None:
    """In place of stale materialised views, which are refused by name: answers are kept, and a change of the rows
    ends that for everybody."""
    table = door.table()
    count = chance.randint(10, 500)
    send(door, table + "/streams/_default", range(count))
    text = f"SELECT COUNT(*) AS n FROM `{id_of(table)}`"
    for rows in (count, count + 5):
        answers = at_once(16, lambda _: [row.n for row in door.rest.query_and_wait(text)])
        assert answers == [[rows]] * 16
        send(door, table + "/streams/_default", range(count, count + 5))
    with pytest.raises(exceptions.BadRequest, match="(?i)not supported: materialized"):
        door.rest.query_and_wait(f"CREATE MATERIALIZED VIEW d.v AS {text}")


def test_delete_of_a_table_mid_append_does_not_corrupt_committed_state(door: Door, chance: random.Random) -> None:
    kept, dropped = door.table(), door.table()
    send(door, kept + "/streams/_default", range(50))
    stream = create(door, dropped, "COMMITTED")
    connection = writer.AppendRowsStream(door.write, template(stream, "proto"))
    drop_at = chance.randint(1, 30)
    first = connection.send(request_of(range(10), "proto", 0)).result(timeout=60)
    assert first.append_result.offset == 0
    futures = []
    for number in range(1, 60):
        if number == drop_at:
            dropper = threading.Thread(target=door.rest.delete_table, args=(id_of(dropped),))
            dropper.start()
        with contextlib.suppress(exceptions.GoogleAPICallError, StreamClosedError):  # the connection has ended
            futures.append(connection.send(request_of(range(number * 10, number * 10 + 10), "proto", number * 10)))
    dropper.join()
    refused = 0
    for future in futures:
        try:
            future.result(timeout=60)
            assert refused == 0, "taken behind one that was refused"
        except exceptions.GoogleAPICallError:
            refused += 1
    with contextlib.suppress(StreamClosedError):
        connection.close()
    with pytest.raises(exceptions.GoogleAPICallError):
        send(door, stream, range(1), "proto", 600)
    with pytest.raises(exceptions.NotFound):
        door.rows(dropped)
    # Another table has the name: it begins empty, and old streams do not reach it.
    door.rest.create_table(bigquery.Table(id_of(dropped), [bigquery.SchemaField("id", "INT64", "REQUIRED"),
                                                          bigquery.SchemaField("name", "STRING")]))
    with pytest.raises(exceptions.GoogleAPICallError):
        send(door, stream, range(1), "proto")
    assert door.rows(dropped) == []
    assert door.rows(kept) == expected(range(50))


def test_a_table_dropped_between_validate_and_commit_leaves_other_streams_intact(door: Door) -> None:
    kept, dropped = door.table(), door.table()
    streams = {}
    for table in (kept, dropped):
        streams[table] = create(door, table, "PENDING")
        send(door, streams[table], range(10), "proto", 0)
        assert door.write.finalize_write_stream(name=streams[table]).row_count == 10
    door.rest.delete_table(id_of(dropped))
    refused = None
    try:
        answer = door.write.batch_commit_write_streams(request={"parent": dropped, "write_streams": [streams[dropped]]})
        refused = bool(answer.stream_errors) and "commit_time" not in answer
    except exceptions.GoogleAPICallError as error:
        refused = error.code == 404
    assert refused
    assert door.rows(kept) == []
    committed = door.write.batch_commit_write_streams(request={"parent": kept, "write_streams": [streams[kept]]})
    assert not committed.stream_errors
    assert door.rows(kept) == expected(range(10))


def test_a_commit_validation_failure_leaves_other_streams_intact(door: Door) -> None:
    table = door.table()
    ready, open_one, committed = (create(door, table, kind) for kind in ("PENDING", "PENDING", "COMMITTED"))
    send(door, ready, range(10), "proto", 0)
    send(door, open_one, range(10, 20), "proto", 0)
    door.write.finalize_write_stream(name=ready)
    codes = types.StorageError.StorageErrorCode
    for wrong, code in ((open_one, codes.INVALID_STREAM_STATE), (committed, codes.INVALID_STREAM_TYPE),
                        (table + "/streams/none", codes.STREAM_NOT_FOUND)):
        answer = door.write.batch_commit_write_streams(request={"parent": table, "write_streams": [ready, wrong]})
        assert [error.code for error in answer.stream_errors] == [code]
        assert door.rows(table) == []
    send(door, open_one, range(20, 30), "proto", 10)
    door.write.finalize_write_stream(name=open_one)
    done = door.write.batch_commit_write_streams(request={"parent": table, "write_streams": [ready, open_one]})
    assert not done.stream_errors
    assert door.rows(table) == expected(range(30))


# Networks ----------------------------------------------------------------------------------------


def test_cancel_mid_stream_gives_the_place_back(door: Door) -> None:
    """24 streams are read at once; clients that go, in the middle of one, take no place for long."""
    table = door.table()
    for start in range(0, 300_000, 100_000):
        send(door, table + "/streams/_default", range(start, start + 100_000), "arrow")
    session = session_of(door, table)
    for _ in range(60):
        while True:
            call = door.read.transport.read_rows(types.ReadRowsRequest(read_stream=session.streams[0].name))
            try:
                assert next(call).row_count > 0
                break
            except grpc.RpcError as error:
                # Those that went may be still on their way out.
                assert error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)
        call.cancel()
    assert read_ids(door, session) == list(range(300_000))


def test_arrow_ipc_batches_are_independently_readable(door: Door, chance: random.Random) -> None:
    table = door.table()
    for start in range(0, 400_000, 100_000):
        send(door, table + "/streams/_default", range(start, start + 100_000), "arrow")
    session = session_of(door, table)
    messages = list(door.read.read_rows(session.streams[0].name))
    assert len(messages) > 2
    chance.shuffle(messages)
    schema = pyarrow.ipc.read_schema(pyarrow.py_buffer(session.arrow_schema.serialized_schema))
    found: List[int] = []
    for message in messages:
        batch = pyarrow.ipc.read_record_batch(
            pyarrow.py_buffer(message.arrow_record_batch.serialized_record_batch), schema)
        assert batch.num_rows == message.row_count
        found += batch.column(0).to_pylist()
    assert sorted(found) == list(range(400_000))


def test_a_request_that_is_cut_off_adds_no_row(door: Door, chance: random.Random) -> None:
    table = door.table()
    dataset, name = id_of(table).split(".")[1:]
    rows = [{"json": {"id": number, "name": f"row {number}"}} for number in range(100)]
    body = json.dumps({"rows": rows}).encode()
    address = urllib.parse.urlsplit(door.server.url)
    head = (f"POST /bigquery/v2/projects/p/datasets/{dataset}/tables/{name}/insertAll HTTP/1.1\r\nHost: x\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    for _ in range(20):
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(head + body[:chance.randint(0, len(body) - 1)])
    assert door.rows(table) == []
    assert door.rest.insert_rows_json(id_of(table), [{"id": 1, "name": "row 1"}]) == []
    assert door.rows(table) == expected(range(1, 2))


# Crashes -----------------------------------------------------------------------------------------


def test_committed_ddl_survives_sigkill(own_door: Callable[[], Door], chance: random.Random) -> None:
    door = own_door()
    table = door.table()
    send(door, table + "/streams/_default", range(10))
    names = [f"p.d.made_{number}" for number in range(chance.randint(3, 8))]
    for number, name in enumerate(names):
        door.rest.query_and_wait(f"CREATE TABLE `{name}` AS SELECT {number} AS x")
    door.rest.query_and_wait(f"ALTER TABLE `{names[0]}` ADD COLUMN more STRING")
    door.rest.query_and_wait(f"DROP TABLE `{names[1]}`")
    door.rest.query_and_wait(f"CREATE VIEW d.shown AS SELECT x FROM `{names[2]}`")
    door.kill()
    door = own_door()
    listed = {item.table_id for item in door.rest.list_tables("p.d")}
    assert listed == {name.split(".")[2] for name in names} - {"made_1"} | {"shown", table.rsplit("/", 1)[1]}
    assert [field.name for field in door.rest.get_table(names[0]).schema] == ["x", "more"]
    assert [row.x for row in door.rest.query_and_wait("SELECT x FROM d.shown")] == [2]
    assert door.rows(table) == expected(range(10))


def test_a_kill_before_ddl_is_committed_leaves_a_clean_state(own_door: Callable[[], Door]) -> None:
    door = own_door()
    door.rest.create_dataset("p.d")
    job = door.rest.query(f"CREATE TABLE d.never AS {ENDLESS}")
    while door.rest.get_job(job.job_id).state != "RUNNING":
        pass
    door.kill()
    door = own_door()
    assert list(door.rest.list_tables("p.d")) == []
    with pytest.raises(exceptions.NotFound):
        door.rest.get_table("p.d.never")
    ended = door.rest.get_job(job.job_id)
    assert ended.state == "DONE" and ended.error_result["reason"] == "stopped"
    door.rest.query_and_wait("CREATE TABLE d.never AS SELECT 1 AS x")
    assert [row.x for row in door.rest.list_rows("p.d.never")] == [1]


def test_what_insert_all_acknowledged_survives_sigkill(own_door: Callable[[], Door], chance: random.Random) -> None:
    door = own_door()
    table = door.table()
    acknowledged: List[int] = []
    asked: List[int] = []
    lock = threading.Lock()
    enough, killed = threading.Event(), threading.Event()
    kill_at = chance.randint(20, 200)
    url = f"/bigquery/v2/projects/p/datasets/d/tables/{table.rsplit('/', 1)[1]}/insertAll"

    def insert(thread: int) -> None:
        number = thread * 1_000_000
        while not killed.is_set():
            number += 1
            with lock:
                asked.append(number)
            try:
                answer = door.server.ask("POST", url, {"rows": [{"json": {"id": number, "name": f"row {number}"}}]})
            except OSError:
                return
            except Exception:  # half an answer
                return
            if answer.status == 200 and "insertErrors" not in answer.json():
                with lock:
                    acknowledged.append(number)
                    if len(acknowledged) >= kill_at:
                        enough.set()

    threads = [threading.Thread(target=insert, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    enough.wait()
    door.kill()
    killed.set()
    for thread in threads:
        thread.join()
    door = own_door()
    found = [row for row, _ in door.rows(table)]
    assert set(acknowledged) <= set(found) <= set(asked) and len(found) == len(set(found))


# Storage -----------------------------------------------------------------------------------------


def test_an_export_is_refused_by_name(door: Door) -> None:
    """In place of an export to an unwritable path: the server writes to no path of a client's."""
    with pytest.raises(exceptions.GoogleAPICallError, match="not supported: extract jobs") as refused:
        door.rest.extract_table(id_of(door.table()), "gs://nowhere/rows.csv").result(job_retry=None)
    assert 400 <= int(refused.value.code) < 500
    with pytest.raises(exceptions.BadRequest, match="not supported|EXPORT"):
        door.rest.query_and_wait("EXPORT DATA OPTIONS(uri='/proc/rows') AS SELECT 1 AS x")


def test_a_copy_to_an_unwritable_target_fails_and_changes_nothing(door: Door) -> None:
    table = door.table()
    send(door, table + "/streams/_default", range(10))
    for target, error in (("p.benchlake.mine", exceptions.GoogleAPICallError), ("p.nowhere.mine", exceptions.NotFound)):
        with pytest.raises(error) as refused:
            door.rest.copy_table(id_of(table), target).result(timeout=60)
        assert 400 <= int(refused.value.code) < 500
        with pytest.raises(exceptions.NotFound):
            door.rest.get_table(target)
    assert door.rows(table) == expected(range(10))


def test_a_second_server_on_a_locked_data_folder_is_refused(own_door: Callable[[], Door], tmp_path: pathlib.Path) -> None:
    door = own_door()
    table = door.table()
    send(door, table + "/streams/_default", range(10))
    second = subprocess.run([PROGRAM, "serve", "--data", str(door.server.data), "--http", "127.0.0.1:0"],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment({}),
                            timeout=SECONDS_MAX)
    assert second.returncode > 0 and '"http"' not in second.stdout
    assert re.search(r"another|in use|locked|already", second.stderr), second.stderr
    send(door, table + "/streams/_default", range(10, 20))
    assert door.rows(table) == expected(range(20))


def test_a_corrupt_row_of_the_catalogue_is_named_and_the_rest_is_served(own_door: Callable[[], Door]) -> None:
    """Strict and lenient at once: asking for the broken table says which it is, the others are as they were."""
    door = own_door()
    good, bad = door.table(), door.table()
    for table in (good, bad):
        send(door, table + "/streams/_default", range(10))
    bad_name = bad.rsplit("/", 1)[1]
    door.close()
    (store,) = [path for path in door.server.data.rglob("*") if path.is_file() and is_store(path)]
    with contextlib.closing(sqlite3.connect(store)) as database, database:
        changed = database.execute("UPDATE bl_bq_tables SET schema = '{' WHERE name = ?", (bad_name,))
        assert changed.rowcount == 1
    door = own_door()
    answer = door.server.ask("GET", f"/bigquery/v2/projects/p/datasets/d/tables/{bad_name}")
    assert answer.status == 500 and bad_name in answer.json()["error"]["message"]
    assert door.rows(good) == expected(range(10))
    send(door, good + "/streams/_default", range(10, 20))
    assert door.rows(good) == expected(range(20))


def is_store(path: pathlib.Path) -> bool:
    with open(path, "rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            return False
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return bool(database.execute("SELECT 1 FROM sqlite_master WHERE name = 'bl_bq_tables'").fetchall())


# Resources ---------------------------------------------------------------------------------------


def test_a_low_cap_of_file_descriptors_ends_nothing(own_door: Callable[[], Door]) -> None:
    """More connections than descriptors: those that are there are served, and when others go, all is as before."""
    door = own_door()
    table = door.table()
    send(door, table + "/streams/_default", range(10))
    assert door.rest.insert_rows_json(id_of(table), [{"id": 10, "name": "row 10"}]) == []
    pid = door.server.process_id
    open_now = len(os.listdir(f"/proc/{pid}/fd"))
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_now + 20, before[1]))
    address = urllib.parse.urlsplit(door.server.url)
    with contextlib.ExitStack() as connections:
        for _ in range(100):
            connections.enter_context(socket.create_connection((address.hostname, address.port)))
        # Whoever is asked now answers, or says that it cannot; it does not take rows that it loses.
        url = f"/bigquery/v2/projects/p/datasets/d/tables/{table.rsplit('/', 1)[1]}/insertAll"
        taken = False
        with contextlib.suppress(exceptions.GoogleAPICallError, OSError):
            connection = writer.AppendRowsStream(door.write, template(table + "/streams/_default", "proto"))
            connection.send(request_of(range(11, 12), "proto")).result(timeout=10)
            taken = True
    rows = expected(range(12 if taken else 11))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    assert door.server.ask("POST", url, {"rows": [{"json": {"id": 12, "name": "row 12"}}]}).status == 200
    assert door.rows(table) == sorted(rows + expected(range(12, 13)))
    door.kill()
    door = own_door()
    assert door.rows(table) == sorted(rows + expected(range(12, 13)))


def test_geography_is_refused_by_name(door: Door) -> None:
    """In place of a spatial extension that is not there."""
    for text in ("SELECT ST_GEOGPOINT(1, 2)", "CREATE TABLE d.g (where_ GEOGRAPHY)"):
        with pytest.raises(exceptions.BadRequest, match="not supported|GEOGRAPHY|ST_GEOGPOINT"):
            door.rest.query_and_wait(text)
