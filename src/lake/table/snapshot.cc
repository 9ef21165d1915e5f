#include "lake/snapshot.h"

#include <fmt/format.h>

#include <algorithm>

#include "lake/table/data_files.h"

namespace bl::lake {

std::int64_t Snapshot::rows() const {
  std::int64_t rows = files_->rows();
  for (const auto& batch : tail_) rows += batch.rows();
  return rows;
}

void Pins::add(const std::shared_ptr<const FileSet>& files) {
  const std::lock_guard lock(mutex_);
  std::erase_if(held_, [](const auto& held) { return held.expired(); });
  held_.push_back(files);
}

std::set<std::int64_t> Pins::held() const {
  const std::lock_guard lock(mutex_);
  std::set<std::int64_t> ids;
  for (const auto& held : held_) {
    if (const auto files = held.lock()) ids.insert(files->id());
  }
  return ids;
}

RowNumbers row_numbers(const Snapshot& snapshot, std::span<const DataFile* const> files) {
  const std::span<const DataFile> all = snapshot.files().files();
  std::vector<std::int64_t> first;
  std::int64_t rows = 0;
  for (const DataFile& file : all) {
    first.push_back(rows);
    rows += file.rows;
  }
  RowNumbers numbers{{}, rows};
  for (const DataFile* file : files) {
    numbers.files.push_back(first[static_cast<std::size_t>(file - all.data())]);
  }
  return numbers;
}

Result<Relation> relation_of(duck::Connection& connection, const Snapshot& snapshot,
                             std::span<const DataFile* const> files,
                             std::span<const std::string> paths, std::string_view tail_name,
                             const RelationOptions& options) {
  Relation relation;
  if (options.numbers) {
    BL_TRY(relation.sql, numbered_select(snapshot.schema(), files, paths, options.numbers->files));
  } else {
    BL_TRY(relation.sql, select_of_files(snapshot.schema(), files, paths));
  }
  if (!snapshot.tail().empty() || relation.sql.empty()) {
    const std::vector<columns::Batch> batches(snapshot.tail().begin(), snapshot.tail().end());
    BL_TRY(relation.tail, connection.offer(tail_name, snapshot.schema(), batches));
    if (!relation.sql.empty()) relation.sql += " UNION ALL ";
    relation.sql += "SELECT " + column_list(snapshot.schema());
    if (options.numbers) {
      relation.sql += fmt::format(", {} + row_number() OVER () - 1 AS {}", options.numbers->tail,
                                  duck::quoted_name(k_row_column));
    }
    relation.sql += " FROM " + duck::quoted_name(tail_name);
  }
  relation.sql = "(" + relation.sql + ")";
  if (options.columns.empty()) return relation;
  relation.sql =
      fmt::format("(SELECT {}{} FROM {} AS \"rows\")", options.columns,
                  options.numbers ? ", " + duck::quoted_name(k_row_column) : "", relation.sql);
  return relation;
}

}  // namespace bl::lake
