#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "columns/batch.h"

/// Batches of any size become batches that are worth a message.
namespace bl::bigquery::read {

/// One thread.
class MessageRows {
 public:
  using Send = std::function<Result<void>(const columns::Batch& batch)>;

  /// `bytes`: of memory, that a batch is to have; the first one is an eighth, so that a client need
  /// not wait. No batch has more than a quarter above it, unless it is one row.
  MessageRows(columns::Schema schema, std::uint64_t bytes, Send send)
      : schema_(std::move(schema)), bytes_max_(bytes), target_(bytes / 8), send_(std::move(send)) {}

  /// May send. The batch is of the schema, but for what may be null. Errors: those of `send`,
  /// invalid (a null where none may be).
  Result<void> add(const columns::Batch& batch);
  /// What is left.
  Result<void> finish();

 private:
  const columns::Schema schema_;
  const std::uint64_t bytes_max_;
  std::uint64_t target_;
  const Send send_;
  std::vector<columns::Batch> waiting_;
  std::uint64_t waiting_bytes_ = 0;
};

}  // namespace bl::bigquery::read
