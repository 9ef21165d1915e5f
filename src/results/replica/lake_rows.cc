#include "results/replica/lake_rows.h"

#include <fmt/format.h>

#include <map>

#include "base/numbers.h"

namespace bl::results::replica {
namespace {

constexpr std::string_view k_sealed_mark = "-b";

std::optional<int> month_column(const Shape& shape) {
  return shape.layout.group.empty() ? std::nullopt : shape.schema().find("month");
}

// The rows by their month; of a table without months all under 0.
Result<std::map<std::int64_t, std::vector<columns::Batch>>> by_month(
    const Shape& shape, const std::vector<columns::Batch>& rows) {
  std::map<std::int64_t, std::vector<columns::Batch>> months;
  const auto column = month_column(shape);
  for (const columns::Batch& batch : rows) {
    if (!column) {
      months[0].push_back(batch);
      continue;
    }
    BL_TRY(const auto month, batch.column(*column).as<std::int64_t>());
    // Rows mostly come in the order of time: slices of neighbours.
    for (std::int64_t from = 0, i = 1; i <= batch.rows(); ++i) {
      if (i < batch.rows() && month[i] == month[from]) continue;
      months[month[from]].push_back(batch.slice(from, i - from));
      from = i;
    }
  }
  return months;
}

}  // namespace

Result<std::shared_ptr<lake::Table>> open_table(lake::Lake& lake, const Shape& shape) {
  return lake::ensure_table(lake, std::string(shape.name), shape.schema(), shape.layout);
}

std::optional<FileGroup> group_of_file(std::string_view table, std::string_view key) {
  const std::string folder = data_folder(table);
  if (!key.starts_with(folder)) return std::nullopt;
  key.remove_prefix(folder.size());
  const auto slash = key.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view name = key.substr(0, slash);
  if (const auto month = parse_int64(name)) return FileGroup{std::string(name), *month, *month};
  const auto year = parse_int64(name.substr(0, name.find(k_sealed_mark)));
  if (!year || name.find(k_sealed_mark) == std::string_view::npos) return std::nullopt;
  return FileGroup{std::string(name), *year * 100 + 1, *year * 100 + 12};
}

Result<PutDone> put(lake::Lake& lake, Put put) {
  const Shape& shape = *put.shape;
  if (is_empty(put.keys)) return PutDone();
  BL_TRY(const auto table, open_table(lake, shape));
  BL_TRY(auto months, by_month(shape, put.rows));
  lake::KeyedPut keyed;
  keyed.key = shape.key;
  keyed.keys = std::move(put.keys);
  for (auto& [month, rows] : months) {
    keyed.parts.push_back({month == 0 ? "" : std::to_string(month), std::move(rows)});
  }
  keyed.group_of = [&shape](std::string_view file) {
    const auto group = group_of_file(shape.name, file);
    return group ? group->name : std::string();
  };
  keyed.note = std::move(put.note);
  keyed.is_new = put.is_new;
  return lake::put_rows(lake, *table, std::move(keyed));
}

}  // namespace bl::results::replica
