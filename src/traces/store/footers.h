#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "duck/connection.h"
#include "lake/file_set.h"

namespace bl::traces {

/// What a file's footer says of its row groups, by which the engine leaves groups out.
struct RowGroup {
  std::int64_t rows = 0;
  std::int64_t bytes = 0;  ///< compressed, all columns
  std::int32_t hour_min = 0, hour_max = 0;
  std::int64_t trace_high_min = 0, trace_high_max = 0;
};
using RowGroups = std::vector<RowGroup>;

/// Footers that were read once: files never change. Threads: any.
class Footers {
 public:
  /// Reads it when it is not known yet. Errors: those of the engine.
  Result<std::shared_ptr<const RowGroups>> of(duck::Connection& connection,
                                              const lake::DataFile& file, const std::string& path);
  /// Forgets files that are in no snapshot any more.
  void keep(const lake::FileSet& files);
  std::size_t bytes() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const RowGroups>, std::less<>> known_;  // guarded by mutex_
};

}  // namespace bl::traces
