"""Datasets, tables and rows with the official Python client of BigQuery, unmodified."""
import datetime
import decimal
import pathlib
import uuid
from typing import Iterator

import pytest
from google.api_core import exceptions
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from product import Server

PROJECT = "test-project"
UTC = datetime.timezone.utc


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    served = Server(tmp_path_factory.mktemp("bigquery"), environment={"BENCHLAKE_BIGQUERY_OPEN": "true"})
    yield served
    served.stop()


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[bigquery.Client]:
    made = bigquery.Client(project=PROJECT, credentials=AnonymousCredentials(),
                           client_options=ClientOptions(api_endpoint=server.url))
    yield made
    made.close()


@pytest.fixture
def dataset(client: bigquery.Client) -> bigquery.Dataset:
    return client.create_dataset("d_" + uuid.uuid4().hex)


def two_columns(client: bigquery.Client, dataset: bigquery.Dataset, name: str = "t") -> bigquery.Table:
    return client.create_table(bigquery.Table(dataset.reference.table(name), schema=[
        bigquery.SchemaField("id", "INT64", mode="REQUIRED"), bigquery.SchemaField("value", "STRING")]))


def values(client: bigquery.Client, table: bigquery.Table, **options: object) -> list:
    return [tuple(row.values()) for row in client.list_rows(table, **options)]


def test_a_dataset_is_made_changed_and_removed(client: bigquery.Client) -> None:
    name = "d_" + uuid.uuid4().hex
    wanted = bigquery.Dataset(f"{PROJECT}.{name}")
    wanted.description, wanted.labels, wanted.location = "text", {"a": "1", "b": "2"}, "EU"
    wanted.default_table_expiration_ms = 7_200_000
    made = client.create_dataset(wanted)
    assert (made.description, made.labels, made.location) == ("text", {"a": "1", "b": "2"}, "EU")
    assert made.created is not None and made.etag
    with pytest.raises(exceptions.Conflict):
        client.create_dataset(wanted)
    assert client.create_dataset(wanted, exists_ok=True).dataset_id == name
    made.labels = {"a": None, "c": "3"}
    made.friendly_name = "friend"
    changed = client.update_dataset(made, ["labels", "friendly_name"])
    assert changed.labels == {"b": "2", "c": "3"} and changed.friendly_name == "friend"
    found = client.get_dataset(name)
    assert (found.description, found.default_table_expiration_ms) == ("text", 7_200_000)
    assert {name, "benchlake"} <= {one.dataset_id for one in client.list_datasets()}
    assert [one.dataset_id for one in client.list_datasets(filter="labels.c:3")] == [name]
    client.delete_dataset(name)
    with pytest.raises(exceptions.NotFound):
        client.get_dataset(name)
    with pytest.raises(exceptions.NotFound):
        client.delete_dataset(name)
    client.delete_dataset(name, not_found_ok=True)


def test_an_old_etag_changes_nothing(client: bigquery.Client, dataset: bigquery.Dataset) -> None:
    mine, other = client.get_dataset(dataset.reference), client.get_dataset(dataset.reference)
    other.description = "other"
    client.update_dataset(other, ["description"])
    mine.description = "mine"
    with pytest.raises(exceptions.PreconditionFailed):
        client.update_dataset(mine, ["description"])
    assert client.get_dataset(dataset.reference).description == "other"


def test_a_dataset_with_tables_is_removed_only_with_them(client: bigquery.Client, dataset: bigquery.Dataset) -> None:
    two_columns(client, dataset)
    with pytest.raises(exceptions.BadRequest, match="still in use"):
        client.delete_dataset(dataset)
    client.delete_dataset(dataset, delete_contents=True)
    with pytest.raises(exceptions.NotFound):
        client.get_table(dataset.reference.table("t"))


EVERY_TYPE = [
    bigquery.SchemaField("s", "STRING", max_length=20, description="a text"), bigquery.SchemaField("y", "BYTES"),
    bigquery.SchemaField("i", "INTEGER", mode="REQUIRED"), bigquery.SchemaField("f", "FLOAT"),
    bigquery.SchemaField("b", "BOOLEAN"), bigquery.SchemaField("n", "NUMERIC"),
    bigquery.SchemaField("big", "BIGNUMERIC"), bigquery.SchemaField("ts", "TIMESTAMP"),
    bigquery.SchemaField("dt", "DATETIME"), bigquery.SchemaField("d", "DATE"), bigquery.SchemaField("t", "TIME"),
    bigquery.SchemaField("j", "JSON"),
    bigquery.SchemaField("r", "RANGE", range_element_type="DATE"),
    bigquery.SchemaField("l", "STRING", mode="REPEATED"),
    bigquery.SchemaField("rec", "RECORD", mode="REPEATED", fields=[
        bigquery.SchemaField("x", "INTEGER"), bigquery.SchemaField("y", "FLOAT", mode="REPEATED")])]


def test_every_type_goes_in_and_out(client: bigquery.Client, dataset: bigquery.Dataset) -> None:
    table = client.create_table(bigquery.Table(dataset.reference.table("all"), schema=EVERY_TYPE))
    found = client.get_table(table)
    assert [(one.name, one.field_type, one.mode) for one in found.schema] == [
        (one.name, one.field_type, one.mode) for one in EVERY_TYPE]
    row = {"s": "ä\"\n", "y": b"\x00\xff", "i": 2 ** 62, "f": 0.1, "b": True, "n": decimal.Decimal("-1.5"),
           "big": decimal.Decimal("0.1234567890123456789"),
           "ts": datetime.datetime(2024, 1, 2, 3, 4, 5, 6, UTC), "dt": datetime.datetime(2024, 1, 2, 3, 4, 5, 6),
           "d": datetime.date(1, 1, 1), "t": datetime.time(23, 59, 59, 999999), "l": ["a", ""],
           "j": {"a": [1, None]}, "rec": [{"x": 1, "y": [1.5, float("inf")]}, {"x": None, "y": []}]}
    assert client.insert_rows(found, [row]) == []
    assert client.insert_rows_json(found, [{"i": "-5", "r": {"start": "2024-01-01", "end": None}}]) == []
    first, second = list(client.list_rows(found))
    for name in row:
        assert first[name] == row[name], name
    assert second["i"] == -5 and second["l"] == [] and second["rec"] == [] and second["ts"] is None
    assert second["r"] == {"start": datetime.date(2024, 1, 1), "end": None}
    assert client.get_table(table).num_rows == 2


def test_a_table_is_changed_and_removed(client: bigquery.Client, dataset: bigquery.Dataset) -> None:
    table = two_columns(client, dataset)
    with pytest.raises(exceptions.Conflict):
        two_columns(client, dataset)
    client.insert_rows_json(table, [{"id": 1, "value": "a"}])
    table.schema = [bigquery.SchemaField("id", "INT64"), bigquery.SchemaField("value", "STRING"),
                    bigquery.SchemaField("more", "INT64", mode="REPEATED")]
    table.description = "text"
    changed = client.update_table(table, ["schema", "description"])
    assert [one.name for one in changed.schema] == ["id", "value", "more"] and changed.description == "text"
    assert client.insert_rows_json(changed, [{"more": [1, 2]}]) == []
    assert values(client, changed) == [(1, "a", []), (None, None, [1, 2])]
    changed.schema = [bigquery.SchemaField("id", "STRING")]
    with pytest.raises(exceptions.BadRequest, match="Provided Schema does not match"):
        client.update_table(changed, ["schema"])
    changed.expires = datetime.datetime.now(UTC) + datetime.timedelta(days=1)
    assert client.update_table(changed, ["expires"]).expires is not None
    two_columns(client, dataset, "u")
    assert [one.table_id for one in client.list_tables(dataset, page_size=1)] == ["t", "u"]
    client.delete_table(changed)
    with pytest.raises(exceptions.NotFound):
        client.delete_table(changed)
    client.delete_table(changed, not_found_ok=True)


def test_a_view_has_the_columns_of_its_query(client: bigquery.Client, dataset: bigquery.Dataset) -> None:
    table = two_columns(client, dataset)
    view = bigquery.Table(dataset.reference.table("v"))
    view.view_query = f"SELECT id, UPPER(value) AS big FROM `{table.full_table_id.replace(':', '.')}`"
    made = client.create_table(view)
    assert made.table_type == "VIEW" and [one.name for one in made.schema] == ["id", "big"]
    assert client.get_table(made).view_query == view.view_query
    wrong = bigquery.Table(dataset.reference.table("w"))
    wrong.view_query = "SELECT nothing FROM nowhere.never"
    with pytest.raises((exceptions.BadRequest, exceptions.NotFound)):
        client.create_table(wrong)


def test_bad_rows_are_told_and_stop_the_others(client: bigquery.Client, dataset: bigquery.Dataset) -> None:
    table = two_columns(client, dataset)
    rows = [{"id": 1}, {"id": "x"}, {"id": 3, "other": 1}, {"value": "no id"}]
    errors = client.insert_rows_json(table, rows)
    assert [one["index"] for one in errors] == [0, 1, 2, 3]
    assert [one["errors"][0]["reason"] for one in errors] == ["stopped", "invalid", "invalid", "invalid"]
    assert [one["errors"][0]["location"] for one in errors[1:]] == ["id", "other", "id"]
    assert values(client, table) == []
    some = client.insert_rows_json(table, rows, skip_invalid_rows=True, ignore_unknown_values=True)
    assert [one["index"] for one in some] == [1, 3]
    assert values(client, table) == [(1, None), (3, None)]


def test_a_row_id_is_added_once(client: bigquery.Client, dataset: bigquery.Dataset) -> None:
    table = two_columns(client, dataset)
    for _ in range(3):
        assert client.insert_rows_json(table, [{"id": 1}, {"id": 2}], row_ids=["a", "b"]) == []
    assert values(client, table) == [(1, None), (2, None)]
    for _ in range(2):
        client.insert_rows_json(table, [{"id": 3}], row_ids=bigquery.AutoRowIDs.DISABLED)
    assert len(values(client, table)) == 4


def test_rows_come_in_pages_that_stay(client: bigquery.Client, dataset: bigquery.Dataset) -> None:
    table = two_columns(client, dataset)
    for begin in range(0, 1_000, 250):
        client.insert_rows_json(table, [{"id": i, "value": f"row_{i}"} for i in range(begin, begin + 250)])
    pages = iter(client.list_rows(table, page_size=300).pages)
    numbers = [row["id"] for row in next(pages)]
    client.insert_rows_json(table, [{"id": 5_000}])
    for page in pages:
        numbers += [row["id"] for row in page]
    assert numbers == list(range(1_000))
    assert values(client, table, start_index=998, selected_fields=[table.schema[0]]) == [(998,), (999,), (5_000,)]
    assert len(values(client, table, max_results=7)) == 7


def test_what_is_not_there_is_not_found(client: bigquery.Client, dataset: bigquery.Dataset) -> None:
    for ask in (lambda: client.get_table(dataset.reference.table("none")),
                lambda: client.get_dataset("none"),
                lambda: list(client.list_tables("none")),
                lambda: client.insert_rows_json(f"{PROJECT}.none.t", [{"a": 1}]),
                lambda: client.create_table(bigquery.Table(f"{PROJECT}.none.t", schema=EVERY_TYPE))):
        with pytest.raises(exceptions.NotFound):
            ask()


def test_the_lakes_own_tables_are_read_only(client: bigquery.Client) -> None:
    with pytest.raises(exceptions.Forbidden):
        client.create_table(bigquery.Table(f"{PROJECT}.benchlake.mine", schema=EVERY_TYPE))
    with pytest.raises(exceptions.Forbidden):
        client.delete_dataset("benchlake", delete_contents=True)


def test_tables_are_there_after_a_restart(tmp_path: pathlib.Path) -> None:
    def connect(server: Server) -> bigquery.Client:
        return bigquery.Client(project=PROJECT, credentials=AnonymousCredentials(),
                               client_options=ClientOptions(api_endpoint=server.url))

    server = Server(tmp_path, environment={"BENCHLAKE_BIGQUERY_OPEN": "true"})
    try:
        client = connect(server)
        table = two_columns(client, client.create_dataset("d"))
        client.insert_rows_json(table, [{"id": 1}])
    finally:
        server.stop()
    server = Server(tmp_path, environment={"BENCHLAKE_BIGQUERY_OPEN": "true"})
    try:
        assert values(connect(server), table) == [(1, None)]
    finally:
        server.stop()


def test_without_the_setting_writers_need_a_token(tmp_path: pathlib.Path) -> None:
    server = Server(tmp_path)
    try:
        body = {"datasetReference": {"datasetId": "d"}}
        refused = server.ask("POST", f"/bigquery/v2/projects/{PROJECT}/datasets", body)
        assert refused.status == 401 and refused.json()["error"]["status"] == "UNAUTHENTICATED"
        assert server.ask("POST", f"/bigquery/v2/projects/{PROJECT}/datasets", body, operator=True).status == 200
        assert server.ask("GET", f"/projects/{PROJECT}/datasets/d").status == 200
    finally:
        server.stop()
