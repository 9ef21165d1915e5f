"""Write streams of BigQuery's Storage API, by google-cloud-bigquery-storage as it is: every kind of stream, rows as protobuf
and as Arrow; read back by google-cloud-bigquery."""
import pathlib
from typing import Iterator

import pytest
from bigquery_door import ROW, Door, create, expected, request_of, template
from google.api_core import exceptions
from google.cloud.bigquery_storage_v1 import types, writer
from grpc_status import rpc_status


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    running = Door(tmp_path_factory.mktemp("write"))
    yield running
    running.close()


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
    door.kill()
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
