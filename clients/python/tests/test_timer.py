import gc

import pytest
from benchlake.timer import Timer


class Ticks:
    """Each look at the clock is one second later."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def test_a_slow_function_is_called_once_a_round() -> None:
    calls = []
    timer = Timer(Ticks(1.0))
    assert timer(lambda x: calls.append(x) or "answer", 7, rounds=3) == "answer"
    assert calls == [7] * 4, "once to warm up"
    assert timer.samples is not None and timer.samples.values == [1.0, 1.0, 1.0] and timer.samples.iterations == 1


def test_a_fast_function_is_called_often_enough_for_a_round_of_a_millisecond() -> None:
    calls = []
    timer = Timer(Ticks(0.0001))
    timer(lambda: calls.append(0), rounds=2)
    assert timer.samples is not None and timer.samples.iterations == 10 and len(calls) == 21
    assert timer.samples.values == pytest.approx([0.00001, 0.00001])


def test_the_collector_rests_during_a_round_and_comes_back() -> None:
    seen = []

    def function() -> None:
        seen.append(gc.isenabled())
        if len(seen) == 2:
            raise ValueError

    with pytest.raises(ValueError):
        Timer(Ticks(1.0))(function)
    assert seen == [True, False] and gc.isenabled()


def test_several_measurements_are_samples_of_one_result() -> None:
    timer = Timer()
    timer.record(1, 2, unit="B")
    timer.record(3, unit="B")
    assert timer.samples is not None and timer.samples.values == [1.0, 2.0, 3.0]
    with pytest.raises(ValueError, match="one unit, first B, now: s"):
        timer.record(1)


@pytest.mark.parametrize("values", [(), (float("nan"),), (1, float("inf"))])
def test_what_is_no_measurement(values: tuple) -> None:
    with pytest.raises(ValueError, match="finite"):
        Timer().record(*values)


def test_rounds_are_at_least_one() -> None:
    with pytest.raises(ValueError, match="at least 1: 0"):
        Timer()(lambda: None, rounds=0)
