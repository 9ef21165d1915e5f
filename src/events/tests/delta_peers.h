#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "duck/database.h"
#include "events/tests/delta_log_world.h"
#include "lake/testing/delta_peer.h"

/// Other programs that read a table: delta-rs (PyPI deltalake), and the Delta extension of DuckDB.
namespace bl::events::testing {

using lake::testing::peer;
using lake::testing::run_peer;
using lake::testing::source;

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines = lake::testing::split_lines(text);
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
