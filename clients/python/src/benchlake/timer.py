"""Timing one function, without a benchmark library."""
from __future__ import annotations

import gc
import math
import time
from typing import Any, Callable, List, NamedTuple, Optional, TypeVar

T = TypeVar("T")
ROUND_SECONDS_MIN = 0.001
"""A round of a fast function calls it so often that it takes at least this long."""


class Samples(NamedTuple):
    values: List[float]
    """One for each round: seconds of one call."""
    unit: str
    iterations: int
    """Calls in a round."""


class Timer:
    """What the fixture `benchlake_timer` is. Called with a function it measures it; `record` takes values that were
    measured elsewhere. Several measurements of one test are samples of one result."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter):
        self._clock = clock
        self.samples: Optional[Samples] = None

    def __call__(self, function: Callable[..., T], *arguments: Any, rounds: int = 5, **keywords: Any) -> T:
        """Calls it, first once to warm up, and gives back what the last call gave. The garbage collector rests
        during a round."""
        if rounds < 1:
            raise ValueError(f"rounds must be at least 1: {rounds}")
        begin = self._clock()
        answer = function(*arguments, **keywords)
        once = self._clock() - begin
        calls = min(1_000_000, math.ceil(ROUND_SECONDS_MIN / max(once, 1e-9)))
        values = []
        for _ in range(rounds):
            was_on = gc.isenabled()
            gc.disable()
            try:
                begin = self._clock()
                for _ in range(calls):
                    answer = function(*arguments, **keywords)
                values.append((self._clock() - begin) / calls)
            finally:
                if was_on:
                    gc.enable()
        self.record(*values, unit="s", iterations=calls)
        return answer

    def record(self, *values: float, unit: str = "s", iterations: int = 1) -> None:
        """`unit`: s, ns, B (less is better), B/s, i/s (more is better)."""
        bad = next((value for value in values if not math.isfinite(value)), None)
        if bad is not None or not values:
            raise ValueError(f"a measurement is a finite number: {bad}")
        if self.samples is None:
            self.samples = Samples([], unit, iterations)
        if unit != self.samples.unit:
            raise ValueError(f"one test has one unit, first {self.samples.unit}, now: {unit}")
        self.samples.values.extend(float(value) for value in values)
