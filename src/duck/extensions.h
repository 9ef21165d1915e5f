#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

/// Extensions of the engine: files beside the program, for exactly this engine, loaded by path.
/// Nothing is ever fetched.
namespace bl::duck {

/// One extension that this program knows, and the file that it must be.
struct Extension {
  std::string_view name;    ///< as the engine calls it, for example "ducklake"
  std::string_view sha256;  ///< of its file, 64 hex digits, for k_platform
};

inline constexpr std::string_view k_engine_version = "v1.5.5";
inline constexpr std::string_view k_platform = "linux_amd64";

/// ducklake, sqlite_scanner, postgres_scanner, httpfs, delta; and tpch, which only tests and
/// measurements have.
std::span<const Extension> known_extensions();

/// Where the extensions lie when nobody says otherwise: `../lib/benchlake/duckdb-extensions` from
/// the program, else where they were when the program was built.
std::string default_extension_folder();

/// The path of an extension's file, after its bytes were compared with what is known; about 40 ms
/// for each. Errors: not_found (no such extension, or no file, with the path), corrupt (another
/// file, with the path), unsupported (another platform).
Result<std::string> checked_extension(const std::string& folder, std::string_view name);

}  // namespace bl::duck
