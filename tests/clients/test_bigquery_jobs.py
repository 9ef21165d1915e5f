"""Queries, jobs and loads: the official Python client, as it is, against the BigQuery door."""
import datetime
import decimal
import gzip
import io
import time
import uuid
from typing import Any, Iterator, List

import pytest

bigquery = pytest.importorskip("google.cloud.bigquery")
from google.api_core import exceptions  # noqa: E402
from google.auth.credentials import AnonymousCredentials  # noqa: E402
from product import Server  # noqa: E402

SLOW = ("WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) SELECT COUNT(*) FROM n")
NO_CACHE = bigquery.QueryJobConfig(use_query_cache=False)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("bigquery"), "", {"BENCHLAKE_BIGQUERY_OPEN": "true"})
    yield running
    running.stop()


@pytest.fixture(scope="module")
def client(server: Server) -> Any:
    return bigquery.Client(project="p", credentials=AnonymousCredentials(),
                           client_options={"api_endpoint": server.url})


@pytest.fixture
def dataset(client: Any) -> str:
    name = "d_" + uuid.uuid4().hex[:12]
    client.create_dataset(name)
    return name


def rows(answer: Any) -> List[tuple]:
    return [tuple(row.values()) for row in answer]


def test_both_ways_of_asking_give_the_rows(client: Any) -> None:
    sql = "SELECT x, CONCAT('n', CAST(x AS STRING)) AS s FROM UNNEST([1, 2, 3]) AS x ORDER BY x"
    expected = [(1, "n1"), (2, "n2"), (3, "n3")]
    assert rows(client.query_and_wait(sql)) == expected
    job = client.query(sql)
    assert rows(job.result()) == expected
    assert job.state == "DONE" and job.statement_type == "SELECT" and job.error_result is None
    assert [field.name for field in job.result().schema] == ["x", "s"]


def test_every_type_arrives_as_python_has_it(client: Any) -> None:
    row = rows(client.query_and_wait(
        "SELECT 1, 1.5, TRUE, 'a', b'\\x00\\xff', NUMERIC '1.25', BIGNUMERIC '2.5', DATE '2024-02-29', TIME '10:11:12.5', "
        "DATETIME '2024-02-29 10:11:12', TIMESTAMP '2024-02-29 10:11:12+02', [1, 2], STRUCT(1 AS a, 'b' AS b), "
        "JSON '{\"k\": [1]}', CAST('NaN' AS FLOAT64), NULL"))[0]
    utc = datetime.timezone.utc
    assert row[:14] == (
        1, 1.5, True, "a", b"\x00\xff", decimal.Decimal("1.25"), decimal.Decimal("2.5"), datetime.date(2024, 2, 29),
        datetime.time(10, 11, 12, 500000), datetime.datetime(2024, 2, 29, 10, 11, 12),
        datetime.datetime(2024, 2, 29, 8, 11, 12, tzinfo=utc), [1, 2], {"a": 1, "b": "b"}, {"k": [1]})
    assert row[14] != row[14] and row[15] is None


@pytest.mark.parametrize("kind,value", [
    ("INT64", -7), ("FLOAT64", 2.25), ("BOOL", False), ("STRING", "it's \"so\"\n"), ("BYTES", b"\x00\x01'"),
    ("NUMERIC", decimal.Decimal("123456789.987654321")), ("DATE", datetime.date(1999, 12, 31)),
    ("TIME", datetime.time(1, 2, 3, 4)), ("DATETIME", datetime.datetime(2024, 1, 2, 3, 4, 5, 6)),
    ("TIMESTAMP", datetime.datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc)), ("STRING", None)])
def test_parameters_of_each_type(client: Any, kind: str, value: Any) -> None:
    named = bigquery.QueryJobConfig(query_parameters=[bigquery.ScalarQueryParameter("p", kind, value)])
    assert rows(client.query_and_wait("SELECT @p", job_config=named)) == [(value,)]
    positional = bigquery.QueryJobConfig(query_parameters=[bigquery.ScalarQueryParameter(None, kind, value)])
    assert rows(client.query("SELECT ?", job_config=positional).result()) == [(value,)]
    if value is not None:
        array = bigquery.QueryJobConfig(query_parameters=[bigquery.ArrayQueryParameter("p", kind, [value, value])])
        assert rows(client.query_and_wait("SELECT @p", job_config=array)) == [([value, value],)]


def test_a_struct_as_parameter(client: Any) -> None:
    config = bigquery.QueryJobConfig(query_parameters=[bigquery.StructQueryParameter(
        "p", bigquery.ScalarQueryParameter("x", "INT64", 3), bigquery.ArrayQueryParameter("l", "STRING", ["a", "b"]))])
    assert rows(client.query_and_wait("SELECT @p.x, ARRAY_LENGTH(@p.l), @p", job_config=config)) == [
        (3, 2, {"x": 3, "l": ["a", "b"]})]


def test_pages_do_not_overlap(client: Any) -> None:
    job = client.query("SELECT x FROM UNNEST(GENERATE_ARRAY(1, 25000)) AS x ORDER BY x")
    pages = [[row.x for row in page] for page in job.result(page_size=4000).pages]
    assert [len(page) for page in pages] == [4000] * 6 + [1000]
    assert sum(pages, []) == list(range(1, 25001))
    # A job that has a page keeps it, and passes over start_index and max_results.
    assert [row.x for row in client.get_job(job.job_id).result(start_index=24998)] == [24999, 25000]
    assert [row.x for row in client.get_job(job.job_id).result(max_results=2)] == [1, 2]
    assert [row.x for row in client.get_job(job.job_id).result(max_results=1)] == [1]
    assert job.to_dataframe(create_bqstorage_client=False)["x"].sum() == 312512500


def test_data_frames_of_answers_with_nothing_said_about_how(client: Any) -> None:
    """A job that said its destinationTable would make this client ask Google's own Storage API."""
    text = "SELECT x, CONCAT('n', CAST(x AS STRING)) AS s FROM UNNEST(GENERATE_ARRAY(1, 250000)) AS x"
    for frame in (client.query(text).to_dataframe(), client.query_and_wait(text).to_dataframe()):
        assert len(frame) == 250_000 and frame["x"].sum() == 250_000 * 250_001 // 2
    assert client.query(text).to_arrow().num_rows == 250_000


def test_a_dry_run_says_the_schema_and_runs_nothing(client: Any) -> None:
    job = client.query("SELECT 1 AS one", job_config=bigquery.QueryJobConfig(dry_run=True))
    assert job.dry_run and job.state == "DONE" and [field.name for field in job.schema] == ["one"]
    with pytest.raises(exceptions.BadRequest):
        client.query("SELEC 1", job_config=bigquery.QueryJobConfig(dry_run=True))


def test_faults_of_sql_come_at_once_as_what_they_are(client: Any) -> None:
    began = time.monotonic()
    for ask in (client.query_and_wait, lambda sql: client.query(sql).result()):
        with pytest.raises(exceptions.BadRequest, match=r"at \[1:1\]"):
            ask("SELEC 1")
        with pytest.raises(exceptions.BadRequest, match="zero"):
            ask("SELECT 1 / 0")
        with pytest.raises(exceptions.NotFound, match="nowhere"):
            ask("SELECT * FROM nowhere.nothing")
    assert time.monotonic() - began < 5
    job = client.query("SELECT 1 / 0")
    with pytest.raises(exceptions.BadRequest):
        job.result()
    assert client.get_job(job.job_id).error_result["reason"] == "invalidQuery"


def test_a_job_id_is_taken_once(client: Any) -> None:
    name = "mine_" + uuid.uuid4().hex
    assert rows(client.query("SELECT 1", job_id=name).result()) == [(1,)]
    with pytest.raises(exceptions.Conflict):
        client._connection.api_request(method="POST", path="/projects/p/jobs", data={
            "jobReference": {"projectId": "p", "jobId": name},
            "configuration": {"query": {"query": "SELECT 1", "useLegacySql": False}}})
    assert name in [job.job_id for job in client.list_jobs(max_results=5)]
    client.delete_job_metadata(name)
    with pytest.raises(exceptions.NotFound):
        client.get_job(name)


def test_a_long_query_delays_nobody_and_ends_when_it_is_cancelled(client: Any) -> None:
    slow = client.query(SLOW)
    assert client.get_job(slow.job_id).state in ("PENDING", "RUNNING")
    began = time.monotonic()
    assert rows(client.query_and_wait("SELECT 1", job_config=NO_CACHE)) == [(1,)]
    assert time.monotonic() - began < 3
    assert slow.cancel()
    with pytest.raises(exceptions.GoogleAPICallError):
        slow.result(timeout=20, job_retry=None)
    assert client.get_job(slow.job_id).error_result["reason"] == "stopped"


def test_the_same_question_is_answered_from_memory(client: Any, dataset: str) -> None:
    client.query_and_wait(f"CREATE TABLE {dataset}.t AS SELECT 1 AS x")
    sql = f"SELECT SUM(x) AS s FROM {dataset}.t"
    assert rows(client.query(sql).result()) == [(1,)]
    again = client.query(sql)
    assert rows(again.result()) == [(1,)] and again.cache_hit
    client.query_and_wait(f"INSERT INTO {dataset}.t VALUES (5)")
    after = client.query(sql)
    assert rows(after.result()) == [(6,)] and not after.cache_hit


def test_tables_are_made_changed_and_dropped_by_statements(client: Any, dataset: str) -> None:
    made = client.query(f"CREATE TABLE {dataset}.t (id INT64, name STRING)")
    made.result()
    assert made.statement_type == "CREATE_TABLE" and made.ddl_operation_performed == "CREATE"
    inserted = client.query(f"INSERT INTO {dataset}.t VALUES (1, 'a'), (2, 'b'), (3, 'c')")
    inserted.result()
    assert inserted.num_dml_affected_rows == 3
    assert client.query_and_wait(f"UPDATE {dataset}.t SET name = 'z' WHERE id > 1").num_dml_affected_rows == 2
    assert client.query_and_wait(f"DELETE FROM {dataset}.t WHERE id = 3").num_dml_affected_rows == 1
    assert rows(client.query_and_wait(f"SELECT * FROM {dataset}.t ORDER BY id")) == [(1, "a"), (2, "z")]
    client.query_and_wait(f"DROP TABLE {dataset}.t")
    with pytest.raises(exceptions.NotFound):
        client.query_and_wait(f"SELECT * FROM {dataset}.t")


def test_answers_go_into_tables(client: Any, dataset: str) -> None:
    target = f"p.{dataset}.made"
    config = bigquery.QueryJobConfig(destination=target)
    assert rows(client.query("SELECT 1 AS x", job_config=config).result()) == [(1,)]
    with pytest.raises(exceptions.Conflict):
        client.query("SELECT 2 AS x", job_config=config).result()
    config.write_disposition = "WRITE_APPEND"
    client.query("SELECT 2 AS x", job_config=config).result()
    assert sorted(row.x for row in client.list_rows(target)) == [1, 2]
    copied = client.copy_table(target, f"p.{dataset}.copy")
    copied.result()
    assert client.get_table(f"p.{dataset}.copy").num_rows == 2


def test_loads_of_json(client: Any, dataset: str) -> None:
    job = client.load_table_from_json([{"a": 1, "b": ["x"]}, {"a": 2, "b": []}], f"p.{dataset}.j")
    job.result()
    assert job.output_rows == 2
    assert rows(client.query_and_wait(f"SELECT a, ARRAY_LENGTH(b) FROM {dataset}.j ORDER BY a")) == [(1, 1), (2, 0)]


def test_loads_of_csv_whole_and_in_chunks(client: Any, dataset: str) -> None:
    config = bigquery.LoadJobConfig(source_format="CSV", skip_leading_rows=1, schema=[
        bigquery.SchemaField("n", "INT64"), bigquery.SchemaField("s", "STRING")])
    small = client.load_table_from_file(io.BytesIO(b"n,s\n1,a\n2,b\n"), f"p.{dataset}.c", job_config=config)
    small.result()
    assert small.output_rows == 2
    text = "n,s\n" + "".join(f"{i},{'x' * 40}\n" for i in range(300_000))  # over the size of one request
    large = client.load_table_from_file(io.BytesIO(text.encode()), f"p.{dataset}.c", job_config=config)
    large.result()
    assert large.output_rows == 300_000 and large.input_file_bytes == len(text)
    assert rows(client.query_and_wait(f"SELECT COUNT(*), MAX(n) FROM {dataset}.c")) == [(300_002, 299_999)]


def test_loads_of_files_in_gzip(client: Any, dataset: str) -> None:
    text = "".join(f"{i},name {i}\n" for i in range(50_000)).encode()
    config = bigquery.LoadJobConfig(source_format="CSV", schema=[
        bigquery.SchemaField("n", "INT64"), bigquery.SchemaField("s", "STRING")])
    packed = gzip.compress(text)
    job = client.load_table_from_file(io.BytesIO(packed), f"p.{dataset}.z", job_config=config)
    job.result()
    assert job.output_rows == 50_000 and job.input_file_bytes == len(packed)
    broken = client.load_table_from_file(io.BytesIO(packed[:-100]), f"p.{dataset}.z", job_config=config)
    with pytest.raises(exceptions.BadRequest, match="gzip"):
        broken.result()
    assert rows(client.query_and_wait(f"SELECT COUNT(*), SUM(n) FROM {dataset}.z")) == [(50_000, 1_249_975_000)]


def test_formats_that_are_not_read_are_refused_by_name(client: Any, dataset: str) -> None:
    for name in ("AVRO", "ORC"):
        config = bigquery.LoadJobConfig(source_format=name)
        with pytest.raises(exceptions.GoogleAPICallError, match=f"not supported: loads of {name}") as refused:
            client.load_table_from_file(io.BytesIO(b"Obj"), f"p.{dataset}.o", job_config=config).result(job_retry=None)
        assert 400 <= refused.value.code < 500


def test_bad_rows_of_a_load_are_named(client: Any, dataset: str) -> None:
    config = bigquery.LoadJobConfig(source_format="CSV", schema=[bigquery.SchemaField("n", "INT64")])
    job = client.load_table_from_file(io.BytesIO(b"1\nx\n3\n"), f"p.{dataset}.bad", job_config=config)
    with pytest.raises(exceptions.BadRequest, match="row 2"):
        job.result()
    config.max_bad_records = 1
    job = client.load_table_from_file(io.BytesIO(b"1\nx\n3\n"), f"p.{dataset}.bad", job_config=config)
    job.result()
    assert job.output_rows == 2 and "row 2" in job.errors[0]["message"]


def test_loads_of_data_frames(client: Any, dataset: str) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"i": [1, 2], "s": ["a", None], "f": [0.5, 1.5],
                              "t": pandas.to_datetime(["2024-01-01", "2024-01-02"], utc=True)})
    job = client.load_table_from_dataframe(frame, f"p.{dataset}.f")
    job.result()
    assert job.output_rows == 2
    back = client.query_and_wait(f"SELECT * FROM {dataset}.f ORDER BY i").to_dataframe(create_bqstorage_client=False)
    assert list(back["i"]) == [1, 2] and list(back["f"]) == [0.5, 1.5] and back["t"][1].day == 2


def test_an_upload_goes_on_where_it_was_cut(server: Server) -> None:
    started = server.ask("POST", "/upload/bigquery/v2/projects/p/jobs?uploadType=resumable", {
        "configuration": {"load": {"sourceFormat": "CSV", "autodetect": True, "destinationTable": {
            "projectId": "p", "datasetId": "none", "tableId": "t"}}}})
    assert started.status == 200
    location = started.headers["Location"].removeprefix(server.url)
    chunk = b"1,a\n" * (256 * 1024 // 4)
    piece = server.ask("PUT", location, chunk, headers={"Content-Range": "bytes 0-262143/*"})
    assert piece.status == 308 and piece.headers["Range"] == "bytes=0-262143"
    asked = server.ask("PUT", location, b"", headers={"Content-Range": "bytes */*"})
    assert asked.status == 308 and asked.headers["Range"] == "bytes=0-262143"
    odd = server.ask("PUT", location, b"1,a\n", headers={"Content-Range": "bytes 262144-262147/*"})
    assert odd.status == 400
    ended = server.ask("PUT", location, b"2,b\n", headers={"Content-Range": "bytes 262144-262147/262148"})
    assert ended.status == 200 and ended.json()["jobReference"]["jobId"]
