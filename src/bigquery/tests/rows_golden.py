#!/usr/bin/env python3
"""Writes rows_golden.tsv: tables as other people's libraries write them. Columns: wire, the table's schema (JSON), the
writer's schema and its rows (base64; rows of protobuf joined by commas), the cells that they are.

Wants pyarrow and protobuf (PyPI). Run it in this folder; a second run changes nothing.
"""
import base64
import datetime
import decimal
import json
import pathlib

import pyarrow
from google.protobuf import descriptor_pb2, descriptor_pool, duration_pb2, message_factory, timestamp_pb2, wrappers_pb2

UTC = datetime.timezone.utc
Kind = descriptor_pb2.FieldDescriptorProto


def text(data):
    return base64.b64encode(data).decode()


def cells(*values):
    """A row as REST answers have it."""
    return {"f": [{"v": value} for value in values]}


def items(*values):
    return [{"v": value} for value in values]


def field(name, type, mode="NULLABLE", **more):
    return {"name": name, "type": type, "mode": mode, **more}


def arrow_line(table, schema, columns, rows, codec=None):
    batch = pyarrow.record_batch(columns, schema=schema)
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, schema, options=pyarrow.ipc.IpcWriteOptions(compression=codec)) as writer:
        writer.write_batch(batch)
    head = schema.serialize().to_pybytes()
    stream = sink.getvalue().to_pybytes()
    assert stream.startswith(head)
    body = stream[len(head):-8]  # less the end mark
    return ["arrow", table, text(head), text(body), rows]


def arrow_types(codec):
    stamp = datetime.datetime(2024, 8, 1, 7, 5, 9, 250000)
    wide = decimal.Decimal("-1.0000000000000000001")
    struct = pyarrow.struct([pyarrow.field("a", pyarrow.int32()), pyarrow.field("b", pyarrow.list_(pyarrow.string()))])
    span = pyarrow.struct([pyarrow.field("start", pyarrow.date32()), pyarrow.field("end", pyarrow.date32())])
    columns = [
        ("s", "STRING", pyarrow.string(), "日本", "日本"),
        ("y", "BYTES", pyarrow.binary(), b"\xff\x00", "/wA="),
        ("i", "INT64", pyarrow.int16(), -3, "-3"),
        ("f", "FLOAT64", pyarrow.float32(), 0.5, "0.5"),
        ("b", "BOOL", pyarrow.bool_(), True, "true"),
        ("n", "NUMERIC", pyarrow.decimal128(38, 9), decimal.Decimal("1.500000000"), "1.5"),
        ("g", "BIGNUMERIC", pyarrow.decimal256(76, 38), wide, str(wide)),
        ("ts", "TIMESTAMP", pyarrow.timestamp("us", "UTC"), stamp.replace(tzinfo=UTC), "1722495909250000"),
        ("zt", "TIMESTAMP", pyarrow.timestamp("us", "Europe/Berlin"), stamp.replace(tzinfo=UTC), "1722495909250000"),
        ("dt", "DATETIME", pyarrow.timestamp("us"), stamp, "2024-08-01T07:05:09.250000"),
        ("d", "DATE", pyarrow.date32(), datetime.date(1, 1, 1), "0001-01-01"),
        ("t", "TIME", pyarrow.time64("us"), stamp.time(), "07:05:09.250000"),
        ("iv", "INTERVAL", pyarrow.month_day_nano_interval(), pyarrow.MonthDayNano([14, -3, 4000]), "1-2 -3 0:0:0.000004"),
        ("j", "JSON", pyarrow.string(), '{"k": [1]}', '{"k":[1]}'),
        ("r", "RANGE", span, {"start": None, "end": datetime.date(2024, 8, 1)}, "[UNBOUNDED, 2024-08-01)"),
    ]
    table = [field(name, type) for name, type, _, _, _ in columns]
    table[-1]["rangeElementType"] = {"type": "DATE"}
    table.append(field("rec", "RECORD", "REPEATED", fields=[field("A", "INT64"), field("b", "STRING", "REPEATED")]))
    schema = pyarrow.schema([pyarrow.field(name, type) for name, _, type, _, _ in columns] +
                            [pyarrow.field("REC", pyarrow.list_(struct))])
    arrays = [pyarrow.array([value, None], type) for _, _, type, value, _ in columns]
    arrays.append(pyarrow.array([[{"a": 1, "b": ["x", "y"]}, {"a": None, "b": None}], None], pyarrow.list_(struct)))
    full = cells(*[cell for *_, cell in columns], items(cells("1", items("x", "y")), cells(None, [])))
    empty = cells(*[None for _ in columns], [])
    return arrow_line(table, schema, arrays, [full, empty], codec)


def proto_types():
    """A message type with everything inside it, as clients send it, made by protobuf's own library."""
    file = descriptor_pb2.FileDescriptorProto(name="row.proto", package="shop", syntax="proto2")
    file.dependency.extend([timestamp_pb2.DESCRIPTOR.name, wrappers_pb2.DESCRIPTOR.name, duration_pb2.DESCRIPTOR.name])
    row = file.message_type.add(name="Row")
    color = row.enum_type.add(name="Color")
    color.value.add(name="RED", number=0)
    color.value.add(name="GREEN", number=-1)
    item = row.nested_type.add(name="Item")
    item.field.add(name="a", number=1, label=1, type=Kind.TYPE_SINT64)
    item.field.add(name="b", number=2, label=3, type=Kind.TYPE_STRING)
    numbers = iter(range(1, 100))

    def add(name, type, label=1, type_name=None, packed=False):
        one = row.field.add(name=name, number=next(numbers), label=label, type=type, type_name=type_name)
        if packed:
            one.options.packed = True

    known = ".google.protobuf."
    add("s", Kind.TYPE_STRING)
    add("c", Kind.TYPE_ENUM, type_name=".shop.Row.Color")
    add("i", Kind.TYPE_INT64)
    add("w", Kind.TYPE_MESSAGE, type_name=known + "UInt32Value")
    add("f", Kind.TYPE_DOUBLE)
    add("ts", Kind.TYPE_MESSAGE, type_name=known + "Timestamp")
    add("iv", Kind.TYPE_MESSAGE, type_name=known + "Duration")
    add("n", Kind.TYPE_BYTES)
    add("g", Kind.TYPE_BYTES)
    add("l", Kind.TYPE_SINT32, label=3, packed=True)
    add("e", Kind.TYPE_ENUM, label=3, type_name=".shop.Row.Color", packed=True)
    add("rec", Kind.TYPE_MESSAGE, label=3, type_name=".shop.Row.Item")
    pool = descriptor_pool.DescriptorPool()
    for needed in (timestamp_pb2, wrappers_pb2, duration_pb2):
        pool.AddSerializedFile(needed.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    type = message_factory.GetMessageClass(pool.FindMessageTypeByName("shop.Row"))

    full = type(s="é", c=-1, i=-7, f=float("-inf"), l=[1, -2, 300], e=[0, -1])
    full.w.value = 4294967295
    full.ts.FromMicroseconds(-750000)
    full.iv.FromMicroseconds(-1)
    full.n = (-1500000000).to_bytes(5, "little", signed=True)
    full.g = (15 * 10**37).to_bytes(32, "little", signed=True)
    full.rec.add(a=-(2**63), b=["x", ""])
    full.rec.add()
    table = [field("S", "STRING"), field("c", "STRING"), field("i", "INT64"), field("w", "INT64"), field("f", "FLOAT64"),
             field("ts", "TIMESTAMP"), field("iv", "INTERVAL"), field("n", "NUMERIC"), field("g", "BIGNUMERIC"),
             field("l", "INT64", "REPEATED"), field("e", "STRING", "REPEATED"),
             field("rec", "RECORD", "REPEATED", fields=[field("a", "INT64"), field("b", "STRING", "REPEATED")])]
    rows = [cells("é", "GREEN", "-7", "4294967295", "-Infinity", "-750000", "0-0 0 -0:0:0.000001", "-1.5", "1.5",
                  items("1", "-2", "300"), items("RED", "GREEN"),
                  items(cells(str(-(2**63)), items("x", "")), cells(None, []))),
            cells(*[None] * 9, [], [], [])]
    messages = [full.SerializeToString(deterministic=True), type().SerializeToString()]
    descriptor = descriptor_pb2.DescriptorProto()
    type.DESCRIPTOR.CopyToProto(descriptor)
    return ["proto", table, text(descriptor.SerializeToString(deterministic=True)), ",".join(map(text, messages)), rows]


def main():
    lines = []
    for line in (arrow_types(None), arrow_types("lz4"), arrow_types("zstd"), proto_types()):
        wire, table, schema, rows, expected = line
        shown = json.dumps({"fields": table}, ensure_ascii=False, separators=(",", ":"))
        wanted = json.dumps(expected, ensure_ascii=False, separators=(",", ":"))
        lines.append("\t".join([wire, shown, schema, rows, wanted]))
    (pathlib.Path(__file__).parent / "rows_golden.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
