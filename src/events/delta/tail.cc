#include "events/delta/tail.h"

#include <algorithm>

namespace bl::events::delta {

bool Tail::add(TailRecord record) {
  if (record.no < next_ || ahead_.contains(record.no)) return false;
  ahead_.insert(record.no);
  while (!ahead_.empty() && *ahead_.begin() == next_) {
    ahead_.erase(ahead_.begin());
    ++next_;
  }
  events_ += static_cast<std::int64_t>(record.events->size());
  bytes_ += record.bytes;
  records_.push_back(std::move(record));
  return true;
}

void Tail::drop_before(lake::RecordNo end) {
  std::erase_if(records_, [&](const TailRecord& record) {
    if (record.no >= end) return false;
    events_ -= static_cast<std::int64_t>(record.events->size());
    bytes_ -= record.bytes;
    return true;
  });
  next_ = std::max(next_, end);
  ahead_.erase(ahead_.begin(), ahead_.lower_bound(next_));
}

lake::RecordNo Tail::end_of(std::int64_t events_max) const {
  std::int64_t events = 0;
  lake::RecordNo end = 0;
  for (const TailRecord& record : records_) {
    if (record.no >= next_) continue;
    events += static_cast<std::int64_t>(record.events->size());
    if (end != 0 && events > events_max) {
      // A later record of a smaller number goes with those before it.
      return end;
    }
    end = std::max(end, record.no + 1);
  }
  return end == 0 ? next_ : end;
}

}  // namespace bl::events::delta
