#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/disk.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "lake/lake.h"
#include "traces/pinned_traces.h"
#include "traces/trace_store.h"

/// Spans in the lake table `spans`, with an index beside it: docs/formats/traces.md.
namespace bl::traces {

struct LakeTraceStoreLimits {
  std::uint64_t engine_memory_bytes_max = 512u << 20;
  int engine_threads = 2;
  std::chrono::milliseconds query_ms_max{60'000};
  std::size_t queries_max = 8;                ///< at once; more wait
  std::uint64_t cache_bytes_max = 64u << 20;  ///< of answers by id
  std::size_t names_max =
      200'000;  ///< operations and attribute keys that lists keep; more are left out
  std::size_t segments_max = 8;                ///< of the index; more are put together
  std::size_t facts_bytes_max = 64u << 20;     ///< of facts of row groups that are mapped
  std::int64_t metric_spans_max = 20'000'000;  ///< spans that one answer of metrics() looks at
  /// Spans by id, and what searches ask for, are read out of the files here; false: all by the
  /// engine, with the same answers.
  bool reads_directly = true;
  std::chrono::hours retention{0};  ///< older spans expire by themselves; 0: none do
};

struct LakeTraceStoreParts {
  lake::Lake& lake;  ///< on a disk of this machine
  Disk& disk;
  const Clock& clock;
  Log& log;
  Metrics& metrics;
  /// A folder of its own for the index. It may be removed when nobody has it: it is made anew.
  std::string folder;
  PinnedTraces pinned = {};
};

/// All of `parts` outlive it. It has one thread, which follows the files of the table
/// and lets old spans expire. Threads:
/// any.
class LakeTraceStore : public TraceStore {
 public:
  /// Makes the table `spans` when it is not there. What the index lacks is added in the background;
  /// until then answers take other ways. Errors: conflict (a table of that name and other columns),
  /// unsupported (a lake that is not on a disk), those of the lake and the engine.
  static Result<std::unique_ptr<LakeTraceStore>> open(const LakeTraceStoreParts& parts,
                                                      const LakeTraceStoreLimits& limits = {});

  /// Waits until the index knows every file that is there now. Errors: why it cannot.
  virtual Result<void> settle() = 0;
  /// The tail as files, small files put together, the index after them: what housekeeping does in
  /// time. For commands, tests and measurements.
  virtual Result<void> compact() = 0;
};

}  // namespace bl::traces
