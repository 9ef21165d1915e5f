#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/testing/memory_disk.h"
#include "base/testing/temporary_folder.h"
#include "objects/open.h"
#include "objects/testing/s3_server.h"

/// A world whose clock stands still: pauses between attempts cost nothing, and are kept.
namespace bl::objects::testing {

struct TestWorld {
  explicit TestWorld(std::uint64_t seed = 7) : random(seed) {}

  ManualClock clock{Timestamp::from_seconds(1'790'000'000)};
  SeededRandom random;
  Metrics metrics;
  MemoryDisk disk{clock};
  std::vector<std::chrono::milliseconds> pauses;

  World world() { return world_on(disk); }
  World world_on(Disk& other) {
    return World{clock, random, other, metrics, [this](std::chrono::milliseconds pause) {
                   pauses.push_back(pause);
                   clock.advance(pause);
                   return true;
                 }};
  }
  /// Of a counter's or gauge's line, or 0.
  double metric(const std::string& name, const MetricLabels& labels = {}) const {
    for (const MetricSample& sample : metrics.samples(name)) {
      if (sample.name == name && sample.labels == labels) return sample.value;
    }
    return 0;
  }
  double limit_hits(const std::string& limit) const {
    return metric("bl_objects_limit_hits_total", {{"limit", limit}});
  }
};

/// Bytes that do not repeat; the same for the same seed.
inline std::string some_bytes(std::size_t size, std::uint64_t seed) {
  SeededRandom random(seed);
  std::string bytes(size, '\0');
  random.fill(std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

template <class T>
std::string code_of(const Result<T>& result) {
  return result.ok() ? "ok" : name_of(result.error().code);
}

}  // namespace bl::objects::testing
