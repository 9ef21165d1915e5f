#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "results/series_judge.h"
#include "results/store_verdict_refresh.h"

/// The detectors of series that lately had new results, kept so that the next result need not
/// replay them. Private to the store's side.
namespace bl::results {

/// Bounded in bytes and in series. When full, series picked at random make room: a nightly round
/// over more series than there is room for would find none of them if the eldest went first. One
/// thread; dies with the process, so that no detector of another version is met.
class WarmDetectors {
 public:
  explicit WarmDetectors(WarmDetectorLimits limits) : limits_(limits) {}

  /// What is kept of the series, taken out; empty when nothing is.
  WarmSeries take(std::int64_t series_no);
  /// Nothing is kept of what alone is larger than all room.
  void keep(std::int64_t series_no, WarmSeries series);

  std::size_t bytes() const { return bytes_; }
  std::size_t size() const { return slots_.size(); }

 private:
  struct Slot {
    std::int64_t series_no;
    std::size_t bytes;
    WarmSeries series;
  };
  void remove(std::size_t place);

  WarmDetectorLimits limits_;
  std::vector<Slot> slots_;
  std::unordered_map<std::int64_t, std::size_t> places_;  // by series_no
  std::size_t bytes_ = 0;
  std::uint64_t random_ = 1;
};

}  // namespace bl::results
