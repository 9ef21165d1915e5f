#pragma once

#include "inference/store/point_rows.h"

/// What belongs to a run beside its points, written. Private to the store's side.
namespace bl::inference {

/// Errors of all: those of the database.
Result<WriteCount> write_evals(store::Connection& connection, std::int64_t run_id,
                               const Sweep& sweep, std::span<const std::int64_t> configs);
Result<WriteCount> write_stats(store::Connection& connection, std::int64_t run_id,
                               const Sweep& sweep);
/// Every entry of a file stands by itself, under its position.
Result<WriteCount> write_changelogs(store::Connection& connection, std::int64_t run_id,
                                    const Sweep& sweep);
Result<WriteCount> write_gpu_metrics(store::Connection& connection, std::int64_t run_id,
                                     const Sweep& sweep);

/// A log's text is kept compressed; whether it changed is told by its SHA-256.
struct WrittenLogs {
  WriteCount count;
  std::vector<std::int64_t> ids;  ///< of each of the sweep's logs
};
Result<WrittenLogs> write_server_logs(store::Connection& connection, std::int64_t run_id,
                                      const Sweep& sweep);

}  // namespace bl::inference
