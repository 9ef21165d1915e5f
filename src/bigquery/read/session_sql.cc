#include "bigquery/read/session_sql.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "bigquery/jobs/relations.h"
#include "bigquery/lake_schema.h"
#include "bigquery/model/names.h"
#include "bigquery/read/selected_fields.h"
#include "bigquery/row_restriction.h"
#include "bigquery/sql/types.h"
#include "duck/connection.h"

namespace bl::bigquery::read {
namespace {

using sql::engine_name;

constexpr std::uint64_t k_sample_parts = 1'000'000;
// The engine's own column of row numbers.
constexpr std::string_view k_file_row_number = "file_row_number";

std::uint64_t sample_parts(double percentage) {
  return static_cast<std::uint64_t>(percentage / 100 * static_cast<double>(k_sample_parts));
}

/// The field whose engine's type is that of what is kept.
TableField as_kept(TableField field) {
  if (field.type == FieldType::json) field.type = FieldType::text;
  field.precision.reset();
  field.scale.reset();
  std::ranges::transform(field.fields, field.fields.begin(), as_kept);
  return field;
}
std::string kept_type(const TableField& field) {
  return sql::engine_type(sql::type_of(as_kept(field)));
}

std::string unused_name(const columns::Schema& schema, std::string name) {
  const auto is_used = [&] {
    return std::ranges::any_of(schema.fields(),
                               [&](const auto& field) { return same_name(field.name, name); });
  };
  while (is_used()) name += '_';
  return name;
}

}  // namespace

bool Sample::takes(std::int64_t block) const {
  // SplitMix64: neighbouring blocks are apart.
  std::uint64_t x = seed + 0x9e3779b97f4a7c15ull * (static_cast<std::uint64_t>(block) + 1);
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  x ^= x >> 31;
  return x % k_sample_parts < sample_parts(percentage);
}

Result<SessionSql> SessionSql::make(const ReadSource& source, const TableSchema& selected,
                                    std::string_view restriction, Timestamp now, Sample sample) {
  SessionSql out;
  out.sample_ = sample;
  out.row_name_ = unused_name(source.kept, "bl_row");
  out.has_row_numbers_ = std::ranges::none_of(source.kept.fields(), [](const auto& field) {
    return same_name(field.name, k_file_row_number);
  });
  BL_TRY(const columns::Schema lake, lake_schema_of(source.schema));
  std::vector<std::string> wanted;
  std::vector<columns::Field> kept;
  for (std::size_t i = 0; i < source.schema.fields.size(); ++i) {
    const TableField& field = source.schema.fields[i];
    const TableField* const part = selected.find(field.name);
    if (part == nullptr && restriction.empty()) continue;
    out.schema_.fields.push_back(field);
    kept.push_back(source.kept.fields()[i]);
    if (part == nullptr) continue;
    const std::string name = engine_name(field.name);
    wanted.push_back(fmt::format("{} AS {}", selected_value("\"r\"." + name, field, *part), name));
    out.is_plain_ &= field == *part && kept.back().type == lake.fields()[i].type;
  }
  BL_TRY(out.kept_, columns::Schema::make(std::move(kept)));
  out.wanted_ = fmt::format("{}", fmt::join(wanted, ", "));
  if (restriction.empty()) return out;
  const auto column = [&lake](const TableField& field) {
    return engine_value_of(field, lake, "\"r\"." + engine_name(field.name));
  };
  auto condition = sql::translate_restriction(restriction, source.schema, now, column);
  if (!condition.ok()) {
    return std::move(condition).error().with_context("Row restriction is invalid");
  }
  out.condition_ = std::move(*condition);
  return out;
}

/// The columns that are read, of the types of lake_schema_of.
std::string SessionSql::inner(const ReadFile* file) const {
  std::vector<std::string> items;
  const columns::Schema lake = lake_schema_of(schema_).value();
  for (std::size_t i = 0; i < schema_.fields.size(); ++i) {
    const TableField& field = schema_.fields[i];
    const columns::Field& kept = kept_.fields()[i];
    const std::string name = engine_name(field.name);
    std::string value = name;
    const bool is_missing =
        file != nullptr && std::ranges::find(file->missing, field.name) != file->missing.end();
    if (is_missing) value = fmt::format("CAST(NULL AS {})", kept_type(field));
    if (!is_missing && kept.type != lake.fields()[i].type) {
      value = fmt::format("CAST({} AS {})", name, kept_type(field));
    }
    // Rows of before the column was added.
    if (field.mode == FieldMode::repeated && kept.nullable) {
      value = fmt::format("coalesce({}, [])", value);
    }
    items.push_back(value == name ? name : fmt::format("{} AS {}", value, name));
  }
  return fmt::format("{}", fmt::join(items, ", "));
}

Result<std::string> SessionSql::of_file(const ReadFile& file, const RowRange& rows) const {
  BL_TRY(const std::string path, duck::quoted_text(file.path));
  const bool is_whole = rows.begin == 0 && rows.end == file.rows;
  const bool numbers = !is_whole || !sample_.takes_all();
  std::string items = inner(&file), options;
  if (numbers) {
    items +=
        fmt::format(", {} AS {}",
                    has_row_numbers_ ? std::string(k_file_row_number) : "row_number() OVER () - 1",
                    engine_name(row_name_));
    if (has_row_numbers_) options = ", file_row_number = true";
  }
  const std::string row = "\"r\"." + engine_name(row_name_);
  std::vector<std::string> where;
  // Row groups outside are not read.
  if (!is_whole) {
    where.push_back(fmt::format("{} >= {} AND {} < {}", row, rows.begin, row, rows.end));
  }
  if (!sample_.takes_all()) {
    where.push_back(fmt::format("hash({} // {}, {}, {}) % {} < {}", row, Sample::k_block_rows,
                                sample_.seed, path, k_sample_parts,
                                sample_parts(sample_.percentage)));
  }
  if (!condition_.empty()) where.push_back("(" + condition_ + ")");
  return fmt::format(
      "SELECT {} FROM (SELECT {} FROM read_parquet([{}], hive_partitioning = false{})) AS "
      "\"r\"{}{}",
      wanted_, items, path, options, where.empty() ? "" : " WHERE ", fmt::join(where, " AND "));
}

Result<std::string> SessionSql::of_files(std::span<const ReadFile> files) const {
  std::string paths;
  for (const ReadFile& file : files) {
    BL_TRY(const std::string path, duck::quoted_text(file.path));
    paths += (paths.empty() ? "" : ", ") + path;
  }
  return fmt::format(
      "SELECT {} FROM (SELECT {} FROM read_parquet([{}], hive_partitioning = false)) AS "
      "\"r\"{}{}",
      wanted_, inner(&files.front()), paths, condition_.empty() ? "" : " WHERE ", condition_);
}

std::string SessionSql::of_offered(std::string_view offered) const {
  return fmt::format("SELECT {} FROM (SELECT {} FROM {}) AS \"r\"{}{}", wanted_, inner(nullptr),
                     duck::quoted_name(offered), condition_.empty() ? "" : " WHERE ", condition_);
}

}  // namespace bl::bigquery::read
