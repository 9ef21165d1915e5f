#include "events/index/recency.h"

#include <algorithm>

namespace bl::events::index {
namespace {

constexpr std::size_t k_late_max = 2048;
constexpr std::size_t k_stale_min = 4096;

}  // namespace

void Recency::change(std::uint32_t code, const std::optional<Now>& old,
                     const std::optional<Now>& now, const Current& current) {
  if (old == now) return;
  if (old) --logs_[old->status].live;
  if (!now) return;
  Log& log = logs_[now->status];
  ++log.live;
  const Entry entry{now->timestamp, code};
  if (log.main.empty() || log.main.back().timestamp <= entry.timestamp) {
    log.main.push_back(entry);
  } else {
    log.late.insert(std::upper_bound(log.late.begin(), log.late.end(), entry), entry);
    if (log.late.size() > k_late_max) {
      const auto middle = static_cast<std::ptrdiff_t>(log.main.size());
      log.main.insert(log.main.end(), log.late.begin(), log.late.end());
      std::inplace_merge(log.main.begin(), log.main.begin() + middle, log.main.end());
      log.late.clear();
    }
  }
  if (log.main.size() > 2 * log.live + k_stale_min) sweep(now->status, current);
}

void Recency::sweep(std::uint8_t status, const Current& current) {
  auto& main = logs_[status].main;
  std::erase_if(main, [&](const Entry& entry) {
    return current(entry.code) != std::optional(Now{status, entry.timestamp});
  });
  // An update that was taken back leaves its first entry and adds an equal one.
  for (auto from = main.begin(); from != main.end();) {
    const auto to = std::upper_bound(from, main.end(), *from);
    std::sort(from, to, [](const Entry& a, const Entry& b) { return a.code < b.code; });
    from = to;
  }
  main.erase(std::unique(main.begin(), main.end(),
                         [](const Entry& a, const Entry& b) {
                           return a.timestamp == b.timestamp && a.code == b.code;
                         }),
             main.end());
}

void Recency::load(std::size_t codes, const Current& current) {
  for (std::uint32_t code = 0; code < codes; ++code) {
    const std::optional<Now> now = current(code);
    if (!now) continue;
    logs_[now->status].main.push_back({now->timestamp, code});
    ++logs_[now->status].live;
  }
  for (Log& log : logs_)
    if (!std::is_sorted(log.main.begin(), log.main.end()))
      std::sort(log.main.begin(), log.main.end());
}

std::int64_t Recency::count() const {
  std::size_t live = 0;
  for (const Log& log : logs_) live += log.live;
  return static_cast<std::int64_t>(live);
}

/// The runs of the logs that are asked, from their ends.
class Recency::Walk {
 public:
  void add(const std::vector<Entry>& run, std::uint8_t status) {
    if (!run.empty()) rests_.push_back({run, status});
  }

  /// The codes of the newest time that is left; false: nothing is.
  bool next(const Current& current, std::vector<std::uint32_t>& codes) {
    codes.clear();
    while (codes.empty()) {
      std::erase_if(rests_, [](const Rest& rest) { return rest.entries.empty(); });
      if (rests_.empty()) return false;
      std::int64_t newest = rests_.front().entries.back().timestamp;
      for (const Rest& rest : rests_) newest = std::max(newest, rest.entries.back().timestamp);
      for (Rest& rest : rests_) take(rest, newest, current, codes);
      if (codes.size() > 1) {
        std::sort(codes.begin(), codes.end());
        codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
      }
    }
    return true;
  }

 private:
  struct Rest {
    std::span<const Entry> entries;
    std::uint8_t status;
  };
  static void take(Rest& rest, std::int64_t timestamp, const Current& current,
                   std::vector<std::uint32_t>& codes) {
    while (!rest.entries.empty() && rest.entries.back().timestamp == timestamp) {
      const std::uint32_t code = rest.entries.back().code;
      if (current(code) == std::optional(Now{rest.status, timestamp})) codes.push_back(code);
      rest.entries = rest.entries.first(rest.entries.size() - 1);
    }
  }

  std::vector<Rest> rests_;
};

std::vector<std::uint32_t> Recency::page(std::optional<std::uint8_t> status, std::size_t offset,
                                         std::size_t limit, const Current& current,
                                         const Before& before) const {
  Walk walk;
  for (std::uint8_t i = 0; i < k_statuses; ++i) {
    if (status && *status != i) continue;
    walk.add(logs_[i].main, i);
    walk.add(logs_[i].late, i);
  }
  const auto total = static_cast<std::size_t>(status ? count(*status) : count());
  std::vector<std::uint32_t> page, tied;
  if (offset >= total) return page;
  while (page.size() < limit && walk.next(current, tied)) {
    if (offset >= tied.size()) {
      offset -= tied.size();
      continue;
    }
    std::sort(tied.begin(), tied.end(), before);
    for (std::size_t i = offset; i < tied.size() && page.size() < limit; ++i)
      page.push_back(tied[i]);
    offset = 0;
  }
  return page;
}

std::uint64_t Recency::memory_bytes() const {
  std::uint64_t bytes = 0;
  for (const Log& log : logs_) bytes += sizeof(Entry) * (log.main.capacity() + log.late.capacity());
  return bytes;
}

}  // namespace bl::events::index
