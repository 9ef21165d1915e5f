"""A job that was written for Conbench: benchadapt measures something and posts it. Nothing in it knows benchlake."""
import os
import timeit

from benchadapt import BenchmarkResult
from benchadapt.adapters import CallableAdapter


def run_benchmarks() -> list:
    results = []
    for size in (100, 1000):
        numbers = list(range(size, 0, -1))
        samples = timeit.repeat(lambda: sorted(numbers), number=100, repeat=5)
        results.append(BenchmarkResult(
            stats={"data": [sample / 100 for sample in samples], "unit": "s", "iterations": 100},
            tags={"name": "sort", "size": size}, context={"benchmark_language": "Python"}))
    return results


adapter = CallableAdapter(run_benchmarks, result_fields_override={
    "run_reason": "commit", "run_id": os.environ.get("CI_PIPELINE_ID")})
adapter()
