#include "bigquery/rest/row_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "duck/connection.h"

namespace bl::bigquery::rest {
namespace {

constexpr std::uint64_t k_bytes_max = 4ull << 30;  // of all batches that were read for one page

/// Those files of a snapshot, and no tail.
lake::Snapshot part_of(const lake::Snapshot& snapshot, std::vector<lake::DataFile> files) {
  lake::CatalogSnapshot part = snapshot.files().snapshot();
  part.files = std::move(files);
  return {std::make_shared<const lake::FileSet>(std::move(part)), {}};
}

Result<bool> read_files(engine::Engine& engine, lake::Snapshot part, const TableSchema& fields,
                        std::int64_t from, std::int64_t count,
                        const std::function<Result<bool>(const columns::Batch&)>& each) {
  std::string sql;
  for (const TableField& field : fields.fields) {
    sql += fmt::format("{}{}", sql.empty() ? "SELECT " : ", ", duck::quoted_name(field.name));
  }
  engine::Query query;
  query.sql = fmt::format("{} FROM rows LIMIT {} OFFSET {}", sql, count, from);
  query.tables.push_back({.name = "rows", .snapshot = std::move(part)});
  query.limits.rows_max = count;
  query.limits.bytes_max = k_bytes_max;
  BL_TRY(const auto cursor, engine.run(std::move(query)));
  while (true) {
    BL_TRY(const auto batch, cursor->next());
    if (!batch) return true;
    BL_TRY(const bool goes_on, each(*batch));
    if (!goes_on) return false;
  }
}

}  // namespace

Result<void> read_rows(engine::Engine& engine, const lake::Snapshot& snapshot,
                       const TableSchema& fields, std::int64_t from, std::int64_t count,
                       const std::function<Result<bool>(const columns::Batch&)>& each) {
  const std::int64_t end =
      from + std::min(count, snapshot.rows() - std::min(from, snapshot.rows()));
  // Files are read together that were written with the same columns: those keep their order.
  std::vector<lake::DataFile> files;
  std::int64_t first = 0, at = 0;  // the first row of `files`; of the next file
  const auto read_run = [&]() -> Result<bool> {
    if (files.empty()) return true;
    const std::int64_t begin = std::max(from, first), stop = std::min(end, at);
    return read_files(engine, part_of(snapshot, std::exchange(files, {})), fields, begin - first,
                      stop - begin, each);
  };
  for (const lake::DataFile& file : snapshot.files().files()) {
    if (!files.empty() && files.back().columns.size() != file.columns.size()) {
      BL_TRY(const bool goes_on, read_run());
      if (!goes_on) return {};
    }
    if (at < end && at + file.rows > from) {
      if (files.empty()) first = at;
      files.push_back(file);
    }
    at += file.rows;
  }
  BL_TRY(const bool wants_tail, read_run());
  if (!wants_tail) return {};
  std::vector<std::string> names;
  for (const TableField& field : fields.fields) names.push_back(field.name);
  for (const columns::Batch& batch : snapshot.tail()) {
    const std::int64_t begin = std::max(from, at), stop = std::min(end, at + batch.rows());
    if (begin < stop) {
      BL_TRY(const columns::Batch part, batch.slice(begin - at, stop - begin).select(names));
      BL_TRY(const bool goes_on, each(part));
      if (!goes_on) return {};
    }
    at += batch.rows();
  }
  return {};
}

}  // namespace bl::bigquery::rest
