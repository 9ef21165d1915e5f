"""A server that speaks BigQuery, the official Python clients of one user, and rows (id, name) for its write streams."""
import contextlib
import pathlib
import uuid
from typing import Any, List, Tuple

import grpc
import pyarrow
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery_storage_v1 import BigQueryReadClient, BigQueryWriteClient, types, writer
from google.cloud.bigquery_storage_v1.exceptions import StreamClosedError
from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport
from google.cloud.bigquery_storage_v1.services.big_query_write.transports import BigQueryWriteGrpcTransport
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from product import Server

PROJECT = "p"


class Door:
    """A server of `folder` and the clients of one user."""

    def __init__(self, folder: pathlib.Path):
        self.server = Server(folder, environment={"BENCHLAKE_BIGQUERY_OPEN": "true"})
        self.rest = bigquery.Client(project=PROJECT, credentials=AnonymousCredentials(),
                                    client_options={"api_endpoint": self.server.url})
        self.channel = grpc.insecure_channel(self.server.grpc)
        self.write = BigQueryWriteClient(transport=BigQueryWriteGrpcTransport(channel=self.channel))
        self.read = BigQueryReadClient(transport=BigQueryReadGrpcTransport(channel=self.channel))

    def table(self) -> str:
        """`projects/p/datasets/d/tables/T`, new."""
        self.rest.create_dataset(f"{PROJECT}.d", exists_ok=True)
        name = "t_" + uuid.uuid4().hex
        self.rest.create_table(bigquery.Table(f"{PROJECT}.d.{name}", [
            bigquery.SchemaField("id", "INT64", "REQUIRED"), bigquery.SchemaField("name", "STRING")]))
        return f"projects/{PROJECT}/datasets/d/tables/{name}"

    def rows(self, table: str) -> List[Tuple[int, str]]:
        listed = self.rest.list_rows(id_of(table))
        return sorted((row["id"], row["name"]) for row in listed)

    def kill(self) -> None:
        """SIGKILL; the folder is as the server left it."""
        self.channel.close()
        self.server.kill()

    def close(self) -> None:
        self.channel.close()
        self.server.stop()


def id_of(table: str) -> str:
    """`p.d.T` of a path."""
    return f"{PROJECT}.d." + table.rsplit("/", 1)[1]


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


def send(door: Door, stream: str, ids: range, form: str = "proto", offset: Any = None) -> types.AppendRowsResponse:
    """Opens a connection, appends, and waits for the answer. Errors are the client's exceptions."""
    connection = writer.AppendRowsStream(door.write, template(stream, form))
    try:
        return connection.send(request_of(ids, form, offset)).result(timeout=60)
    finally:
        with contextlib.suppress(StreamClosedError):
            connection.close()


def session_of(door: Door, table: str, streams: int = 1) -> types.ReadSession:
    return door.read.create_read_session(
        parent=f"projects/{PROJECT}", max_stream_count=streams,
        read_session=types.ReadSession(table=table, data_format=types.DataFormat.ARROW))


def read_ids(door: Door, session: types.ReadSession) -> List[int]:
    found: List[int] = []
    for stream in session.streams:
        found += door.read.read_rows(stream.name).rows(session).to_arrow().column("id").to_pylist()
    return sorted(found)
