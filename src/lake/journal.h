#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/metrics.h"
#include "base/result.h"
#include "base/time.h"

/// What was appended to a lake table and is not in its files yet: an append-only, checksummed log
/// with group commit (DESIGN 4). docs/formats/journal.md has the bytes.
namespace bl::lake {

struct JournalLimits {
  std::uint64_t segment_bytes = 64 << 20;     ///< a segment takes no new group from here on
  std::uint64_t record_bytes_max = 64 << 20;  ///< key and payload
  std::uint64_t group_bytes_max = 64 << 20;   ///< at least one record goes in
  std::uint64_t queue_bytes_max = 256 << 20;  ///< that wait for a group; more is `overloaded`
  std::chrono::milliseconds queue_wait_max{30'000};  ///< for a group; longer is `overloaded`
  std::size_t key_bytes_max = 1024;
  /// A key is known until it is older than both: so long after its record, and so many keys ago.
  std::int64_t keys_seconds_min = 24 * 3600;
  std::size_t keys_min = 1'000'000;
};

struct JournalMetrics {
  explicit JournalMetrics(Metrics& metrics);
  Counter groups, records, bytes, replays, failures, torn_bytes, unknown, seals;
  Histogram group_seconds;
  Gauge queue_bytes, segments, keys;
  Counter queue_limit, wait_limit;
};

/// Where a record stands: 1, 2, 3, ... without gaps, for the life of the journal.
using RecordNo = std::uint64_t;

/// A record as it is read. The texts live as long as the call that hands it over.
struct JournalRecord {
  RecordNo no = 0;
  Timestamp at;          ///< when its group was written
  std::string_view key;  ///< empty: none
  std::string_view payload;
};

struct Ack {
  RecordNo no = 0;
  bool replayed = false;  ///< stored before under the same key: nothing was added
  std::string journal;    ///< id of the earlier journal that has it; empty: this one
};

/// Records in the order in which they were made durable. Two kinds: a folder of segments on the
/// local disk (file_journal.h), and a chain of objects (object_journal.h). One process appends to a
/// journal. Threads: any.
class Journal {
 public:
  virtual ~Journal() = default;
  Journal() = default;
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Returns when the record is durable. Those who wait at the same time share one group commit.
  /// With a `key`, the same key and payload again are answered with the first record's number.
  /// Errors: conflict (the key came with another payload), too_large, overloaded (the queue is
  /// full), invalid (an empty payload), io and disk_full (nothing was stored), outcome_unknown (the
  /// record may be stored or not: append it again under the same key, or look after the next open).
  virtual Result<Ack> append(std::string_view payload, std::string_view key = {}) = 0;

  /// Durable records from `first` on, in order, until `each` returns false. What is appended
  /// meanwhile may be missing. Errors: not_found (trimmed), corrupt, io.
  virtual Result<void> read(RecordNo first,
                            const std::function<bool(const JournalRecord&)>& each) = 0;

  /// The oldest record that is kept, and the one that the next append gets.
  virtual RecordNo first() const = 0;
  virtual RecordNo next() const = 0;
  /// 32 hex digits, made when the journal was: who keeps record numbers keeps it with them.
  virtual const std::string& id() const = 0;

  /// Records before `no` are in files: what holds nothing else goes. Their keys stay known. Errors:
  /// io, disk_full; what was not removed is with the next call.
  virtual Result<void> trim(RecordNo no) = 0;
};

}  // namespace bl::lake
