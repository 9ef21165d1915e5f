#!/usr/bin/env python3
"""The container image installs the shared libraries that the program names. PROGRAM is its path."""
import os
import pathlib
import re
import shutil
import subprocess
import unittest

ROOT = pathlib.Path(__file__).parents[2]
PROGRAM = os.environ["BL_TEST_BINARY"]
IN_THE_BASE_IMAGE = {"libc6", "libgcc-s1"}


def printed(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def installed_packages() -> set:
    text = (ROOT / "deploy/Dockerfile").read_text().replace("\\\n", " ")
    (packages,) = re.findall(r"--no-install-recommends\s+(.*?)&&", text)
    return set(packages.split())


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
        loaded = re.findall(r"(\S+) => (/\S+)", printed("ldd", PROGRAM))
        packages = {package_of(path) for library, path in loaded if library in named}
        self.assertGreater(len(packages), 10)
        self.assertEqual(packages - installed_packages() - IN_THE_BASE_IMAGE, set())

    def test_nothing_else_is_installed_but_what_is_known(self):
        libraries = {name for name in installed_packages() if name.startswith("lib")}
        loaded = re.findall(r"=> (/\S+)", printed("ldd", PROGRAM))
        self.assertEqual(libraries - {package_of(path) for path in loaded}, set())


if __name__ == "__main__":
    unittest.main()
