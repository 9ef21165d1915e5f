#include "bigquery/json_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "bigquery/rows/row_builder.h"

namespace bl::bigquery {
namespace {

constexpr json::ParseLimits k_line_limits{.bytes_max = 100u << 20,
                                          .depth_max = 64,
                                          .string_bytes_max = 100u << 20,
                                          .values_max = 4'000'000};

void put_row(RowBuilder& builder, const json::Value& row, bool ignore_unknown) {
  if (row.is_object()) {
    put_json(builder, builder.root(), row, ignore_unknown);
    return;
  }
  builder.fault_at("", "A row is a JSON object.");
  builder.root().put_null();
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

Result<RowsIn> rows_from_json(const TableSchema& schema, std::span<const json::Value* const> rows,
                              const JsonRowOptions& options) {
  RowBuilder builder(schema, options.limits, options.defaults);
  for (const json::Value* row : rows) {
    if (builder.is_full()) break;
    put_row(builder, *row, options.ignore_unknown_values);
    builder.end_row();
  }
  return builder.finish();
}

Result<RowsIn> rows_from_ndjson(const TableSchema& schema, std::string_view text,
                                const JsonRowOptions& options) {
  RowBuilder builder(schema, options.limits, options.defaults);
  while (!text.empty() && !builder.is_full()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
    if (is_blank(line)) continue;
    const auto row = json::parse(line, k_line_limits);
    if (row.ok()) {
      put_row(builder, *row, options.ignore_unknown_values);
    } else {
      builder.fault_at("", fmt::format("The line is no JSON object: {}", row.error().message));
      builder.root().put_null();
    }
    builder.end_row();
  }
  return builder.finish();
}

}  // namespace bl::bigquery
