"""The official Python clients, as they are, on one server, and counts of what they send."""
import contextlib
import itertools
from typing import Any, Iterator, List, Sequence

import grpc
import pyarrow
import requests.adapters
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud import bigquery
from google.cloud.bigquery_storage_v1 import BigQueryReadClient, BigQueryWriteClient, types
from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport
from google.cloud.bigquery_storage_v1.services.big_query_write.transports import BigQueryWriteGrpcTransport

PROJECT = "perf"
CHANNEL_OPTIONS = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))
APPEND_ROWS = 5_000


class Traffic:
    """Since the last reset: requests (calls and messages of streams), bytes of what REST sent."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.requests = 0
        self.bytes = 0


class CountingAdapter(requests.adapters.HTTPAdapter):
    def __init__(self, traffic: Traffic):
        super().__init__()
        self._traffic = traffic

    def send(self, request: Any, *arguments: Any, **more: Any) -> Any:
        self._traffic.requests += 1
        self._traffic.bytes += len(request.body or b"")
        return super().send(request, *arguments, **more)


class CountingCalls(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor,
                    grpc.StreamStreamClientInterceptor):
    def __init__(self, traffic: Traffic):
        self._traffic = traffic

    def _count(self, go_on: Any, details: Any, request: Any) -> Any:
        self._traffic.requests += 1
        return go_on(details, request)

    intercept_unary_unary = intercept_unary_stream = intercept_stream_stream = _count


class Door:
    """Clients on one server, and a data set of their own there. Threads: one."""

    def __init__(self, endpoint: str, grpc_address: str, dataset: str = "perf"):
        self.traffic = Traffic()
        session = AuthorizedSession(AnonymousCredentials())
        session.mount("http://", CountingAdapter(self.traffic))
        self.rest = bigquery.Client(project=PROJECT, credentials=AnonymousCredentials(), _http=session,
                                    client_options={"api_endpoint": endpoint})
        self._channel = grpc.insecure_channel(grpc_address, options=CHANNEL_OPTIONS)
        channel = grpc.intercept_channel(self._channel, CountingCalls(self.traffic))
        self.read = BigQueryReadClient(transport=BigQueryReadGrpcTransport(channel=channel))
        self.write = BigQueryWriteClient(transport=BigQueryWriteGrpcTransport(channel=channel))
        self.dataset = f"{PROJECT}.{dataset}"
        self._numbers = itertools.count()
        self.rest.create_dataset(self.dataset, exists_ok=True)

    def close(self) -> None:
        self.rest.close()
        self._channel.close()

    def create_table(self, name: str, fields: Sequence[bigquery.SchemaField]) -> bigquery.Table:
        return self.rest.create_table(bigquery.Table(f"{self.dataset}.{name}", schema=fields))

    @contextlib.contextmanager
    def fresh_table(self, fields: Sequence[bigquery.SchemaField]) -> Iterator[bigquery.Table]:
        """An empty table, gone afterwards: no round sees what another one wrote."""
        table = self.create_table(f"t{next(self._numbers)}", fields)
        yield table
        self.rest.delete_table(table)

    def query(self, sql: str) -> List[tuple]:
        """All rows, by jobs.query, from no cache."""
        config = bigquery.QueryJobConfig(use_query_cache=False)
        return [tuple(row.values()) for row in self.rest.query_and_wait(sql, job_config=config)]

    def fill(self, table: bigquery.Table, rows: pyarrow.Table) -> None:
        """Appends to the table's default stream, APPEND_ROWS at a time. Errors: EffectError."""
        batches = rows.combine_chunks().to_batches(max_chunksize=APPEND_ROWS)
        stream = path_of(table) + "/streams/_default"
        answers = self.write.append_rows(iter([arrow_request(stream, batch) for batch in batches]))
        expect_appended(list(answers), len(batches))


class EffectError(Exception):
    """A round did not do what it was timed for."""


def expect(actual: Any, wanted: Any, what: str) -> None:
    if actual != wanted:
        raise EffectError(f"{what}: {str(actual)[:300]}, not {str(wanted)[:300]}")


def expect_appended(answers: Sequence[Any], wanted: int) -> None:
    """One answer for each request, and none of them an error."""
    for answer in answers:
        if answer.error.code != 0 or answer.row_errors:
            raise EffectError(f"an append was refused: {answer.error.code} {answer.error.message} {answer.row_errors}"[:500])
    expect(len(answers), wanted, "answers to appends")


def path_of(table: bigquery.Table) -> str:
    return f"projects/{table.project}/datasets/{table.dataset_id}/tables/{table.table_id}"


def arrow_request(stream: str, batch: pyarrow.RecordBatch) -> types.AppendRowsRequest:
    """With stream and schema, as the Node client sends every request; the peer wants it so, too."""
    data = types.AppendRowsRequest.ArrowData(
        writer_schema=types.ArrowSchema(serialized_schema=batch.schema.serialize().to_pybytes()),
        rows=types.ArrowRecordBatch(serialized_record_batch=batch.serialize().to_pybytes()))
    return types.AppendRowsRequest(write_stream=stream, arrow_rows=data)
