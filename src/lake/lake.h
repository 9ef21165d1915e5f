#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "lake/delta_log.h"
#include "lake/maintenance.h"
#include "lake/object_journal.h"
#include "lake/open_catalog.h"
#include "lake/table.h"
#include "objects/open.h"

/// All tables of one lake, with what keeps them in order.
namespace bl::lake {

struct LakeLimits {
  TableLimits table;
  JournalLimits journal;
  ObjectJournalLimits object_journal;
  CatalogLimits catalog;
  std::uint64_t engine_memory_bytes_max = 1ull << 30;
  int engine_threads = 2;
  /// Snapshots that are no longer the newest stay so long, and longer while somebody reads them.
  std::chrono::seconds keep_snapshots{3'600};
  /// A file that no snapshot lists is left over from a commit that failed when it is so old.
  std::chrono::seconds orphan_age{24 * 3'600};
  std::chrono::seconds compact_every{60};
  std::chrono::seconds expire_every{300};
  std::chrono::seconds sweep_every{6 * 3'600};
};

enum class JournalKind : unsigned char {
  file,    ///< segments below `folder`
  object,  ///< objects of the store: a machine that dies takes nothing with it
};

struct LakeOptions {
  std::string folder;   ///< local: journals, scratch; this process's alone (a lock)
  std::string objects;  ///< where files lie: a folder, or `s3://bucket/prefix?...`
  std::string catalog;  ///< `sqlite:///absolute/file` or `postgres://...`
  JournalKind journal = JournalKind::file;
  bool delta = true;         ///< a Delta log beside the catalog for each table
  bool housekeeping = true;  ///< a thread that flushes, compacts, expires and sweeps
  std::map<std::string, std::string> variables;  ///< AWS_* and HOME
  LakeLimits limits;
};

/// What of the world a lake needs. All of it outlives the lake.
struct LakeWorld {
  Disk& disk;
  const Clock& clock;
  Random& random;
  Log& log;
  Metrics& metrics;
  KeyKeeper* keeper = nullptr;  ///< null: nobody wants keys
};

/// The process that owns a lake. Threads: any.
class Lake {
 public:
  /// Opens every table of the catalog, which recovers what was not flushed. Errors: conflict
  /// (another process has the folder, with its note), and those of the parts.
  static Result<std::unique_ptr<Lake>> open(LakeOptions options, const LakeWorld& world);
  /// Ends housekeeping; what is in journals only is there at the next start.
  ~Lake();
  Lake(const Lake&) = delete;
  Lake& operator=(const Lake&) = delete;

  /// Errors: conflict (the table is there), invalid (a name, a type, a layout).
  Result<std::shared_ptr<Table>> create_table(const std::string& name,
                                              const columns::Schema& schema, const Layout& layout);
  /// Its rows are gone for whoever asks from now on; snapshots that somebody holds stay readable,
  /// and files go when the last one does. The name is free again. A table that was begun to be
  /// dropped is dropped by the next call or the next start. Errors: not_found, those of catalog,
  /// store and disk.
  Result<void> drop_table(const std::string& name);
  /// Errors: not_found.
  Result<std::shared_ptr<Table>> table(const std::string& name);
  std::vector<std::shared_ptr<Table>> tables();

  /// Snapshots that nobody reads and that are old enough go, then the files that only they listed.
  Result<Expired> expire();
  /// The same of snapshots before then.
  Result<Expired> expire(Timestamp keep_from);
  /// Removes what commits left that failed. Gives the count.
  Result<std::int64_t> sweep();
  /// One round of housekeeping, now.
  void keep_house();

  Catalog& catalog() { return *catalog_; }
  objects::ObjectStore& store() { return *store_; }
  duck::Database& engine() { return *engine_; }

 private:
  Lake(LakeOptions options, const LakeWorld& world);
  Result<void> open_parts();
  Result<std::unique_ptr<Journal>> open_journal(const std::string& table);
  Result<std::shared_ptr<Table>> open_table(const std::string& name);
  void run();
  bool wait(std::chrono::milliseconds time);
  DeltaWorld delta_world();
  ObjectJournalWorld journal_world();
  Result<void> adopt_journals(Table& table);
  Result<void> finish_drops();
  Result<void> finish_drop(const std::string& name);
  /// Its folder below the lake's, and its objects' prefix.
  static std::string journal_name(const std::string& table) { return "journals/" + table; }
  void say(const std::string& what, const std::string& table, const Error& error);

  const LakeOptions options_;
  const LakeWorld world_;
  std::unique_ptr<DiskLock> lock_;
  std::unique_ptr<objects::ObjectStore> store_;
  std::unique_ptr<duck::Database> engine_;
  std::unique_ptr<Catalog> catalog_;
  IdSource ids_;
  std::string scratch_;

  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Table>> tables_;  // guarded by mutex_
  /// Of dropped tables: files that somebody still reads stay.
  std::vector<std::shared_ptr<Table>> dropped_;  // guarded by mutex_
  std::mutex drop_mutex_;                        // one drop or creation at a time
  std::condition_variable stopping_;
  bool stops_ = false;  // guarded by mutex_
  std::mutex house_mutex_;
  std::chrono::steady_clock::time_point compacted_, expired_, swept_;  // guarded by house_mutex_
  std::thread housekeeper_;
};

struct Rebuilt {
  std::int64_t tables = 0, files = 0, rows = 0;
};
/// Makes a lost catalog again from the tables' Delta logs and the files: the same rows, columns and
/// layouts, and how far journals had come. The past of the tables is not made again. A catalog that
/// is there is moved aside first by who calls. `progress` gets tables done and all. Errors:
/// not_found (no table with a Delta log), corrupt (a file that is listed is missing or damaged:
/// names it), and those of the parts.
Result<Rebuilt> rebuild_catalog(const LakeOptions& options, const LakeWorld& world,
                                const std::function<void(std::size_t, std::size_t)>& progress = {});

}  // namespace bl::lake
