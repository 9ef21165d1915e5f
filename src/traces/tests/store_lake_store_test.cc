#include <gtest/gtest.h>

#include <cstdlib>

#include "traces/tests/store_world.h"

namespace bl::traces {
namespace {

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST(LakeTraceStore, answers_as_the_twin_whatever_happens_in_between) {
  const std::uint64_t first = number_from("BL_TRACES_SEED", 1);
  const std::uint64_t rounds = number_from("BL_TRACES_ROUNDS", 2);
  for (std::uint64_t seed = first; seed < first + rounds && !HasFailure(); ++seed) {
    run_history([] { return std::make_unique<LakeWorldOfSpans>(); }, seed);
  }
}

// Most questions by id are read without the engine: it answers the same.
TEST(LakeTraceStore, answers_as_the_twin_when_the_engine_reads_everything) {
  const std::uint64_t first = number_from("BL_TRACES_SEED", 1) + 100;
  const std::uint64_t rounds = number_from("BL_TRACES_ROUNDS", 1);
  for (std::uint64_t seed = first; seed < first + rounds && !HasFailure(); ++seed) {
    run_history(
        [] {
          LakeTraceStoreLimits limits;
          limits.reads_directly = false;
          return std::make_unique<LakeWorldOfSpans>(LakeWorldOfSpans::small(), limits);
        },
        seed);
  }
}

}  // namespace
}  // namespace bl::traces
