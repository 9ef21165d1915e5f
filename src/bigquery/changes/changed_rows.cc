#include "bigquery/changes/changed_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "bigquery/jobs/relations.h"
#include "bigquery/sql/types.h"

namespace bl::bigquery {
namespace {

using sql::StatementKind;

constexpr std::string_view k_op = "op", k_row = "row";
// Files with changes are written together up to so many rows.
constexpr std::int64_t k_part_rows = 4'000'000;

std::string value_name(std::size_t index) {
  return fmt::format("c{}", index + 1);
}

bool has_values(StatementKind kind) {
  return kind != StatementKind::remove;
}
// Of INSERT and DELETE it is known. Of the others it must be asked for: it is what ends the query
// where a row would change twice.
bool has_op(StatementKind kind) {
  return kind == StatementKind::update || kind == StatementKind::merge;
}
bool has_row(StatementKind kind) {
  return kind != StatementKind::insert;
}

/// How many rows of the batch are inserted, updated and deleted; the deleted ones are the last.
Result<Changed> counts_of(const columns::Batch& batch, StatementKind kind) {
  if (kind == StatementKind::insert) return Changed{.inserted = batch.rows()};
  if (kind == StatementKind::remove) return Changed{.deleted = batch.rows()};
  BL_TRY(const columns::Column column, batch.column(k_op));
  BL_TRY(const auto ops, column.as<std::string_view>());
  Changed counts;
  for (std::int64_t i = 0; i < ops.rows(); ++i) {
    std::int64_t& count = ops[i] == "I"   ? counts.inserted
                          : ops[i] == "U" ? counts.updated
                                          : counts.deleted;
    ++count;
  }
  return counts;
}

}  // namespace

std::string change_query(const sql::Translated& statement) {
  const auto& fields = statement.schema.fields;
  std::vector<std::string> names{std::string(k_op), std::string(k_row)};
  std::vector<std::string> items;
  const auto own = [](std::string_view name) { return "\"changes\"." + sql::engine_name(name); };
  if (has_op(statement.kind)) items.push_back(own(k_op));
  if (has_row(statement.kind)) items.push_back(own(k_row));
  for (std::size_t i = 0; i < fields.size(); ++i) {
    names.push_back(value_name(i));
    if (!has_values(statement.kind)) continue;
    items.push_back(fmt::format("{} AS {}", lake_value(own(names.back()), fields[i]),
                                sql::engine_name(names.back())));
  }
  std::string quoted;
  for (const std::string& name : names) {
    quoted += (quoted.empty() ? "" : ", ") + sql::engine_name(name);
  }
  // The rows that have new values come first.
  const std::string order =
      statement.kind == StatementKind::merge ? fmt::format(" ORDER BY {} = 'D'", own(k_op)) : "";
  return fmt::format("SELECT {} FROM ({}) AS \"changes\"({}){}", fmt::join(items, ", "),
                     statement.sql, quoted, order);
}

Result<void> add_changes(const columns::Batch& batch, StatementKind kind,
                         const columns::Schema& schema, ChangedRows& to) {
  BL_TRY(const Changed counts, counts_of(batch, kind));
  to.counts.inserted += counts.inserted;
  to.counts.updated += counts.updated;
  to.counts.deleted += counts.deleted;
  if (has_row(kind)) {
    BL_TRY(const columns::Column column, batch.column(k_row));
    BL_TRY(const auto numbers, column.as<std::int64_t>());
    for (std::int64_t i = 0; i < numbers.rows(); ++i) {
      if (const auto number = numbers.get(i)) to.old_rows.push_back(*number);
    }
  }
  const std::int64_t with_values = counts.inserted + counts.updated;
  if (with_values == 0) return {};
  std::vector<std::string> names;
  for (int i = 0; i < schema.columns(); ++i) {
    names.push_back(value_name(static_cast<std::size_t>(i)));
  }
  BL_TRY(const columns::Batch values, batch.slice(0, with_values).select(names));
  BL_TRY(columns::Batch rows, lake_rows(values, schema));
  to.new_rows.push_back(std::move(rows));
  return {};
}

Result<lake::Change> change_of(const lake::Snapshot& files, const ChangedRows& rows) {
  std::vector<std::int64_t> old = rows.old_rows;
  std::ranges::sort(old);
  if (const auto twice = std::ranges::adjacent_find(old); twice != old.end()) {
    return Error{Code::internal, fmt::format("a row of a table changes twice: {}", *twice)};
  }
  std::vector<lake::ChangePart> parts;
  std::int64_t first = 0, rows_of_part = 0;
  auto next = old.begin();
  for (const lake::DataFile& file : files.files().files()) {
    const auto end = std::lower_bound(next, old.end(), first + file.rows);
    if (next != end) {
      if (parts.empty() || rows_of_part + file.rows > k_part_rows) {
        parts.emplace_back();
        rows_of_part = 0;
      }
      lake::ChangePart& part = parts.back();
      rows_of_part += file.rows;
      part.removed.push_back(file.key);
      part.select = "removed_rows";
      auto& places = part.without[file.key];
      std::transform(next, end, std::back_inserter(places),
                     [&](std::int64_t number) { return number - first; });
    }
    next = end;
    first += file.rows;
  }
  if (parts.empty() || next != old.end()) {
    return Error{Code::internal, "rows change that the table has not"};
  }
  lake::Change change;
  static_cast<lake::ChangePart&>(change) = std::move(parts.front());
  change.what = "change";
  change.rows = rows.new_rows;
  if (!change.rows.empty()) {
    change.select = "(SELECT * FROM removed_rows UNION ALL SELECT * FROM new_rows)";
  }
  change.more.assign(std::make_move_iterator(parts.begin() + 1),
                     std::make_move_iterator(parts.end()));
  return change;
}

lake::Change change_of_all(const lake::Snapshot& files) {
  lake::Change change;
  change.what = "truncate";
  change.select = "";
  for (const lake::DataFile& file : files.files().files()) change.removed.push_back(file.key);
  return change;
}

}  // namespace bl::bigquery
