#include "lake/snapshot.h"

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

Result<Relation> relation_of(duck::Connection& connection, const Snapshot& snapshot,
                             std::span<const DataFile* const> files,
                             std::span<const std::string> paths, std::string_view tail_name) {
  Relation relation;
  BL_TRY(relation.sql, select_of_files(snapshot.schema(), files, paths));
  if (!snapshot.tail().empty() || relation.sql.empty()) {
    const std::vector<columns::Batch> batches(snapshot.tail().begin(), snapshot.tail().end());
    BL_TRY(relation.tail, connection.offer(tail_name, snapshot.schema(), batches));
    if (!relation.sql.empty()) relation.sql += " UNION ALL ";
    relation.sql +=
        "SELECT " + column_list(snapshot.schema()) + " FROM " + duck::quoted_name(tail_name);
  }
  relation.sql = "(" + relation.sql + ")";
  return relation;
}

}  // namespace bl::lake
