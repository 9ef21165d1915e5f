#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

/// What this domain needs of others; bound by app.
namespace bl::events {

/// A run of benchmark results that a build made.
struct BuildRun {
  std::string run_id;
  std::string run_reason;         ///< may be empty
  std::string latest_result_id;   ///< of its newest result
  Timestamp latest_result_at;     ///< its own time
  std::int64_t results = 0;       ///< that were counted
  bool has_more_results = false;  ///< the count is cut off
};

/// The results that belong to a build: those of the run whose id is the build's. Threads: any.
class BuildResults {
 public:
  virtual ~BuildResults() = default;
  /// Errors: those of who keeps results.
  virtual Result<std::vector<BuildRun>> runs_of(std::string_view build_request_id) = 0;
};

}  // namespace bl::events
