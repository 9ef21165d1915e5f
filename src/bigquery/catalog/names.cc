#include "bigquery/catalog/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/utf8.h"

namespace bl::bigquery {
namespace {

constexpr std::size_t k_name_bytes_max = 1'024;
constexpr std::string_view k_lake_prefix = "bq_";

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

Error invalid_name(std::string_view what, std::string_view name) {
  return {Code::invalid, fmt::format("Invalid {} ID \"{}\".", what, name.substr(0, 200))};
}

}  // namespace

Result<void> check_project(std::string_view project) {
  const auto is_bad = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= ' ' || byte == 0x7f || c == '"' || c == '`' || c == '/' || c == '\\';
  };
  if (project.empty() || project.size() > k_name_bytes_max ||
      std::ranges::any_of(project, is_bad) || !is_utf8(project)) {
    return invalid_name("project", project);
  }
  return {};
}

Result<void> check_dataset_name(std::string_view project, std::string_view dataset) {
  BL_RETURN_IF_ERROR(check_project(project));
  if (dataset.empty() || dataset.size() > k_name_bytes_max ||
      !std::ranges::all_of(dataset, is_letter_or_digit)) {
    return invalid_name("dataset", dataset);
  }
  return {};
}

Result<void> check_table_name(const TableName& name) {
  BL_RETURN_IF_ERROR(check_dataset_name(name.project, name.dataset));
  const std::string& table = name.table;
  const auto is_good = [](char c) {
    return is_letter_or_digit(c) || c == '-' || c == ' ' || static_cast<unsigned char>(c) >= 0x80;
  };
  if (table.empty() || table.size() > k_name_bytes_max || table.front() == ' ' ||
      table.back() == ' ' || !std::ranges::all_of(table, is_good) || !is_utf8(table)) {
    return invalid_name("table", table);
  }
  return {};
}

std::string text_of(const TableName& name) {
  return fmt::format("{}:{}.{}", name.project, name.dataset, name.table);
}

Error no_dataset(std::string_view project, std::string_view dataset) {
  return {Code::not_found, fmt::format("Not found: Dataset {}:{}", project, dataset)};
}

Error no_table(const TableName& name) {
  return {Code::not_found, "Not found: Table " + text_of(name)};
}

Error dataset_exists(std::string_view project, std::string_view dataset) {
  return {Code::conflict, fmt::format("Already Exists: Dataset {}:{}", project, dataset)};
}

Error table_exists(const TableName& name) {
  return {Code::conflict, "Already Exists: Table " + text_of(name)};
}

Error dataset_in_use(std::string_view project, std::string_view dataset) {
  return {Code::conflict, fmt::format("Dataset {}:{} is still in use", project, dataset)};
}

Error is_read_only(std::string_view what) {
  return {Code::forbidden,
          fmt::format("Access Denied: the dataset {} is read-only: {}", k_lake_dataset, what)};
}

Error changed_too_often(std::string_view what) {
  return {Code::overloaded,
          fmt::format("others changed it again and again, try once more: {}", what)};
}

std::string lake_name(std::int64_t id) {
  return fmt::format("{}{}", k_lake_prefix, id);
}

std::optional<std::int64_t> id_in_lake_name(std::string_view name) {
  if (!name.starts_with(k_lake_prefix)) return std::nullopt;
  name.remove_prefix(k_lake_prefix.size());
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (error != std::errc() || end != name.data() + name.size() || id <= 0) return std::nullopt;
  return id;
}

}  // namespace bl::bigquery
