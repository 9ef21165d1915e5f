"""Benchmarks of each kind that asv knows, with and without parameters."""


class Sort:
    params = [[10, 1000], ["up", "down"]]
    param_names = ["size", "order"]

    def setup(self, size, order):
        if size == 1000 and order == "up":
            raise NotImplementedError("left out")
        self.numbers = list(range(size)) if order == "up" else list(range(size, 0, -1))

    def time_sorted(self, size, order):
        sorted(self.numbers)


def mem_list():
    return [0] * 1000


def peakmem_list():
    return [0] * 100000


def track_ratio():
    return 0.5


track_ratio.unit = "ratio"


def time_fails():
    raise ValueError("no input")
