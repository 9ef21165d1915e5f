#include "results/store/warm_detectors.h"

#include <utility>

namespace bl::results {

void WarmDetectors::remove(std::size_t place) {
  bytes_ -= slots_[place].bytes;
  places_.erase(slots_[place].series_no);
  if (place + 1 != slots_.size()) {
    slots_[place] = std::move(slots_.back());
    places_[slots_[place].series_no] = place;
  }
  slots_.pop_back();
}

WarmSeries WarmDetectors::take(std::int64_t series_no) {
  const auto found = places_.find(series_no);
  if (found == places_.end()) return WarmSeries();
  WarmSeries series = std::move(slots_[found->second].series);
  remove(found->second);
  return series;
}

void WarmDetectors::keep(std::int64_t series_no, WarmSeries series) {
  if (const auto known = places_.find(series_no); known != places_.end()) remove(known->second);
  const std::size_t bytes = series.bytes() + sizeof(Slot);
  if (bytes > limits_.bytes_max || limits_.series_max == 0) return;
  while (bytes_ + bytes > limits_.bytes_max || slots_.size() >= limits_.series_max) {
    random_ = random_ * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u;
    remove(static_cast<std::size_t>(random_ >> 33) % slots_.size());
  }
  places_[series_no] = slots_.size();
  slots_.push_back({series_no, bytes, std::move(series)});
  bytes_ += bytes;
}

}  // namespace bl::results
