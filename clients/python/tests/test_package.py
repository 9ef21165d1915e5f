"""What users get: the package as it is installed."""
import importlib.metadata
import pathlib
import subprocess
import sys

import benchlake
import pytest


def test_it_needs_nothing_but_the_standard_library() -> None:
    if sys.version_info < (3, 10):
        pytest.skip("this Python does not know the names of its standard library")
    script = ("import sys; before = set(sys.modules); import benchlake, benchlake.migration.__main__; "
              "print(sorted({name.split('.')[0] for name in set(sys.modules) - before} "
              "- set(sys.stdlib_module_names) - {'benchlake'}))")
    ran = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_its_metadata() -> None:
    metadata = importlib.metadata.metadata("benchlake")
    assert metadata["Version"] == benchlake.__version__
    assert metadata["Requires-Python"] == ">=3.9"
    assert not [wanted for wanted in importlib.metadata.requires("benchlake") or [] if "extra ==" not in wanted]


def test_type_checkers_find_its_types() -> None:
    assert (pathlib.Path(benchlake.__file__).parent / "py.typed").exists()


def test_everything_that_it_offers_is_there() -> None:
    assert all(hasattr(benchlake, name) for name in benchlake.__all__)
