#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

/// chDB (ClickHouse in a Python package), a reader of Delta tables that shares no code with the
/// others. Some 550 MB: `./dev long` fetches it.
namespace bl::lake::testing {

/// A Python that has it: BENCHLAKE_CHDB_PYTHON, else that of the checkout at `root`; empty: none.
inline std::string chdb_python(const std::string& root) {
  if (const char* named = std::getenv("BENCHLAKE_CHDB_PYTHON")) return named;
  const std::string own = root + "/.deps/chdb/bin/python";
  return std::filesystem::exists(own) ? own : "";
}

}  // namespace bl::lake::testing

#define BL_SKIP_WITHOUT_CHDB(python)                                        \
  if ((python).empty())                                                     \
  GTEST_SKIP() << "chDB is not here (some 550 MB; ./dev long fetches it): " \
                  "BENCHLAKE_CHDB_PYTHON names a Python with it"
