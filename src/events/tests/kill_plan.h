#pragma once

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace bl::events::testing {

/// How many processes append to one log, and for how long, while each is killed at random. What is
/// promised is eight for a minute: BENCHLAKE_KILL_SECONDS=60 (./dev long); a run of all tests takes
/// a few seconds.
struct KillPlan {
  int processes = 8;
  std::chrono::seconds time{6};
};

inline KillPlan kill_plan() {
  KillPlan plan;
  if (const char* wanted = std::getenv("BENCHLAKE_KILL_SECONDS"); wanted != nullptr) {
    plan.time = std::chrono::seconds(std::max(1, std::atoi(wanted)));
  }
  return plan;
}

}  // namespace bl::events::testing
