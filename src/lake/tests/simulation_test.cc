// A thousand lives of a table, each by its seed. BENCHLAKE_SIMULATION_SEED=N replays one and
// BENCHLAKE_SIMULATION_COUNT=N runs so many (./dev long).
#include "lake/tests/simulation.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

namespace bl::lake {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool k_is_slow = true;
#elif defined(__has_feature)
constexpr bool k_is_slow = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool k_is_slow = false;
#endif

std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(Simulation, no_row_is_lost_or_doubled_and_no_reader_sees_half_a_state) {
  constexpr int k_steps = 30;
  const std::uint64_t only = number_of("BENCHLAKE_SIMULATION_SEED", 0);
  const std::uint64_t count = number_of("BENCHLAKE_SIMULATION_COUNT", k_is_slow ? 50 : 1'000);
  auto engine = duck::Database::open({.limits = {.threads = 1}}).value();
  const std::uint64_t first = only == 0 ? 1 : only;
  const std::uint64_t last = only == 0 ? count : only;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const std::string story = simulate(seed, k_steps, *engine);
    ASSERT_EQ(story, "") << "replay with BENCHLAKE_SIMULATION_SEED=" << seed;
  }
}

}  // namespace
}  // namespace bl::lake
