#include "results/replica/sealing.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>

namespace bl::results::replica {
namespace {

struct Year {
  std::vector<std::string> files;  // all of them
  std::int64_t rows = 0, open_rows = 0;
  bool is_sealed = false;
};

bool is_due(const Year& year, const SealLimits& limits) {
  if (year.open_rows == 0) return false;
  return !year.is_sealed || year.open_rows * 100 >= year.rows * limits.late_percent;
}

/// `2021-b03`: the first bits of the fingerprint, as a number without sign.
std::string group_sql(std::int64_t year, std::uint64_t files) {
  const int bits = std::countr_zero(files);
  return fmt::format(
      "'{}-b' || lpad(CAST((CAST(fingerprint64 AS HUGEINT) + {}) // {} AS VARCHAR), 2, '0')", year,
      std::uint64_t{1} << 63,
      bits == 0 ? "18446744073709551616" : std::to_string(std::uint64_t{1} << (64 - bits)));
}

}  // namespace

Result<std::optional<std::int64_t>> seal_one_year(lake::Lake& lake, const Shape& shape,
                                                  std::int64_t year, const SealLimits& limits) {
  BL_TRY(const auto table, open_table(lake, shape));
  const lake::Snapshot snapshot = table->snapshot();
  std::map<std::int64_t, Year> years;
  for (const lake::DataFile& file : snapshot.files().files()) {
    const auto group = group_of_file(shape.name, file.key);
    if (!group || group->first_month / 100 >= year) continue;
    Year& its = years[group->first_month / 100];
    its.files.push_back(file.key);
    its.rows += file.rows;
    its.is_sealed |= group->is_sealed();
    if (!group->is_sealed()) its.open_rows += file.rows;
  }
  const auto due =
      std::ranges::find_if(years, [&](const auto& one) { return is_due(one.second, limits); });
  if (due == years.end()) return std::optional<std::int64_t>();
  auto& [number, its] = *due;
  const auto wanted = static_cast<std::uint64_t>(its.rows / limits.rows_per_file + 1);
  const std::uint64_t files =
      std::min(std::bit_ceil(wanted), static_cast<std::uint64_t>(limits.files_max));
  lake::Change change;
  change.what = "seal";
  change.removed = std::move(its.files);
  change.select = "removed_rows";
  change.group_by = group_sql(number, files);
  BL_TRY([[maybe_unused]] const auto id, table->replace(change));
  return std::optional(number);
}

}  // namespace bl::results::replica
