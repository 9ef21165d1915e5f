#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "duck/connection.h"
#include "lake/file_set.h"
#include "objects/object_store.h"
#include "traces/store/parquet_footer.h"
#include "traces/trace_store.h"

namespace bl::traces {

/// What a file's footer says of its row groups, by which readers leave groups out.
struct RowGroup {
  std::int64_t rows = 0;
  std::int64_t bytes = 0;  ///< compressed, all columns
  std::int32_t hour_min = 0, hour_max = 0;
  std::int64_t trace_high_min = 0, trace_high_max = 0;
  std::int64_t start_min = std::numeric_limits<std::int64_t>::min();  ///< unknown to the engine
  std::int64_t start_max = std::numeric_limits<std::int64_t>::max();
};
struct FileLayout {
  std::vector<RowGroup> groups;
  /// Where the columns lie, in the order of SpanTable, without bounds; absent: the file is one that
  /// only the engine reads.
  std::optional<parquet::Footer> chunks;
};

/// Footers that were read once: files never change. Threads: any.
class Footers {
 public:
  /// `reads_directly`: false: the engine reads all of them.
  Footers(objects::ObjectStore& store, bool reads_directly)
      : store_(store), reads_directly_(reads_directly) {}
  /// Reads it when it is not known yet, with one request, which is added to `cost`. Errors: those
  /// of the store and of the engine.
  Result<std::shared_ptr<const FileLayout>> of(duck::Connection& connection,
                                               const lake::DataFile& file, const std::string& path,
                                               ReadCost& cost);
  /// Forgets files that are in no snapshot any more.
  void keep(const lake::FileSet& files);
  std::size_t bytes() const;

 private:
  Result<FileLayout> read(const lake::DataFile& file, ReadCost& cost);

  objects::ObjectStore& store_;
  const bool reads_directly_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const FileLayout>, std::less<>>
      known_;  // guarded by mutex_
};

}  // namespace bl::traces
