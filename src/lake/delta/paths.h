#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

/// Paths of files in the log: escaped, relative to the table or absolute. Pure.
namespace bl::lake::delta {

/// Without escapes, and so that equal files have equal texts: relative to the table (`a/b.parquet`)
/// where it lies there, else absolute (`/a/b`, `s3://bucket/key`). `table`: the table's own
/// address (`/data/t/`, `s3://bucket/t/`). Errors: corrupt (a broken escape, a control character,
/// no UTF-8, empty).
Result<std::string> canonical_path(std::string_view written, std::string_view table);

/// Of a canonical path: is it one below the table? Errors: unsupported (absolute), corrupt (`..`,
/// an empty name, what no key can be).
Result<void> check_below_table(std::string_view canonical);

/// As we write a path: everything escaped that a URI's path does not take.
std::string written_path(std::string_view path);

}  // namespace bl::lake::delta
