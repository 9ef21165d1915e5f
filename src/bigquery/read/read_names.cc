#include "bigquery/read/read_names.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

namespace bl::bigquery::read {
namespace {

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = path.find('/');
    parts.push_back(path.substr(0, end));
    if (end == std::string_view::npos) return parts;
    path.remove_prefix(end + 1);
  }
}

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

}  // namespace

Result<TableName> table_named(std::string_view path) {
  const auto parts = parts_of(path);
  const bool is_one = parts.size() == 6 && parts[0] == "projects" && parts[2] == "datasets" &&
                      parts[4] == "tables" && !parts[1].empty() && !parts[3].empty() &&
                      !parts[5].empty();
  if (!is_one) {
    return Error{Code::invalid,
                 fmt::format("a table is projects/P/datasets/D/tables/T, not: {}", path)};
  }
  return TableName{std::string(parts[1]), std::string(parts[3]), std::string(parts[5])};
}

Result<std::string> project_named(std::string_view path) {
  const auto parts = parts_of(path);
  if (parts.size() != 2 || parts[0] != "projects" || parts[1].empty()) {
    return Error{Code::invalid, fmt::format("the parent is projects/P, not: {}", path)};
  }
  return std::string(parts[1]);
}

std::string session_name(std::string_view project, std::string_view id) {
  return fmt::format("projects/{}/locations/us/sessions/{}", project, id);
}

std::string stream_name(std::string_view session, const RowRange& rows) {
  return fmt::format("{}/streams/{}-{}", session, rows.begin, rows.end);
}

std::optional<StreamParts> stream_named(std::string_view name) {
  constexpr std::string_view k_streams = "/streams/";
  const std::size_t at = name.rfind(k_streams);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view range = name.substr(at + k_streams.size());
  const std::size_t dash = range.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto begin = number_of(range.substr(0, dash)), end = number_of(range.substr(dash + 1));
  if (!begin || !end || *begin >= *end) return std::nullopt;
  return StreamParts{name.substr(0, at), {*begin, *end}};
}

}  // namespace bl::bigquery::read
