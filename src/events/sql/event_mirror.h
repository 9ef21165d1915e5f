#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "duck/database.h"
#include "events/log.h"
#include "events/open_log.h"

/// A log in SQL as a table of the engine: Parquet files of its events in the order of their
/// sequences, in a folder of this process, and what came since in memory. Grows with each call; a
/// file holds the events of the sequences in its name (`events-FIRST-LAST.parquet`) and never
/// changes. The next start goes on behind the files that it finds, so that a file that is cut or
/// has other rows only costs its making again. The keys of its files are absolute paths without the
/// first `/`.
namespace bl::events {

struct EventMirrorLimits {
  std::int64_t file_events = 200'000;      ///< so many in memory become a file,
  std::uint64_t file_bytes = 64ull << 20;  ///< or so many bytes
  std::size_t page_events = 10'000;        ///< read at once
  std::size_t batches_max = 64;            ///< in memory; more are put together
  std::uint64_t engine_memory_bytes_max = 256ull << 20;
};

/// Threads: any, one after the other.
class EventMirror {
 public:
  /// The events behind a sequence, in their order; published ones only.
  using Pull = std::function<Result<EventPage>(Sequence after, std::size_t limit)>;

  /// `folder` is of this log alone. Makes nothing before the first snapshot().
  EventMirror(std::string folder, Pull pull, const LogWorld& world,
              const EventMirrorLimits& limits = {});
  ~EventMirror();

  /// All events that are there now. Cost: reads what is new, the first time in this folder all.
  /// Errors: those of the log and of the folder's disk.
  Result<lake::Snapshot> snapshot();

 private:
  Result<void> open();
  Result<void> adopt_files();
  Result<void> pull();
  Result<void> write_file();
  Result<void> put_together();
  std::string path_of(Sequence first, Sequence last) const;

  const std::string folder_;  // absolute
  const Pull pull_;
  const LogWorld world_;
  const EventMirrorLimits limits_;
  std::mutex mutex_;
  // guarded by mutex_
  bool is_open_ = false;
  std::unique_ptr<duck::Database> engine_;
  std::vector<lake::DataFile> files_;
  std::shared_ptr<const lake::FileSet> file_set_;  // of files_
  std::vector<columns::Batch> tail_;
  Sequence in_files_ = 0, newest_ = 0;
  std::int64_t tail_events_ = 0;
  std::uint64_t tail_bytes_ = 0;
};

}  // namespace bl::events
