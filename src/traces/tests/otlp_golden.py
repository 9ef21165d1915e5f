#!/usr/bin/env python3
"""Writes the second column of otlp_golden.tsv: the bytes that protobuf's own library makes of the first, an export request
as OTLP/JSON.

Wants opentelemetry-proto (PyPI). Run it in this folder; a second run changes nothing. It also reads the bytes back.
"""
import base64
import json
import pathlib

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

IDS = ("traceId", "spanId", "parentSpanId")


def with_base64_ids(value):
    """OTLP/JSON has ids in hex; protobuf's own JSON, which the library reads, has bytes in base64."""
    if isinstance(value, list):
        return [with_base64_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: base64.b64encode(bytes.fromhex(item)).decode() if key in IDS else with_base64_ids(item)
        for key, item in value.items()
    }


def main():
    path = pathlib.Path(__file__).parent / "otlp_golden.tsv"
    lines = []
    for line in path.read_text(encoding="utf-8").split("\n")[:-1]:
        text = line.split("\t")[0]
        request = json_format.ParseDict(with_base64_ids(json.loads(text)), ExportTraceServiceRequest())
        data = request.SerializeToString(deterministic=True)
        if ExportTraceServiceRequest.FromString(data) != request and "NaN" not in text:
            raise SystemExit(f"does not come back: {text}")
        lines.append(f"{text}\t{data.hex()}\n")
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


main()
