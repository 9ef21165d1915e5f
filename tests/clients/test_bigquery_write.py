"""Write streams of BigQuery's Storage API, by google-cloud-bigquery-storage as it is: every kind of stream, rows as protobuf
and as Arrow; read back by google-cloud-bigquery."""
import pathlib
import uuid
from typing import Any, Iterator, List, Tuple

import pytest

grpc = pytest.importorskip("grpc")
pytest.importorskip("google.cloud.bigquery_storage_v1")
import pyarrow  # noqa: E402
from google.api_core import exceptions  # noqa: E402
from google.auth.credentials import AnonymousCredentials  # noqa: E402
from google.cloud import bigquery  # noqa: E402
from google.cloud.bigquery_storage_v1 import BigQueryWriteClient, types, writer  # noqa: E402
from google.cloud.bigquery_storage_v1.services.big_query_write.transports import BigQueryWriteGrpcTransport  # noqa: E402
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # noqa: E402
from grpc_status import rpc_status  # noqa: E402
from product import Server  # noqa: E402

PROJECT = "p"


class Door:
    """A server and the two clients of one user."""

    def __init__(self, folder: pathlib.Path):
        self.server = Server(folder, environment={"BENCHLAKE_BIGQUERY_OPEN": "true"})
        self.rest = bigquery.Client(project=PROJECT, credentials=AnonymousCredentials(),
                                    client_options={"api_endpoint": self.server.url})
        self.channel = grpc.insecure_channel(self.server.grpc)
        self.write = BigQueryWriteClient(transport=BigQueryWriteGrpcTransport(channel=self.channel))

    def table(self) -> str:
        """`projects/p/datasets/d/tables/T`, new."""
        self.rest.create_dataset(f"{PROJECT}.d", exists_ok=True)
        name = "t_" + uuid.uuid4().hex
        self.rest.create_table(bigquery.Table(f"{PROJECT}.d.{name}", [
            bigquery.SchemaField("id", "INT64", "REQUIRED"), bigquery.SchemaField("name", "STRING")]))
        return f"projects/{PROJECT}/datasets/d/tables/{name}"

    def rows(self, table: str) -> List[Tuple[int, str]]:
        listed = self.rest.list_rows(f"{PROJECT}.d." + table.rsplit("/", 1)[1])
        return sorted((row["id"], row["name"]) for row in listed)

    def close(self) -> None:
        self.channel.close()
        self.server.stop()


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    running = Door(tmp_path_factory.mktemp("write"))
    yield running
    running.close()


def message_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name=f"{uuid.uuid4().hex}.proto", syntax="proto2")
    message = file.message_type.add(name="Row")
    for number, (name, kind) in enumerate([("id", 3), ("name", 9)], 1):
        message.field.add(name=name, number=number, type=kind, label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("Row"))


ROW = message_class()
ARROW = pyarrow.schema([("id", pyarrow.int64()), ("name", pyarrow.string())])


def expected(ids: range) -> List[Tuple[int, str]]:
    return [(i, f"row {i}") for i in ids]


def template(stream: str, form: str) -> types.AppendRowsRequest:
    request = types.AppendRowsRequest(write_stream=stream)
    if form == "proto":
        proto = descriptor_pb2.DescriptorProto()
        ROW.DESCRIPTOR.CopyToProto(proto)
        request.proto_rows = types.AppendRowsRequest.ProtoData(writer_schema=types.ProtoSchema(proto_descriptor=proto))
    else:
        request.arrow_rows = types.AppendRowsRequest.ArrowData(
            writer_schema=types.ArrowSchema(serialized_schema=ARROW.serialize().to_pybytes()))
    return request


def request_of(ids: range, form: str, offset: Any = None) -> types.AppendRowsRequest:
    request = types.AppendRowsRequest()
    if offset is not None:
        request.offset = offset
    if form == "proto":
        request.proto_rows.rows.serialized_rows = [ROW(id=i, name=f"row {i}").SerializeToString() for i in ids]
    else:
        batch = pyarrow.record_batch([list(ids), [f"row {i}" for i in ids]], schema=ARROW)
        request.arrow_rows.rows.serialized_record_batch = batch.serialize().to_pybytes()
    return request


def create(door: Door, table: str, kind: str) -> str:
    return door.write.create_write_stream(
        parent=table, write_stream=types.WriteStream(type_=types.WriteStream.Type[kind])).name


@pytest.mark.parametrize("form", ["proto", "arrow"])
@pytest.mark.parametrize("kind", ["DEFAULT", "COMMITTED", "PENDING", "BUFFERED"])
def test_rows_of_every_kind_of_stream_are_read_when_it_says_so(door: Door, kind: str, form: str) -> None:
    table = door.table()
    stream = table + "/streams/_default" if kind == "DEFAULT" else create(door, table, kind)
    has_offsets = kind != "DEFAULT"
    manager = writer.AppendRowsStream(door.write, template(stream, form))
    futures = [manager.send(request_of(range(at, at + 50), form, at if has_offsets else None)) for at in range(0, 500, 50)]
    for at, future in enumerate(futures):
        result = future.result(timeout=60).append_result
        assert ("offset" in result) == has_offsets
        assert not has_offsets or result.offset == at * 50
    if kind == "PENDING":
        assert door.rows(table) == []
        assert door.write.finalize_write_stream(name=stream).row_count == 500
        assert door.rows(table) == []
        committed = door.write.batch_commit_write_streams(
            request={"parent": table, "write_streams": [stream]})
        assert committed.commit_time is not None and not committed.stream_errors
    if kind == "BUFFERED":
        assert door.rows(table) == []
        assert door.write.flush_rows(request={"write_stream": stream, "offset": 99}).offset == 99
        assert door.rows(table) == expected(range(100))
        door.write.flush_rows(request={"write_stream": stream, "offset": 499})
    manager.close()
    assert door.rows(table) == expected(range(500))


def test_an_offset_again_is_already_there_and_the_stream_goes_on(door: Door) -> None:
    table = door.table()
    stream = create(door, table, "COMMITTED")
    manager = writer.AppendRowsStream(door.write, template(stream, "proto"))
    assert manager.send(request_of(range(5), "proto", 0)).result(timeout=60).append_result.offset == 0
    with pytest.raises(exceptions.AlreadyExists):
        manager.send(request_of(range(5), "proto", 0)).result(timeout=60)
    with pytest.raises(exceptions.OutOfRange):
        manager.send(request_of(range(9, 10), "proto", 9)).result(timeout=60)
    assert manager.send(request_of(range(5, 8), "proto", 5)).result(timeout=60).append_result.offset == 5
    manager.close()
    assert door.rows(table) == expected(range(8))


def test_a_bad_row_is_named_and_its_whole_request_refused(door: Door) -> None:
    table = door.table()
    manager = writer.AppendRowsStream(door.write, template(table + "/streams/_default", "proto"))
    request = request_of(range(3), "proto")
    request.proto_rows.rows.serialized_rows[1] = ROW(name="no id").SerializeToString()
    with pytest.raises(exceptions.InvalidArgument) as refused:
        manager.send(request).result(timeout=60)
    (row,) = refused.value.response.row_errors
    assert row.index == 1 and row.code == types.RowError.RowErrorCode.FIELDS_ERROR and "id" in row.message
    manager.send(request_of(range(2), "proto")).result(timeout=60)
    manager.close()
    assert door.rows(table) == expected(range(2))


def test_what_is_not_there_is_not_found_with_its_storage_error(door: Door) -> None:
    table = door.table()
    with pytest.raises(exceptions.NotFound) as missing:
        door.write.get_write_stream(name=table + "/streams/0")
    (detail,) = rpc_status.from_call(missing.value.errors[0]).details
    storage = types.StorageError.pb(types.StorageError())
    assert detail.Unpack(storage)
    assert storage.code == types.StorageError.StorageErrorCode.STREAM_NOT_FOUND
    assert storage.entity == table + "/streams/0"
    with pytest.raises(exceptions.InvalidArgument):
        door.write.get_write_stream(name="nonsense")
    manager = writer.AppendRowsStream(door.write, template(table + "/streams/0", "proto"))
    with pytest.raises(exceptions.GoogleAPICallError):
        manager.send(request_of(range(1), "proto", 0)).result(timeout=60)


def test_what_was_acknowledged_outlives_a_server_that_is_killed(tmp_path: pathlib.Path) -> None:
    door = Door(tmp_path)
    table = door.table()
    committed, pending = create(door, table, "COMMITTED"), create(door, table, "PENDING")
    for stream, first in ((committed, 0), (pending, 10)):
        manager = writer.AppendRowsStream(door.write, template(stream, "arrow"))
        manager.send(request_of(range(first, first + 10), "arrow", 0)).result(timeout=60)
        manager.close()
    door.channel.close()
    door.server._process.kill()
    door.server._process.wait()
    door = Door(tmp_path)
    try:
        assert door.rows(table) == expected(range(10))
        manager = writer.AppendRowsStream(door.write, template(committed, "arrow"))
        with pytest.raises(exceptions.AlreadyExists):
            manager.send(request_of(range(10), "arrow", 0)).result(timeout=60)
        manager.close()
        assert door.write.finalize_write_stream(name=pending).row_count == 10
        door.write.batch_commit_write_streams(request={"parent": table, "write_streams": [pending]})
        assert door.rows(table) == expected(range(20))
    finally:
        door.close()
