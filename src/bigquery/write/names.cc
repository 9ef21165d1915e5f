#include "bigquery/write/names.h"

#include <fmt/format.h>

#include <vector>

#include "bigquery/write/faults.h"

namespace bl::bigquery::write {
namespace {

constexpr std::string_view k_default = "_default";

std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('/', at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

// `count` parts, each named by the one before it, none empty.
bool fits(const std::vector<std::string_view>& parts, std::size_t count) {
  constexpr std::string_view k_words[] = {"projects", "datasets", "tables", "streams"};
  if (parts.size() < 2 * count) return false;
  for (std::size_t i = 0; i < count; ++i) {
    if (parts[2 * i] != k_words[i] || parts[2 * i + 1].empty()) return false;
  }
  return true;
}

TableName table_of(const std::vector<std::string_view>& parts) {
  return {std::string(parts[1]), std::string(parts[3]), std::string(parts[5])};
}

}  // namespace

Result<StreamName> parse_stream_name(std::string_view text) {
  const auto parts = parts_of(text);
  if (parts.size() == 8 && fits(parts, 4)) {
    return StreamName{table_of(parts), parts[7] == k_default ? "" : std::string(parts[7])};
  }
  if (parts.size() == 7 && fits(parts, 3) && parts[6] == k_default) {
    return StreamName{table_of(parts), ""};
  }
  return fault(Code::invalid, Storage::none, "Invalid stream name.", text);
}

Result<TableName> parse_table_path(std::string_view text) {
  const auto parts = parts_of(text);
  if (parts.size() == 6 && fits(parts, 3)) return table_of(parts);
  return fault(Code::invalid, Storage::none, "Invalid table name.", text);
}

Result<TableName> parse_commit_parent(std::string_view text) {
  const auto parts = parts_of(text);
  if (parts.size() == 4 && fits(parts, 2)) {
    return TableName{std::string(parts[1]), std::string(parts[3]), ""};
  }
  return parse_table_path(text);
}

std::string path_of(const TableName& table) {
  return fmt::format("projects/{}/datasets/{}/tables/{}", table.project, table.dataset,
                     table.table);
}

std::string path_of(const TableName& table, std::string_view stream) {
  return fmt::format("{}/streams/{}", path_of(table), stream.empty() ? k_default : stream);
}

}  // namespace bl::bigquery::write
