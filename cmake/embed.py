#!/usr/bin/env python3
"""Writes NAME.h, NAME.cc and NAME.S, which put the files of a folder into a program.

The bytes come in by .incbin (a C array of them would take seconds to compile); the table says what
the HTTP server needs of each file: path, type, ETag, whether its name changes with its content.
"""
import argparse
import gzip
import hashlib
import pathlib
import re

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".yaml": "application/yaml",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/vnd.microsoft.icon",
    ".woff2": "font/woff2",
    ".toml": "application/toml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}
# Vite names assets after their content: assets/index-B5Qt9EMX.js
HASHED_NAME = re.compile(r"^assets/.+-[A-Za-z0-9_-]{8}\.[a-z0-9]+$")


def describe(folder: pathlib.Path, file: pathlib.Path, gzip_folder: pathlib.Path) -> dict:
    relative = file.relative_to(folder).as_posix()
    content_type = CONTENT_TYPES.get(file.suffix)
    if content_type is None:
        raise SystemExit(f"embed.py: no content type is known for {file}; add it to CONTENT_TYPES")
    content = file.read_bytes()
    packed = gzip.compress(content, 9, mtime=0)
    packed_file = None
    if len(packed) < len(content) * 0.9:
        packed_file = gzip_folder / (relative.replace("/", "__") + ".gz")
        write_if_changed(packed_file, packed)
    return {
        "relative": relative,
        "file": file.resolve(),
        "gzip": packed_file and packed_file.resolve(),
        "type": content_type,
        "hash": hashlib.sha256(content).hexdigest(),
        "immutable": bool(HASHED_NAME.match(relative)),
    }


def write_if_changed(path: pathlib.Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)


def assembly(name: str, entries: list) -> str:
    lines = ["#if defined(__linux__) && defined(__ELF__)", '.section .note.GNU-stack,"",%progbits',
             "#endif", ".section .rodata"]
    for index, entry in enumerate(entries):
        for kind in ("file", "gzip"):
            if entry[kind] is None:
                continue
            symbol = f"bl_embedded_{name}_{index}_{kind}"
            # The hash makes this text, and so the object, change with the content.
            lines += [f"// {entry['hash']}", ".balign 16", f".global {symbol}", f"{symbol}:",
                      f'.incbin "{entry[kind]}"', f".global {symbol}_end", f"{symbol}_end:", ".byte 0"]
    return "\n".join(lines) + "\n"


def header(name: str) -> str:
    return f"""#pragma once

#include <span>

#include "net/embedded.h"

namespace bl::embedded {{

/// Sorted by path.
std::span<const net::EmbeddedFile> {name}();

}}  // namespace bl::embedded
"""


def table(name: str, prefix: str, entries: list) -> str:
    symbols, rows = [], []
    for index, entry in enumerate(entries):
        views = []
        for kind in ("file", "gzip"):
            if entry[kind] is None:
                views.append("std::string_view()")
                continue
            symbol = f"bl_embedded_{name}_{index}_{kind}"
            symbols.append(f"extern const char {symbol}[];\nextern const char {symbol}_end[];")
            views.append(f"view({symbol}, {symbol}_end)")
        immutable = "true" if entry["immutable"] else "false"
        rows.append(f'      {{"{prefix}{entry["relative"]}", {views[0]}, {views[1]},\n'
                    f'       "{entry["type"]}", "{entry["hash"][:32]}", {immutable}}},')
    joined_symbols = "\n".join(symbols)
    joined_rows = "\n".join(rows)
    return f"""#include "embedded/{name}.h"

#include <string_view>
#include <vector>

extern "C" {{
{joined_symbols}
}}

namespace bl::embedded {{
namespace {{

std::string_view view(const char* begin, const char* end) {{
  return {{begin, static_cast<std::size_t>(end - begin)}};
}}

}}  // namespace

std::span<const net::EmbeddedFile> {name}() {{
  static const std::vector<net::EmbeddedFile> files = {{
{joined_rows}
  }};
  return files;
}}

}}  // namespace bl::embedded
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options = parser.parse_args()
    files = sorted((f for f in options.folder.rglob("*") if f.is_file()),
                   key=lambda f: f.relative_to(options.folder).as_posix().encode())
    entries = [describe(options.folder, f, options.out / f"{options.name}-gzip") for f in files]
    for suffix, text in ((".h", header(options.name)),
                         (".cc", table(options.name, options.prefix, entries)),
                         (".S", assembly(options.name, entries))):
        (options.out / (options.name + suffix)).parent.mkdir(parents=True, exist_ok=True)
        (options.out / (options.name + suffix)).write_text(text)


if __name__ == "__main__":
    main()
