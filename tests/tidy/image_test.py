#!/usr/bin/env python3
"""The container image installs the shared libraries that the program names. PROGRAM is its path."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
PROGRAM = os.environ["BL_TEST_BINARY"]
IN_THE_BASE_IMAGE = {"libc6", "libgcc-s1"}
CARRIED = ("libarrow.so", "libduckdb.so")  # in lib/benchlake, from no package


def printed(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def installed_packages() -> set:
    text = (ROOT / "deploy/Dockerfile").read_text().replace("\\\n", " ")
    (packages,) = re.findall(r"--no-install-recommends\s+(.*?)&&", text)
    return set(packages.split())


def loaded_by(program: str) -> dict:
    """Library -> path, also of what libraries need."""
    return dict(re.findall(r"(\S+) => (/\S+)", printed("ldd", program)))


def is_carried(library: str) -> bool:
    return library.startswith(CARRIED)


def package_of(library: str) -> str:
    """dpkg knows a file below /usr/lib or below /lib, whichever its package says."""
    path = os.path.realpath(library)
    for candidate in (path, path.removeprefix("/usr")):
        found = subprocess.run(["dpkg", "-S", candidate], capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.split(":")[0]
    raise AssertionError(f"no package has {path}")


@unittest.skipUnless(shutil.which("dpkg"), "this system has no dpkg")
class Image(unittest.TestCase):
    def test_every_library_of_the_program_is_in_a_package_that_is_installed(self):
        named = set(re.findall(r"NEEDED\s+(\S+)", printed("objdump", "-p", PROGRAM)))
        loaded = loaded_by(PROGRAM)
        for path in [path for library, path in loaded.items() if is_carried(library)]:
            named |= set(re.findall(r"NEEDED\s+(\S+)", printed("objdump", "-p", path)))
        packages = {package_of(path) for library, path in loaded.items()
                    if library in named and not is_carried(library)}
        self.assertGreater(len(packages), 10)
        self.assertEqual(packages - installed_packages() - IN_THE_BASE_IMAGE, set())

    def test_nothing_else_is_installed_but_what_is_known(self):
        libraries = {name for name in installed_packages() if name.startswith("lib")}
        loaded = loaded_by(PROGRAM)
        packages = {package_of(path) for library, path in loaded.items() if not is_carried(library)}
        self.assertEqual(libraries - packages, set())

    def test_an_installed_program_carries_the_engine_and_its_extensions(self):
        self.assertIn("COPY build/image/ /usr/local/", (ROOT / "deploy/Dockerfile").read_text())
        with tempfile.TemporaryDirectory() as prefix:
            printed("cmake", "--install", os.path.dirname(PROGRAM), "--prefix", prefix)
            program, carried = f"{prefix}/bin/benchlake", f"{prefix}/lib/benchlake/"
            loaded = {library: path for library, path in loaded_by(program).items() if is_carried(library)}
            self.assertEqual(len(loaded), len(CARRIED))
            for path in loaded.values():
                self.assertTrue(os.path.realpath(path).startswith(os.path.realpath(carried)), path)
            extensions = os.listdir(carried + "duckdb-extensions")
            for name in ("ducklake", "sqlite_scanner", "postgres_scanner", "httpfs", "delta"):
                self.assertIn(f"{name}.duckdb_extension", extensions)
            self.assertIn("benchlake", printed(program, "--version"))


if __name__ == "__main__":
    unittest.main()
