#include "bigquery/read/message_rows.h"

#include <algorithm>

namespace bl::bigquery::read {

Result<void> MessageRows::add(const columns::Batch& batch) {
  const std::uint64_t bytes = batch.bytes();
  if (bytes > bytes_max_ && batch.rows() > 1) {
    const auto pieces = static_cast<std::int64_t>(bytes / bytes_max_ + 1);
    const std::int64_t rows = std::max<std::int64_t>(batch.rows() / pieces, 1);
    for (std::int64_t from = 0; from < batch.rows(); from += rows) {
      BL_RETURN_IF_ERROR(add(batch.slice(from, std::min(rows, batch.rows() - from))));
    }
    return {};
  }
  const bool is_other = !waiting_.empty() && waiting_.back().schema() != batch.schema();
  if (is_other || waiting_bytes_ + bytes > bytes_max_ + bytes_max_ / 4) {
    BL_RETURN_IF_ERROR(finish());
  }
  waiting_.push_back(batch);
  waiting_bytes_ += bytes;
  return waiting_bytes_ >= target_ ? finish() : Result<void>();
}

Result<void> MessageRows::finish() {
  if (waiting_.empty()) return {};
  columns::Batch rows = waiting_.front();
  if (waiting_.size() > 1) {
    BL_TRY(rows, columns::concatenate(waiting_));
  }
  waiting_.clear();
  waiting_bytes_ = 0;
  target_ = bytes_max_;
  BL_TRY(rows, rows.with_schema(schema_));
  return send_(rows);
}

}  // namespace bl::bigquery::read
