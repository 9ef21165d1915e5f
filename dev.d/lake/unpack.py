#!/usr/bin/env python3
"""Takes out of the downloaded packages what the program is built on.

usage: unpack.py DOWNLOADS PREFIX
"""
import pathlib
import shutil
import sys
import tarfile
import zipfile


def target_of(member: str):
    """Where a file of a package goes below PREFIX; None: nowhere."""
    path = pathlib.PurePosixPath(member)
    if member.startswith("pyarrow/include/arrow/"):
        return pathlib.PurePosixPath(*path.parts[1:])
    if path.parent.name == "pyarrow" and path.name.startswith("libarrow.so."):
        return pathlib.PurePosixPath("lib", path.name)
    if path.suffix == ".duckdb_extension":
        return pathlib.PurePosixPath("lib", "duckdb-extensions", path.name)
    if member.endswith("/duckdb/src/include/duckdb.h"):
        return pathlib.PurePosixPath("include", "duckdb.h")
    return None


def members(package: pathlib.Path):
    """(name, open) of each file of a wheel or a source distribution."""
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as archive:
            for name in archive.namelist():
                yield name, lambda name=name: archive.open(name)
    else:
        with tarfile.open(package) as archive:
            for entry in archive:
                if entry.isfile():
                    yield entry.name, lambda entry=entry: archive.extractfile(entry)


def main(downloads: pathlib.Path, prefix: pathlib.Path) -> None:
    for package in sorted(downloads.iterdir()):
        taken = 0
        for name, open_member in members(package):
            target = target_of(name)
            if target is None or target.suffix == "" and name.endswith("/"):
                continue
            place = prefix / target
            place.parent.mkdir(parents=True, exist_ok=True)
            with open_member() as source, place.open("wb") as sink:
                shutil.copyfileobj(source, sink)
            taken += 1
        if taken == 0:
            sys.exit(f"nothing that the build wants is in {package.name}")
        print(f"{package.name}: {taken} files")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
