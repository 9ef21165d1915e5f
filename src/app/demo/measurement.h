#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "app/demo/story.h"
#include "base/trace_id.h"

/// What the story's benchmarks measured: every sample is the duration of its trace, made of parts
/// that wait for each other. Pure.
namespace bl::app::demo {

/// A span: it works itself between what it waits for.
struct Part {
  const char* service;
  const char* name;
  int parent;  ///< place in the benchmark's parts; -1: the root
  double self_ms;
  bool grows = false;  ///< holds the planted slowdown
};

struct Benchmark {
  const char* name;
  const char* parameter;  ///< a tag beside the name
  const char* value;
  std::span<const Part> parts;
  double bytes = 0;  ///< worked off in a sample: its value is then bytes per second; 0: seconds
  bool is_traced = false;
};
std::span<const Benchmark> benchmarks();
/// How much more a part that grows works itself.
inline constexpr double k_growth = 1.8;

struct PartTimes {
  std::int64_t start_ns = 0, end_ns = 0;  ///< from the sample's start
};
struct Sample {
  TraceId trace;
  SpanId first_span;             ///< the root's; the others follow
  std::int64_t offset_ns = 0;    ///< from the measurement's start
  std::vector<PartTimes> parts;  ///< as those of the benchmark
  std::int64_t duration_ns() const { return parts.front().end_ns; }
};
struct Measurement {
  const StoryCommit* commit;
  const Benchmark* benchmark;
  Timestamp time;
  std::vector<Sample> samples;
  std::vector<double> values() const;  ///< in the benchmark's unit
};

/// Every benchmark of a commit, one after the other. `story` outlives what is given.
std::vector<Measurement> measure(const Story& story, const StoryCommit& commit);

}  // namespace bl::app::demo
