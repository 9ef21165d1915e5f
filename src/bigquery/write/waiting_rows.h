#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "columns/batch.h"
#include "lake/journal.h"

/// Rows of buffered and pending streams, until they are in their table. Private to this folder.
namespace bl::bigquery::write {

struct WaitingLimits {
  std::uint64_t stream_bytes_max = 0, bytes_max = 0;  ///< see WriteLimits
  /// The journal is made shorter when it is so much longer than what waits in it.
  std::uint64_t dead_bytes_max = 256u << 20;
};

/// In memory, and in one journal for all streams. Threads: any, but for one stream one at a time.
class WaitingRows {
 public:
  /// Reads what an earlier process left. Errors: those of open_file_journal; corrupt.
  static Result<std::unique_ptr<WaitingRows>> open(Disk& disk, const std::string& folder,
                                                   const WaitingLimits& limits, const Clock& clock,
                                                   Random& random, Log& log, Metrics& metrics);

  /// Durable on return. Errors: too_many (a limit), those of Journal::append. After outcome_unknown
  /// the same call tells.
  Result<void> append(const std::string& stream, std::int64_t offset, const columns::Batch& batch);
  /// The rows [from, to), in their order. Errors: corrupt (they are not all there).
  Result<std::vector<columns::Batch>> rows(const std::string& stream, std::int64_t from,
                                           std::int64_t to) const;
  /// Behind the last row; 0: none waits.
  std::int64_t end(const std::string& stream) const;
  /// Rows before `to` are in the table, or are not wanted.
  void drop(const std::string& stream, std::int64_t to);
  void drop(const std::string& stream);
  std::set<std::string> streams() const;
  std::uint64_t bytes() const;

 private:
  struct Part {
    lake::RecordNo no = 0;
    columns::Batch batch;
    std::uint64_t bytes = 0;  // of the record
  };
  struct Stream {
    std::map<std::int64_t, Part> parts;  // by offset
    std::uint64_t bytes = 0;
  };
  struct Place {
    std::string stream;
    std::int64_t offset = 0;
  };

  WaitingRows(const WaitingLimits& limits, Log& log, Metrics& metrics);
  Result<void> recover();
  Result<void> reserve(const std::string& stream, std::uint64_t bytes, lake::RecordNo& from);
  void add(const std::string& stream, std::int64_t offset, Part part);
  void remove(Stream& stream, std::map<std::int64_t, Part>::iterator part);
  void tidy();
  bool move_oldest();
  void show();

  const WaitingLimits limits_;
  Log& log_;
  Gauge bytes_shown_;
  Counter stream_limit_, all_limit_;
  std::unique_ptr<lake::Journal> journal_;

  std::mutex tidying_;  // one at a time makes the journal shorter; taken before mutex_
  mutable std::mutex mutex_;
  std::map<std::string, Stream> streams_;      // guarded by mutex_
  std::map<lake::RecordNo, Place> by_record_;  // those that are wanted; guarded by mutex_
  std::uint64_t bytes_ = 0;                    // of those; guarded by mutex_
  std::uint64_t reserved_ = 0;                 // of records on their way; guarded by mutex_
  std::multiset<lake::RecordNo> under_way_;    // not after their numbers; guarded by mutex_
  std::uint64_t dead_bytes_ = 0;               // since the journal was trimmed; guarded by mutex_
};

}  // namespace bl::bigquery::write
