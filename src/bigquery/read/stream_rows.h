#pragma once

#include <functional>
#include <span>

#include "bigquery/read/read_engine.h"
#include "bigquery/read/session.h"

/// The rows of a stream, in their order.
namespace bl::bigquery::read {

struct StreamCall {
  const Session& session;
  RowRange range;
  std::int64_t offset = 0;
  std::chrono::milliseconds file_time{0};
  std::function<bool()> client_is_there;
};

/// One thread, one call.
class StreamRows {
 public:
  using Each = std::function<Result<void>(const columns::Batch& batch)>;

  StreamRows(const StreamCall& call, ReadEngine& engine) : call_(call), engine_(engine) {}

  /// Gives `each` the rows from the offset on, in batches of any size, of the session's columns.
  /// Errors: invalid (the offset is behind the end; what the restriction makes of a row),
  /// cancelled, timeout, those of the engine and of `each`.
  Result<void> read(const Each& each);

  /// How much of the range is read, 0 to 1; with a restriction by whole parts of it.
  double progress() const;

 private:
  Result<void> emit(const columns::Batch& batch, const Each& each);
  std::size_t whole_files(std::span<const ReadFile> files, std::int64_t begin,
                          const RowRange& range) const;
  Result<void> read_file(const ReadFile& file, const RowRange& rows, const Each& each);
  Result<void> read_files(std::span<const ReadFile> files, const Each& each);
  Result<void> read_behind(const RowRange& rows, const Each& each);
  Result<void> read_plain(const RowRange& rows, const Each& each);
  Result<void> compute(std::vector<columns::Batch> batches, const Each& each);
  Result<void> drain(duck::Connection& connection, const std::string& sql, const Each& each);
  Result<ReadEngine::Lease> lease() { return engine_.lease(call_.client_is_there); }

  const StreamCall& call_;
  ReadEngine& engine_;
  std::int64_t skip_ = 0;   // rows that are still to be passed over
  std::int64_t given_ = 0;  // rows, with those passed over
  std::int64_t done_ = 0;   // of the range
};

}  // namespace bl::bigquery::read
