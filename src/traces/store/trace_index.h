#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/log.h"
#include "traces/store/name_lists.h"
#include "traces/store/trace_segment.h"

namespace bl::traces {

/// The bounds of every trace in the files that it covers. A file that it does not cover is simply
/// read, so that an index that lags, or is lost, costs time and never an answer.
class TraceIndex {
 public:
  struct State {
    Segments segments;
    std::set<std::string, std::less<>> covered;  ///< keys of files
    std::optional<TraceBounds> find(const TraceId& id) const;
    std::size_t bytes() const;
    bool has(const TraceId& id) const;
    std::int64_t traces = 0;  ///< each once
  };

  /// What the folder holds; begins anew, and says so in the log, when that is damaged. `names` gets
  /// what was saved. Errors: io, disk_full, forbidden (the folder cannot be made).
  static Result<std::unique_ptr<TraceIndex>> open(Disk& disk, const std::string& folder, Log& log,
                                                  NameLists& names, std::size_t segments_max);

  /// Threads: any.
  std::shared_ptr<const State> state() const;

  /// Adds the records of a file, with the names as they are now; durable on return. Keys of files
  /// that `is_there` denies are forgotten. One thread at a time. Errors: io, disk_full; then it is
  /// as before.
  Result<void> add(const std::string& file_key, const SegmentWriter& records,
                   const NameLists& names, const std::function<bool(const std::string&)>& is_there);

  /// Traces that ended before that instant go, and so do keys that `stays` denies: files that may
  /// hold spans from before. One thread at a time, the one of add(). Errors: io, disk_full; then it
  /// is as before.
  Result<void> forget(std::int64_t before_ns, const std::function<bool(const std::string&)>& stays,
                      const NameLists& names);

 private:
  TraceIndex(Disk& disk, std::string folder, std::size_t segments_max)
      : disk_(disk), folder_(std::move(folder)), segments_max_(segments_max) {}
  Result<void> load(NameLists& names);
  Result<void> save(const State& state, const NameLists& names);
  Result<void> merge(State& state);
  Result<void> drop_older(State& state, std::int64_t before_ns);
  void sweep(const State& state);
  std::string new_path();

  Disk& disk_;
  const std::string folder_;
  const std::size_t segments_max_;
  std::uint64_t next_ = 1;   // of the names of segments
  std::string saved_names_;  // as they stand on disk
  mutable std::mutex mutex_;
  std::shared_ptr<const State> state_;  // guarded by mutex_
};

}  // namespace bl::traces
