"""Spans of OpenTelemetry's own SDK, sent by one of its exporters; runs where the SDK is (test_traces.py).

otlp_session.py PROTOCOL ENDPOINT TOKEN COMPRESSION: makes two traces and sends them; prints what it sent as one JSON document:
{"sent": OTLP/JSON of the request as the SDK's own encoder has it, with ids in hex, "ok": whether the exporter says so}.
"""
import base64
import json
import sys
from typing import Any

from google.protobuf import json_format
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanKind, Status, StatusCode


def exporter_of(protocol: str, endpoint: str, token: str, compression: str) -> Any:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    if protocol == "grpc":
        import grpc
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as Exporter
        codec = grpc.Compression.Gzip if compression == "gzip" else grpc.Compression.NoCompression
        return Exporter(endpoint=endpoint, insecure=True, headers=headers, compression=codec, timeout=30)
    if protocol == "json":
        from opentelemetry.exporter.otlp.common.http import Compression
        from opentelemetry.exporter.otlp.json.http.trace_exporter import OTLPSpanExporter as Exporter
    else:
        from opentelemetry.exporter.otlp.proto.http import Compression
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as Exporter
    return Exporter(endpoint=endpoint, headers=headers, compression=Compression(compression), timeout=30)


def made_spans() -> Any:
    """A request with a call in it, and a consumer that links to it: every kind of value that the SDK takes."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource.create(
        {"service.name": "shop", "benchlake.run_id": "run-otlp", "host.cpus": 2, "list": ["a", "b"]}))
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("bench", "1.0", schema_url="https://opentelemetry.io/schemas/1.27.0",
                                 attributes={"scope.key": True})
    with tracer.start_as_current_span("GET /cart", kind=SpanKind.SERVER, attributes={
            "text": "ä\n\"", "int": -(2**62), "double": 0.1, "bool": False, "ints": [1, 2], "none": [], "big": 2**53 + 1}) as root:
        root.add_event("begun", {"n": 1}, timestamp=root.start_time + 7)
        with tracer.start_as_current_span("SELECT", kind=SpanKind.CLIENT) as call:
            call.set_status(Status(StatusCode.ERROR, "too many rows"))
            call.record_exception(ValueError("no"))
    with tracer.start_as_current_span("consume", kind=SpanKind.CONSUMER, context=trace.set_span_in_context(trace.INVALID_SPAN),
                                      links=[Link(root.get_span_context(), {"why": "queue"})]):
        pass
    return memory.get_finished_spans()


def in_hex(value: Any) -> Any:
    """protobuf's JSON has ids in base64, OTLP's in hex."""
    if isinstance(value, dict):
        return {key: base64.b64decode(member).hex() if key in ("traceId", "spanId", "parentSpanId") else in_hex(member)
                for key, member in value.items()}
    return [in_hex(item) for item in value] if isinstance(value, list) else value


def main() -> None:
    exporter = exporter_of(*sys.argv[1:5])
    spans = made_spans()
    sent = json_format.MessageToDict(encode_spans(spans), use_integers_for_enums=True)
    result = exporter.export(spans)
    exporter.shutdown()
    json.dump({"sent": in_hex(sent), "ok": result.name == "SUCCESS"}, sys.stdout)


main()
