#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <vector>

#include "events/model.h"
#include "lake/journal.h"

namespace bl::events::delta {

/// A durable record of our journal whose events are not in the table yet.
struct TailRecord {
  lake::RecordNo no = 0;
  std::shared_ptr<const std::vector<BuildEvent>> events;
  std::uint64_t bytes = 0;  ///< in the journal
  std::chrono::steady_clock::time_point at;
};

/// Records in the order in which they came, which is nearly that of their numbers: those of one
/// group commit come from several threads. One thread.
class Tail {
 public:
  /// Records below `next` are in the table.
  void begin(lake::RecordNo next) { next_ = next; }
  /// False: it is here, or was.
  bool add(TailRecord record);
  /// The first number that has not come; all before it have.
  lake::RecordNo next() const { return next_; }
  /// Those below `end` are in the table.
  void drop_before(lake::RecordNo end);

  const std::deque<TailRecord>& records() const { return records_; }
  bool empty() const { return records_.empty(); }
  std::int64_t events() const { return events_; }
  std::uint64_t bytes() const { return bytes_; }
  /// The number behind as many records as one file takes, at least one; next() when all do.
  lake::RecordNo end_of(std::int64_t events_max) const;

 private:
  std::deque<TailRecord> records_;
  std::set<lake::RecordNo> ahead_;  // came, though some before them have not
  lake::RecordNo next_ = 1;
  std::int64_t events_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace bl::events::delta
