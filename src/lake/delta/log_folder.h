#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lake/delta/names.h"
#include "lake/delta_log.h"
#include "objects/object_store.h"

/// The objects of `_delta_log/`. Threads: any.
namespace bl::lake::delta {

struct LogEntry {
  LogName name;
  std::string key;
  std::uint64_t size = 0;
  Timestamp modified;
};

class LogFolder {
 public:
  LogFolder(objects::ObjectStore& store, std::string prefix, const DeltaLimits& limits);

  /// Names of the log from a version on, in byte order; foreign ones are left out. Errors:
  /// too_large (log_objects_max).
  Result<std::vector<LogEntry>> list(DeltaVersion from);
  /// nullopt: not there. Errors: too_large (commit_bytes_max).
  Result<std::optional<std::string>> commit(DeltaVersion version);
  /// The same for several, some at a time in threads of their own.
  Result<std::vector<std::string>> commits(const std::vector<DeltaVersion>& versions);
  /// Where the newest checkpoint may be; nullopt: nobody says, or it cannot be read.
  Result<std::optional<DeltaVersion>> hint();

  /// The instant, by whichever of the two clocks is behind: the store's, which says how old its
  /// objects are, or ours. For who removes what is old: a clock that jumped ahead ages nothing.
  Result<Timestamp> careful_now(const Clock& clock);

  std::string key(std::string_view name) const;
  /// The table's own address, ending in `/`.
  const std::string& table() const { return table_; }
  objects::ObjectStore& store() { return store_; }

 private:
  objects::ObjectStore& store_;
  const std::string prefix_, table_;
  const DeltaLimits& limits_;
};

}  // namespace bl::lake::delta
