#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/random.h"
#include "bigquery/tables.h"

namespace bl::bigquery::rest {

/// Where those stand who page through tables: the rows that they began with stay, whatever happens
/// to the table. In memory. Threads: any.
class RowPlaces {
 public:
  RowPlaces(const Clock& clock, Random& random, std::chrono::minutes known_for,
            std::size_t count_max)
      : clock_(clock), random_(random), known_for_(known_for), count_max_(count_max) {}

  struct Place {
    std::int64_t table = 0;
    TableSchema schema;
    lake::Snapshot snapshot;
    std::int64_t row = 0;
  };
  /// The token for the page that begins there.
  std::string put(Place place);
  /// The same for a later page of what `token` names.
  static std::string token_at(std::string_view token, std::int64_t row);
  /// Errors: invalid (no such token, or it was not used for too long).
  Result<Place> find(const std::string& token, std::int64_t table);

 private:
  struct Kept {
    Place place;
    std::chrono::steady_clock::time_point used;
  };
  const Clock& clock_;
  Random& random_;
  const std::chrono::minutes known_for_;
  const std::size_t count_max_;
  std::mutex mutex_;
  std::map<std::uint64_t, Kept> kept_;  // guarded by mutex_
};

}  // namespace bl::bigquery::rest
