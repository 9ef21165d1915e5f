#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace bl::events::index {

/// What has a status and a time of its last update, listed newest first, all or by status.
///
/// Each status has a log of (time, code). An update adds an entry and leaves the old one where it
/// is: who reads asks for each entry whether it is the newest of its code still, and passes over
/// those that are not. Entries come nearly in the order of time; those that come late go to a
/// small sorted run beside the big one, and are merged in time. When half of a log is stale it is
/// swept. So an update costs a push, and a page costs what it shows and skips.
class Recency {
 public:
  static constexpr std::size_t k_statuses = 8;
  struct Now {
    std::uint8_t status = 0;
    std::int64_t timestamp = 0;
    bool operator==(const Now&) const = default;
  };
  /// Of a code; nullopt: it is in no list.
  using Current = std::function<std::optional<Now>(std::uint32_t code)>;
  using Before = std::function<bool(std::uint32_t, std::uint32_t)>;

  /// The code's state was `old` and is `now` (nullopt: in no list).
  void change(std::uint32_t code, const std::optional<Now>& old, const std::optional<Now>& now,
              const Current& current);
  /// Many at once, into an empty one.
  void load(std::size_t codes, const Current& current);
  std::int64_t count(std::uint8_t status) const {
    return static_cast<std::int64_t>(logs_[status].live);
  }
  std::int64_t count() const;
  /// Newest first; of equal times, `before` decides.
  std::vector<std::uint32_t> page(std::optional<std::uint8_t> status, std::size_t offset,
                                  std::size_t limit, const Current& current,
                                  const Before& before) const;
  std::uint64_t memory_bytes() const;

 private:
  struct Entry {
    std::int64_t timestamp;
    std::uint32_t code;
    bool operator<(const Entry& other) const { return timestamp < other.timestamp; }
  };
  struct Log {
    std::vector<Entry> main, late;  // each by time
    std::size_t live = 0;
  };
  class Walk;
  void sweep(std::uint8_t status, const Current& current);

  std::array<Log, k_statuses> logs_;
};

}  // namespace bl::events::index
