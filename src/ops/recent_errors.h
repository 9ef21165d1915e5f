#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "base/log.h"

/// The newest warnings and errors of the log, for the status page: read off the lines as they go by
/// to the real sink. Threads: any.
namespace bl::ops {

struct LoggedTrouble {
  std::string time;   ///< RFC 3339
  std::string level;  ///< `warning` or `error`
  std::string event;
  std::string line;  ///< the whole JSON line: may hold paths, for operators only
};

class RecentErrors {
 public:
  static constexpr std::size_t k_kept_max = 20;
  /// A sink that remembers and hands on. This object outlives the log.
  Log::Sink around(Log::Sink next);
  /// Newest first.
  std::vector<LoggedTrouble> newest() const;

 private:
  void remember(std::string_view line);
  mutable std::mutex mutex_;
  std::deque<LoggedTrouble> kept_;  // newest first; guarded by mutex_
};

}  // namespace bl::ops
