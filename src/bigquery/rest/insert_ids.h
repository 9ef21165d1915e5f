#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/time.h"

namespace bl::bigquery::rest {

/// The insertIds of rows that came lately (spec 2.5): a row that comes again is not added again.
/// In memory, as BigQuery's best effort is. Threads: any.
class InsertIds {
 public:
  /// Ids are known for `known_for` at least, twice as long at most; of more than `count_max` the
  /// oldest half goes first.
  InsertIds(const Clock& clock, std::chrono::seconds known_for, std::size_t count_max)
      : clock_(clock), known_for_(known_for), count_max_(count_max) {}

  /// Ids of one request, between the look at them and the end of the append. Whoever brings one of
  /// them meanwhile waits. Going away without keep() forgets them.
  class Claim {
   public:
    Claim(InsertIds& owner, std::vector<std::string> fresh)
        : owner_(&owner), fresh_(std::move(fresh)) {}
    Claim(Claim&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)), fresh_(std::move(other.fresh_)) {}
    Claim& operator=(Claim&&) = delete;
    ~Claim() { end(false); }
    /// The rows are added.
    void keep() { end(true); }

   private:
    void end(bool is_kept);
    InsertIds* owner_;
    std::vector<std::string> fresh_;
  };

  /// `ids`: of a table's rows in their order, empty where a row has none. `is_repeated` gets for
  /// each row whether it came before, also within these.
  Claim claim(std::int64_t table, const std::vector<std::string_view>& ids,
              std::vector<bool>& is_repeated);

 private:
  using Set = std::unordered_set<std::string>;
  void age();

  const Clock& clock_;
  const std::chrono::seconds known_for_;
  const std::size_t count_max_;
  std::mutex mutex_;
  std::condition_variable ended_;
  Set pending_, young_, old_;                            // guarded by mutex_
  std::chrono::steady_clock::time_point young_since_{};  // guarded by mutex_
};

}  // namespace bl::bigquery::rest
