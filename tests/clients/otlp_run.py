"""A benchmark's run in traces, by OpenTelemetry's own SDK; runs where the SDK is (test_traces.py).

otlp_run.py ENDPOINT RUN ITERATIONS QUERY_MS: one trace for each iteration, `bench` with a `query` in it that takes QUERY_MS and up to 2 ms
more, and sends them in batches, as an exporter of a benchmark does; ends when all are taken, else with exit code 1.
"""
import sys
import time

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

MS = 1_000_000


def main() -> None:
    endpoint, run, iterations, query_ms = sys.argv[1:5]
    provider = TracerProvider(resource=Resource.create({"service.name": "bench", "benchlake.run_id": run}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=30)))
    tracer = provider.get_tracer("bench")
    begin = time.time_ns() - 60_000 * MS
    for i in range(int(iterations)):
        start = begin + i * 1_000 * MS
        end = start + (5 + int(query_ms)) * MS + i % 5 * MS // 2
        root = tracer.start_span("iteration", start_time=start)
        query = tracer.start_span("query", context=trace.set_span_in_context(root), start_time=start + 5 * MS)
        query.end(end_time=end)
        root.end(end_time=end + 5 * MS + i % 3 * MS // 10)
    ok = provider.force_flush(30_000)
    provider.shutdown()
    sys.exit(0 if ok else 1)


main()
