#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "duck/database.h"
#include "lake/lake.h"
#include "lake/snapshot.h"
#include "traces/lake_trace_store.h"
#include "traces/store/direct_reads.h"
#include "traces/store/footers.h"
#include "traces/store/span_facts.h"

/// Reads spans of one snapshot: its files through the engine, or without it where that is faster;
/// its tail where it lies.
namespace bl::traces {

Hours hours_of(const Window& window);
inline constexpr Hours k_all_hours{std::numeric_limits<std::int32_t>::min(),
                                   std::numeric_limits<std::int32_t>::max()};

/// Files of one snapshot.
using Files = std::vector<const lake::DataFile*>;

/// Threads: any; at most `queries_max` read at once, others wait.
class SpanReads {
 public:
  static Result<std::unique_ptr<SpanReads>> open(lake::Lake& lake, Metrics& metrics,
                                                 const LakeTraceStoreLimits& limits);

  /// Of `files`, those with a row group that may hold one of the traces within those hours; what
  /// that takes is added to `cost`. No ids: any trace. Errors: those of the engine.
  Result<Files> choose(const Files& files, const Hours& hours, const std::vector<TraceId>& ids,
                       ReadCost& cost);

  /// The first and the last hour of any span of the files; {greatest, least} of none.
  Result<Hours> hours_in(const Files& files, ReadCost& cost);

  using Each = std::function<Result<void>(const columns::Batch&)>;
  /// `SELECT select FROM rows WHERE where rest`. `each` may end it with Code::cancelled, which is
  /// no error then. Without a tail the snapshot's is not read.
  struct Select {
    std::string select, where = "true", rest;
    duck::Values values;
    bool with_tail = true;
  };
  Result<void> read(const lake::Snapshot& snapshot, const Files& files, const Select& select,
                    const Each& each);

  /// What the footer of a file says. Errors: those of the engine.
  Result<std::shared_ptr<const FileLayout>> layout_of(const lake::DataFile& file, ReadCost& cost);

  /// A row group that may have rows within a window.
  struct GroupPlace {
    const lake::DataFile* file;
    std::shared_ptr<const FileLayout> layout;
    std::size_t group;
    std::int64_t newest;  ///< no row of it within the window began later
  };
  /// All of them; nullopt: one of the files is one that only the engine reads. Errors: as choose().
  Result<std::optional<std::vector<GroupPlace>>> groups_within(const Files& files,
                                                               const Window& window,
                                                               ReadCost& cost);
  /// The rows of those groups that a query asks for, read without the engine; the groups are of one
  /// file, ascending. What that takes is added to `cost`. Errors: as read_directly().
  Result<void> scan(std::span<const GroupPlace> groups, const ScanQuery& query, ReadCost& cost,
                    const EachStart& each);
  /// Those of the tail.
  static Result<void> scan_tail(const lake::Snapshot& snapshot, const ScanQuery& query,
                                const EachStart& each);

  /// Spans of these traces that began within those hours, tail and files: all of each span, or its
  /// facts. `condition`: of files, only spans that meet it. More than `spans_max`: stops and says
  /// so.
  struct Bounds {
    std::vector<TraceId> ids;
    Hours hours = k_all_hours;
    const RowCondition* condition = nullptr;
    std::optional<Window> starts;
    std::size_t spans_max = std::numeric_limits<std::size_t>::max();
    bool has_tail = true;
  };
  /// False: there were more, and `out` has some of them.
  Result<bool> spans(const lake::Snapshot& snapshot, const Files& files, const Bounds& bounds,
                     Spans& out);
  Result<void> facts(const lake::Snapshot& snapshot, const Files& files, const Bounds& bounds,
                     SpanFacts& out);

  duck::Database& engine() { return *engine_; }
  Footers& footers() { return footers_; }
  lake::Lake& lake() { return lake_; }

 private:
  SpanReads(lake::Lake& lake, Metrics& metrics, const LakeTraceStoreLimits& limits);
  class Lent;
  Result<Lent> lend();
  Result<void> read_tail(const lake::Snapshot& snapshot, const Bounds& bounds, const Each& each);
  Result<void> read_files(const lake::Snapshot& snapshot, const Files& files, const Bounds& bounds,
                          std::string_view select, const Each& each);
  Result<Files> read_some_directly(const Files& files, const Bounds& bounds,
                                   std::string_view select, const Each& each);

  lake::Lake& lake_;
  const LakeTraceStoreLimits limits_;
  std::unique_ptr<duck::Database> engine_;
  Footers footers_;
  Counter direct_files_, engine_files_;
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<std::unique_ptr<duck::Connection>> free_;  // guarded by mutex_
  std::size_t lent_ = 0;                                 // guarded by mutex_
};

}  // namespace bl::traces
