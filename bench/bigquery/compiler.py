#!/usr/bin/env python3
"""usage: compiler.py BUILD_FOLDER. Prints the compiler and its flags of a build of CMake, without folders: what gate.toml keeps
beside a baseline."""
import json
import pathlib
import shlex
import subprocess
import sys

WITH_A_WORD = {"-o", "-c", "-I", "-isystem", "-include", "-MF", "-MT"}


def flags_of(command: str) -> str:
    """Those that do not depend on the place of the checkout: no includes, definitions, files."""
    kept, skips_next = [], False
    for word in shlex.split(command)[1:]:
        if not skips_next and word.startswith(("-O", "-g", "-f", "-m", "-std=", "-DNDEBUG", "-W")) and "/" not in word:
            kept.append(word)
        skips_next = word in WITH_A_WORD
    return " ".join(kept)


def main(folder: pathlib.Path) -> None:
    commands = json.loads((folder / "compile_commands.json").read_text())
    main_file = next(entry for entry in commands if entry["file"].endswith("src/app/main.cc"))
    words = shlex.split(main_file["command"])
    compiler = next(word for word in words if not word.endswith("ccache"))
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    print(version, flags_of(main_file["command"]))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
