#pragma once

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "base/program.h"
#include "duck/database.h"
#include "events/tests/delta_log_world.h"

/// Other programs that read a table: delta-rs (PyPI deltalake), and the Delta extension of DuckDB.
namespace bl::events::testing {

inline std::string source(const std::string& path) {
  const char* root = std::getenv("BL_TEST_SOURCE");
  return (root != nullptr ? std::string(root) : std::filesystem::current_path().string()) + "/" +
         path;
}

/// What src/lake/testing/delta_peer.py prints, run by that Python.
inline std::string run_peer(const std::string& python, std::vector<std::string> words) {
  words.insert(words.begin(), {python, source("src/lake/testing/delta_peer.py")});
  ProgramCall call;
  call.words = std::move(words);
  call.time_max = std::chrono::minutes(3);
  call.kept_bytes = 256u << 20;
  const auto end = run_program(call);
  EXPECT_TRUE(end.ok()) << said_of(end);
  if (!end.ok()) return {};
  EXPECT_EQ(end->exit_code, 0) << end->err;
  return end->out;
}

inline std::string peer(std::vector<std::string> words) {
  const char* named = std::getenv("BENCHLAKE_DELTA_PYTHON");
  return run_peer(named != nullptr ? named : source(".deps/delta/bin/python"), std::move(words));
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  return lines;
}

/// The text that `line` (SQL) is of each row, sorted.
inline std::vector<std::string> seen_by_delta_rs(const std::string& table, const std::string& line,
                                                 const std::string& condition = "true") {
  return lines_of(peer({"rows", table, fmt::format("SELECT {} FROM t WHERE {}", line, condition)}));
}

inline std::vector<std::string> seen_by_duckdb(const std::string& table, const std::string& line,
                                               const std::string& condition = "true") {
  duck::DatabaseOptions options;
  options.extensions = {"delta"};
  const auto engine = duck::Database::open(std::move(options)).value();
  const auto connection = engine->connect().value();
  auto answer = connection->query(
      fmt::format("SELECT {} FROM delta_scan('{}') WHERE {}", line, table, condition));
  EXPECT_EQ(said_of(answer), "ok");
  const auto batch = answer->all().value();
  std::vector<std::string> lines;
  const auto texts = batch.column(0).as<std::string_view>().value();
  for (std::int64_t i = 0; i < batch.rows(); ++i) lines.emplace_back(texts[i]);
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace bl::events::testing
