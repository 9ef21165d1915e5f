#pragma once

#include <mutex>

#include "ops/ports.h"

/// How a running server is: for its page and for whoever asks (`/api/v1/status`).
namespace bl::ops {

/// What is counted in the store is asked at most every so often; the rest is as of now.
inline constexpr std::chrono::milliseconds k_stored_facts_age_max{10'000};

class StatusReader {
 public:
  StatusReader(ServerPorts ports, const Clock& clock);
  /// One JSON object (openapi.yaml, Status). `for_operator` adds what may hold paths: the lines of
  /// the log, where the store is. A store that does not answer is said in `store.error`. Threads:
  /// any.
  enum class Audience : unsigned char { anybody, operator_alone };
  std::string read(Audience audience);

 private:
  struct Stored {
    std::vector<StoredFact> facts;
    std::int64_t schema = 0;
    std::optional<std::string> error;
    std::chrono::steady_clock::time_point read_at;
  };
  Stored stored();

  const ServerPorts ports_;
  const Clock& clock_;
  const Timestamp started_at_;
  const std::chrono::steady_clock::time_point started_;
  std::mutex mutex_;
  std::optional<Stored> stored_;  // guarded by mutex_
};

}  // namespace bl::ops
