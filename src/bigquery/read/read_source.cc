#include "bigquery/read_source.h"

#include <algorithm>

#include "base/check.h"

namespace bl::bigquery {
namespace {

class Batches final : public StoredRows {
 public:
  explicit Batches(std::vector<columns::Batch> batches) : batches_(std::move(batches)) {
    begins_.reserve(batches_.size());
    for (const columns::Batch& batch : batches_) {
      begins_.push_back(rows_);
      rows_ += batch.rows();
      bytes_ += batch.bytes();
    }
  }
  std::int64_t rows() const override { return rows_; }
  std::uint64_t bytes() const override { return bytes_; }
  Result<columns::Batch> at(std::int64_t from, std::int64_t count) const override {
    BL_CHECK(from >= 0 && from < rows_ && count > 0);
    // The last that begins at or before it, which has rows.
    const auto behind = std::ranges::upper_bound(begins_, from);
    const auto at = static_cast<std::size_t>(behind - begins_.begin()) - 1;
    const columns::Batch& batch = batches_[at];
    const std::int64_t first = from - begins_[at];
    const std::int64_t rows = std::min(count, batch.rows() - first);
    if (rows == batch.rows()) return batch;
    return batch.slice(first, rows);
  }

 private:
  const std::vector<columns::Batch> batches_;
  std::vector<std::int64_t> begins_;
  std::int64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
};

struct Pinned {
  TableHandle table;
  lake::Snapshot snapshot;
};

std::uint64_t bytes_of(std::span<const columns::Batch> batches) {
  std::uint64_t bytes = 0;
  for (const columns::Batch& batch : batches) bytes += batch.bytes();
  return bytes;
}

/// Columns of the schema that no statistics of the file name.
std::vector<std::string> missing_in(const lake::DataFile& file, const columns::Schema& schema) {
  std::vector<std::string> missing;
  for (const columns::Field& field : schema.fields()) {
    const bool is_there = std::ranges::any_of(
        file.columns, [&](const auto& leaf) { return leaf.path.front() == field.name; });
    if (!is_there) missing.push_back(field.name);
  }
  return missing;
}

}  // namespace

std::shared_ptr<const StoredRows> stored_rows(std::vector<columns::Batch> batches) {
  std::erase_if(batches, [](const columns::Batch& batch) { return batch.rows() == 0; });
  return std::make_shared<Batches>(std::move(batches));
}

std::int64_t ReadSource::rows() const {
  std::int64_t rows = behind == nullptr ? 0 : behind->rows();
  for (const ReadFile& file : files) rows += file.rows;
  return rows;
}

Result<ReadSource> read_source_of(const TableHandle& table, const objects::ObjectStore& store,
                                  std::uint64_t tail_bytes_max) {
  const TableRecord& record = table->record();
  if (record.kind == TableKind::view) {
    return Error{Code::unsupported, "not supported: reading a view by the Storage API: " +
                                        record.name.dataset + "." + record.name.table};
  }
  if (store.kind() != "file") {
    return Error{Code::unsupported,
                 "not supported: the Storage API over a lake that is no local folder but on " +
                     std::string(store.kind())};
  }
  lake::Snapshot snapshot = table->snapshot();
  if (bytes_of(snapshot.tail()) > tail_bytes_max && !table->is_read_only()) {
    const auto flushed = table->rows().flush();
    if (!flushed.ok()) return flushed.error();
    snapshot = table->snapshot();
  }
  ReadSource source;
  source.schema = record.schema;
  source.kept = snapshot.schema();
  for (const lake::DataFile& file : snapshot.files().files()) {
    source.files.push_back(
        {store.address(file.key), file.rows, file.bytes, missing_in(file, source.kept)});
  }
  if (snapshot.tail().empty()) {
    source.since = snapshot.files().at();
  } else {
    source.behind = stored_rows({snapshot.tail().begin(), snapshot.tail().end()});
  }
  source.keeps = std::make_shared<const Pinned>(Pinned{table, std::move(snapshot)});
  return source;
}

}  // namespace bl::bigquery
