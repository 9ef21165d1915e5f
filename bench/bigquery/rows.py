"""The rows of the tier: an id from 0, and a text that the seed draws. Every seed gives as many bytes."""
import random
from typing import Dict, List

import pyarrow
from google.cloud import bigquery
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from door import Door, expect

FIELDS = (bigquery.SchemaField("id", "INT64", "REQUIRED"), bigquery.SchemaField("value", "STRING"))
ARROW_SCHEMA = pyarrow.schema([pyarrow.field("id", pyarrow.int64(), nullable=False),
                               pyarrow.field("value", pyarrow.string())])


def texts(count: int, seed: int) -> List[str]:
    drawn = random.Random(seed)
    return [f"row_{drawn.randrange(10 ** 8):08d}" for _ in range(count)]


def arrow_rows(count: int, seed: int) -> pyarrow.Table:
    return pyarrow.table([pyarrow.array(range(count), pyarrow.int64()), texts(count, seed)], schema=ARROW_SCHEMA)


def json_rows(count: int, seed: int) -> List[Dict[str, object]]:
    return [{"id": i, "value": text} for i, text in enumerate(texts(count, seed))]


def row_descriptor() -> descriptor_pb2.DescriptorProto:
    """A message of proto2 with the two columns."""
    field = descriptor_pb2.FieldDescriptorProto
    row = descriptor_pb2.DescriptorProto(name="Row")
    row.field.add(name="id", number=1, type=field.TYPE_INT64, label=field.LABEL_REQUIRED)
    row.field.add(name="value", number=2, type=field.TYPE_STRING, label=field.LABEL_OPTIONAL)
    return row


def proto_rows(count: int, seed: int) -> List[bytes]:
    pool = descriptor_pool.DescriptorPool()
    pool.Add(descriptor_pb2.FileDescriptorProto(name="row.proto", package="perf", message_type=[row_descriptor()]))
    row = message_factory.GetMessageClass(pool.FindMessageTypeByName("perf.Row"))
    return [row(id=i, value=text).SerializeToString() for i, text in enumerate(texts(count, seed))]


def expect_rows(door: Door, table: bigquery.Table, count: int, seed: int) -> None:
    """The table has exactly the rows 0..count-1 of the seed; each row counts with its own weight. Errors: EffectError."""
    found = door.query("SELECT COUNT(*), COUNT(DISTINCT id), MIN(id), MAX(id), SUM(CAST(SUBSTR(value, 5) AS INT64) * (id + 1)) "
                       f"FROM `{table.project}.{table.dataset_id}.{table.table_id}`")
    wanted = (count, count, 0, count - 1, sum(int(text[4:]) * (i + 1) for i, text in enumerate(texts(count, seed))))
    expect(found, [wanted], f"rows, ids, first and last id, checksum of {table.table_id}")
