"""The Storage Read API with the official Python client, unmodified: sessions, streams, restrictions, pandas and pyarrow."""
import concurrent.futures
import datetime
import decimal
import uuid
from typing import Any, Iterator, List

import grpc
import pyarrow
import pytest
from google.api_core import exceptions
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud import bigquery_storage_v1 as storage
from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport
from google.cloud.bigquery_storage_v1.types import ArrowSerializationOptions, DataFormat, ReadSession
from product import Server

PROJECT = "test-project"
UTC = datetime.timezone.utc


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    served = Server(tmp_path_factory.mktemp("bigquery-read"), environment={
        "BENCHLAKE_BIGQUERY_OPEN": "true", "BENCHLAKE_BIGQUERY_ANSWER_TABLES": "true"})
    yield served
    served.stop()


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[bigquery.Client]:
    made = bigquery.Client(project=PROJECT, credentials=AnonymousCredentials(),
                           client_options=ClientOptions(api_endpoint=server.url))
    yield made
    made.close()


@pytest.fixture(scope="module")
def reader(server: Server) -> Iterator[storage.BigQueryReadClient]:
    with grpc.insecure_channel(server.grpc) as channel:
        yield storage.BigQueryReadClient(transport=BigQueryReadGrpcTransport(channel=channel))


@pytest.fixture(scope="module")
def dataset(client: bigquery.Client) -> bigquery.Dataset:
    return client.create_dataset("d_" + uuid.uuid4().hex)


@pytest.fixture(scope="module")
def points(client: bigquery.Client, dataset: bigquery.Dataset) -> bigquery.Table:
    """20,000 rows (id, value)."""
    table = client.create_table(bigquery.Table(dataset.reference.table("points"), schema=[
        bigquery.SchemaField("id", "INT64", mode="REQUIRED"), bigquery.SchemaField("value", "STRING")]))
    for start in range(0, 20_000, 5_000):
        rows = [{"id": number, "value": f"value {number}"} for number in range(start, start + 5_000)]
        assert client.insert_rows_json(table, rows) == []
    return table


def session_of(reader: storage.BigQueryReadClient, table: bigquery.Table, streams: int = 1,
               codec: int = 0, **options: Any) -> ReadSession:
    wanted = ReadSession(table=f"projects/{table.project}/datasets/{table.dataset_id}/tables/{table.table_id}",
                         data_format=DataFormat.ARROW)
    wanted.read_options = ReadSession.TableReadOptions(
        arrow_serialization_options=ArrowSerializationOptions(buffer_compression=codec), **options)
    return reader.create_read_session(parent=f"projects/{PROJECT}", read_session=wanted, max_stream_count=streams)


def table_of(reader: storage.BigQueryReadClient, session: ReadSession) -> pyarrow.Table:
    parts = [reader.read_rows(stream.name).rows(session).to_arrow() for stream in session.streams]
    return pyarrow.concat_tables(parts)


def ids(table: pyarrow.Table) -> List[int]:
    return table.column("id").to_pylist()


def test_all_rows_come_in_order(reader: storage.BigQueryReadClient, points: bigquery.Table) -> None:
    session = session_of(reader, points)
    assert len(session.streams) == 1
    assert session.estimated_row_count == 20_000
    assert session.expire_time > datetime.datetime.now(UTC) + datetime.timedelta(hours=5)
    table = table_of(reader, session)
    assert ids(table) == list(range(20_000))
    assert table.column("value")[17].as_py() == "value 17"
    assert not table.schema.field("id").nullable and table.schema.field("value").nullable
    # Readers that put schema and batches behind each other have a stream.
    messages = list(reader.read_rows(session.streams[0].name))
    whole = session.arrow_schema.serialized_schema + b"".join(
        message.arrow_record_batch.serialized_record_batch for message in messages)
    assert pyarrow.ipc.open_stream(whole).read_all().num_rows == 20_000
    assert sum(message.row_count for message in messages) == 20_000
    assert messages[-1].stats.progress.at_response_end == 1


@pytest.mark.parametrize("codec", [ArrowSerializationOptions.CompressionCodec.LZ4_FRAME,
                                   ArrowSerializationOptions.CompressionCodec.ZSTD])
def test_buffers_are_compressed(reader: storage.BigQueryReadClient, points: bigquery.Table, codec: int) -> None:
    def size(of: ReadSession) -> int:
        return sum(len(message.arrow_record_batch.serialized_record_batch)
                   for message in reader.read_rows(of.streams[0].name))
    packed = session_of(reader, points, codec=codec)
    assert size(packed) < size(session_of(reader, points)) * 3 / 4
    assert ids(table_of(reader, packed)) == list(range(20_000))


def test_restriction_columns_and_offset(reader: storage.BigQueryReadClient, points: bigquery.Table) -> None:
    session = session_of(reader, points, row_restriction="MOD(id, 2) = 1 AND value LIKE '%7'", selected_fields=["id"])
    table = table_of(reader, session)
    expected = [number for number in range(20_000) if number % 10 == 7]
    assert table.column_names == ["id"] and ids(table) == expected
    rest = reader.read_rows(session.streams[0].name, offset=1_000).rows().to_arrow()
    assert ids(rest) == expected[1_000:]
    nothing = session_of(reader, points, row_restriction="id < 0")
    assert table_of(reader, nothing).num_rows == 0


def test_a_split_stream_is_its_two_parts(reader: storage.BigQueryReadClient, points: bigquery.Table) -> None:
    name = session_of(reader, points).streams[0].name
    split = reader.split_read_stream(request={"name": name, "fraction": 0.3})
    first = ids(reader.read_rows(split.primary_stream.name).rows().to_arrow())
    second = ids(reader.read_rows(split.remainder_stream.name).rows().to_arrow())
    assert first and second and first + second == list(range(20_000))


def test_later_rows_are_not_in_a_session(client: bigquery.Client, reader: storage.BigQueryReadClient,
                                         dataset: bigquery.Dataset) -> None:
    table = client.create_table(bigquery.Table(dataset.reference.table("grows"), schema=[
        bigquery.SchemaField("id", "INT64")]))
    assert list(session_of(reader, table, streams=4).streams) == [], "an empty table has no stream"
    client.insert_rows_json(table, [{"id": 1}])
    session = session_of(reader, table)
    client.insert_rows_json(table, [{"id": 2}])
    assert ids(table_of(reader, session)) == [1]
    client.delete_table(table)
    assert ids(table_of(reader, session)) == [1]
    with pytest.raises(exceptions.NotFound):
        session_of(reader, table)


def test_many_at_once(reader: storage.BigQueryReadClient, points: bigquery.Table) -> None:
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        tables = list(pool.map(lambda _: ids(table_of(reader, session_of(reader, points))), range(16)))
    assert all(table == list(range(20_000)) for table in tables)


def test_values_of_each_type(client: bigquery.Client, reader: storage.BigQueryReadClient,
                             dataset: bigquery.Dataset) -> None:
    fields = [bigquery.SchemaField(name, kind) for name, kind in [
        ("b", "BOOL"), ("f", "FLOAT64"), ("y", "BYTES"), ("n", "NUMERIC"), ("g", "BIGNUMERIC"), ("d", "DATE"),
        ("ts", "TIMESTAMP"), ("dt", "DATETIME"), ("t", "TIME"), ("j", "JSON")]]
    fields.append(bigquery.SchemaField("r", "RECORD", mode="REPEATED", fields=[
        bigquery.SchemaField("x", "INT64"), bigquery.SchemaField("l", "STRING", mode="REPEATED")]))
    table = client.create_table(bigquery.Table(dataset.reference.table("types"), schema=fields))
    assert client.insert_rows_json(table, [{
        "b": True, "f": 1.5, "y": "AQI=", "n": "12.34", "g": "0.5", "d": "2024-08-01", "ts": "2024-08-01T10:00:00.25Z",
        "dt": "2024-08-01T10:00:00", "t": "10:00:00.5", "j": '{"a": 1}', "r": [{"x": 1, "l": ["a"]}, {"x": 2, "l": []}]},
        {}]) == []
    for restriction in ("", "TRUE"):
        read = table_of(reader, session_of(reader, table, row_restriction=restriction))
        full, empty = read.to_pylist()
        assert full["b"] is True and full["f"] == 1.5 and full["y"] == b"\x01\x02"
        assert full["n"] == decimal.Decimal("12.34") and full["g"] == decimal.Decimal("0.5")
        assert full["d"] == datetime.date(2024, 8, 1) and full["t"] == datetime.time(10, 0, 0, 500_000)
        assert full["ts"] == datetime.datetime(2024, 8, 1, 10, 0, 0, 250_000, UTC)
        assert full["dt"] == datetime.datetime(2024, 8, 1, 10)
        assert full["r"] == [{"x": 1, "l": ["a"]}, {"x": 2, "l": []}]
        assert empty.pop("r") == [] and set(empty.values()) == {None}
        assert read.schema.field("dt").metadata[b"ARROW:extension:name"] == b"google:sqlType:datetime"
        assert read.schema.field("n").type == pyarrow.decimal128(38, 9)
        assert read.schema.field("g").type == pyarrow.decimal256(76, 38)


def test_what_is_wrong_is_the_clients_error(reader: storage.BigQueryReadClient, points: bigquery.Table) -> None:
    for options in ({"row_restriction": "nope = 1"}, {"row_restriction": "id ="}, {"selected_fields": ["nope"]},
                    {"row_restriction": "1=1) UNION ALL SELECT 1, '' --"}):
        with pytest.raises(exceptions.InvalidArgument) as error:
            session_of(reader, points, **options)
        assert "nope" in str(error.value) or "[1:" in str(error.value)
    with pytest.raises(exceptions.NotFound):
        list(reader.read_rows("projects/p/locations/us/sessions/none/streams/0-1"))
    with pytest.raises(exceptions.InvalidArgument):
        list(reader.read_rows(session_of(reader, points).streams[0].name, offset=20_001))


def test_pandas_by_the_rest_client(client: bigquery.Client, reader: storage.BigQueryReadClient,
                                   points: bigquery.Table) -> None:
    """How analysts read tables: the REST client asks the Storage client."""
    frame = client.list_rows(client.get_table(points.reference)).to_dataframe(bqstorage_client=reader)
    assert sorted(frame["id"]) == list(range(20_000))
    assert frame.set_index("id")["value"][7] == "value 7"


def test_answers_of_queries_by_the_storage_client_and_by_pages(client: bigquery.Client,
                                                               reader: storage.BigQueryReadClient,
                                                               points: bigquery.Table) -> None:
    """The answer is a table of its own: `destinationTable` of the job."""
    text = f"SELECT id, value, id / 2 AS half FROM `{points.reference}` WHERE id < 15000 ORDER BY id"
    no_cache = bigquery.QueryJobConfig(use_query_cache=False)

    def job() -> bigquery.QueryJob:
        return client.query(text, job_config=no_cache)

    first = job()
    first.result()
    assert first.destination is not None and first.destination.dataset_id.startswith("_")
    session = session_of(reader, client.get_table(first.destination), row_restriction="MOD(id, 5000) = 1",
                         selected_fields=["half", "id"])
    assert table_of(reader, session).to_pylist() == [
        {"id": number, "half": number / 2} for number in (1, 5_001, 10_001)]
    by_storage = job().to_arrow(bqstorage_client=reader)
    by_pages = job().to_arrow(create_bqstorage_client=False)
    assert by_storage.column_names == ["id", "value", "half"] and by_storage.num_rows == 15_000
    assert by_storage.to_pylist() == by_pages.to_pylist()
    frame = job().to_dataframe(bqstorage_client=reader)
    assert frame.equals(job().to_dataframe(create_bqstorage_client=False))
    assert list(frame["id"]) == list(range(15_000)) and frame["half"][3] == 1.5
    waited = client.query_and_wait(text, page_size=1_000)
    assert waited.to_arrow(bqstorage_client=reader).num_rows == 15_000
    assert len(list(client.list_rows(first.destination, start_index=14_990))) == 10


def test_a_large_answer_comes_by_streams_and_stays_with_its_session(client: bigquery.Client,
                                                                   reader: storage.BigQueryReadClient) -> None:
    """More than three pages: this client turns to the Storage API of its own accord."""
    job = client.query("SELECT x, CONCAT('value ', CAST(x AS STRING)) AS s FROM UNNEST(GENERATE_ARRAY(1, 400000)) AS x")
    rows = job.result()
    sessions: List[str] = []
    create = reader.create_read_session

    def counted(*arguments: Any, **named: Any) -> ReadSession:
        made = create(*arguments, **named)
        sessions.append(made.name)
        return made

    reader.create_read_session = counted  # type: ignore[method-assign]
    try:
        table = rows.to_arrow(bqstorage_client=reader)
    finally:
        reader.create_read_session = create  # type: ignore[method-assign]
    assert len(sessions) == 1, "by the Storage API"
    assert table.num_rows == 400_000 and sum(table.column("x").to_pylist()) == 400_000 * 400_001 // 2
    again = session_of(reader, client.get_table(job.destination), streams=8)
    assert len(again.streams) > 1
    assert sorted(table_of(reader, again).column("x").to_pylist()) == list(range(1, 400_001))


def test_an_empty_answer_and_one_of_every_type(client: bigquery.Client, reader: storage.BigQueryReadClient) -> None:
    none = client.query("SELECT 1 AS x FROM UNNEST([1]) WHERE FALSE")
    none.result()
    assert list(session_of(reader, client.get_table(none.destination)).streams) == []
    job = client.query("SELECT 1 AS i, 1.5 AS f, 'a' AS s, b'\\x00' AS y, NUMERIC '1.25' AS n, DATE '2024-02-29' AS d, "
                       "TIMESTAMP '2024-02-29 10:00:00Z' AS ts, [1, 2] AS l, STRUCT(1 AS a, [STRUCT('x' AS b)] AS c) AS r, "
                       "CAST(NULL AS STRING) AS z, JSON '{\"k\":1}' AS j")
    job.result()
    assert table_of(reader, session_of(reader, client.get_table(job.destination))).to_pylist() == [{
        "i": 1, "f": 1.5, "s": "a", "y": b"\x00", "n": decimal.Decimal("1.25"), "d": datetime.date(2024, 2, 29),
        "ts": datetime.datetime(2024, 2, 29, 10, tzinfo=UTC), "l": [1, 2], "r": {"a": 1, "c": [{"b": "x"}]}, "z": None,
        "j": '{"k":1}'}]
    # What has no answer has no such table.
    made = client.query("CREATE SCHEMA made_by_statement")
    made.result()
    assert made.destination is None
