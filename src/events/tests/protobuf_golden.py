#!/usr/bin/env python3
"""Writes the second column of protobuf_golden.tsv: the bytes that protobuf's own library makes of the first, an event as
JSON, by ../proto/databuild/v1/databuild.proto.

Wants grpcio-tools (PyPI). Run it in this folder; a second run changes nothing. It also reads the bytes back.
"""
import importlib.util
import json
import pathlib
import tempfile

from grpc_tools import protoc

FOLDER = pathlib.Path(__file__).parent
PROTO = FOLDER.parent / "proto"


def compiled(folder):
    arguments = ["protoc", f"-I{PROTO}", f"--python_out={folder}", "databuild/v1/databuild.proto"]
    if protoc.main(arguments) != 0:
        raise SystemExit("databuild.proto does not compile")
    path = pathlib.Path(folder) / "databuild/v1/databuild_pb2.py"
    spec = importlib.util.spec_from_file_location("databuild_pb2", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fill(message, value):
    """As our JSON has it: members by their names, null is absent, timestamps are texts."""
    for key, part in value.items():
        field = message.DESCRIPTOR.fields_by_name[key]
        if part is None:
            continue
        if field.message_type and field.message_type.GetOptions().map_entry:
            getattr(message, key).update(part)
        elif isinstance(part, list):
            for item in part:
                if field.message_type:
                    fill(getattr(message, key).add(), item)
                else:
                    getattr(message, key).append(item)
        elif field.message_type:
            # A ref without a text is as if it had never been set; a config is set.
            if part != {"str": ""} and part != {"label": ""}:
                getattr(message, key).SetInParent()
            fill(getattr(message, key), part)
        elif part != field.default_value:
            setattr(message, key, int(part) if field.cpp_type == field.CPPTYPE_INT64 else part)


def main():
    path = FOLDER / "protobuf_golden.tsv"
    texts = [line.split("\t")[0] for line in path.read_text(encoding="utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        event_type = compiled(folder).BuildEvent
    lines = []
    for text in texts:
        event = event_type()
        fill(event, json.loads(text))
        data = event.SerializeToString(deterministic=True)
        assert event_type.FromString(data) == event
        lines.append(f"{text}\t{data.hex()}\n")
    path.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
