"""Benchmarks with every kind of name, parameter and note that pytest-benchmark writes."""
import pytest


def test_plain(benchmark):
    benchmark.pedantic(sum, args=(range(100),), rounds=5, iterations=20)


@pytest.mark.parametrize("size", [10, 1000])
@pytest.mark.parametrize("order", ["up", None])
@pytest.mark.benchmark(group="sorting")
def test_sort(benchmark, size, order):
    numbers = list(range(size)) if order else list(range(size, 0, -1))
    benchmark.extra_info["numbers"] = size
    benchmark.pedantic(sorted, args=(numbers,), rounds=4, iterations=10)


@pytest.mark.parametrize("thing", [object()])
def test_object(benchmark, thing):
    benchmark.pedantic(repr, args=(thing,), rounds=3)
