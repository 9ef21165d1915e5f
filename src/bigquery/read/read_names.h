#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "bigquery/model.h"

/// Names of what the Storage Read API speaks of. Pure.
namespace bl::bigquery::read {

/// Rows [begin, end) of a session, in their order.
struct RowRange {
  std::int64_t begin = 0, end = 0;
  std::int64_t rows() const { return end - begin; }
  auto operator<=>(const RowRange&) const = default;
};

/// `projects/P/datasets/D/tables/T`. Errors: invalid.
Result<TableName> table_named(std::string_view path);
/// Of `projects/P`. Errors: invalid.
Result<std::string> project_named(std::string_view path);

std::string session_name(std::string_view project, std::string_view id);
/// A stream's name says its rows: nothing is kept of streams. `SESSION/streams/FROM-TO`.
std::string stream_name(std::string_view session, const RowRange& rows);

struct StreamParts {
  std::string_view session;
  RowRange rows;
};
/// nullopt: no stream is called so.
std::optional<StreamParts> stream_named(std::string_view name);

}  // namespace bl::bigquery::read
