#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "duck/database.h"
#include "events/delta/places.h"
#include "events/log_uri.h"
#include "events/open_log.h"
#include "lake/delta_log.h"
#include "lake/delta_rows.h"
#include "lake/snapshot.h"

namespace bl::events::delta {

/// The newest version of the table that this program knows, and the first.
inline constexpr int k_schema_version_max = 2;
inline constexpr int k_schema_version_new = 1;  ///< of tables that we make
inline constexpr const char* k_schema_version = "bel.schemaVersion";
inline constexpr const char* k_min_reader_version = "bel.minReaderVersion";

/// The columns of a version: Appendix C, from 2 on with `seq` and `schema_version` behind.
columns::Schema table_schema(int version);

/// What a table's properties say. A table that lacks them is of version 0.
struct SchemaVersion {
  int version = 0;
  int reader_min = 0;
};
SchemaVersion schema_version_of(const lake::DeltaMetadata& table);

/// Where a table lies.
struct TablePlace {
  std::unique_ptr<objects::ObjectStore> store;  ///< its keys begin at the table
  std::string folder;                           ///< of the table on this disk; empty: it is not
  std::string local;  ///< a folder on this disk: indexes and scratch of logs go below it
  std::string shown;  ///< for people
};

/// A Delta table of events: its log, its files, and the engine that reads and writes them. Threads:
/// any.
class EventTable {
 public:
  enum class Open : unsigned char { or_create, existing };
  /// Errors: not_found (existing), conflict (a table of another kind is there), unsupported (a
  /// schema version that is too new, a feature), and those of DeltaLog and the engine.
  /// `scratch`: a folder of this object alone, below `place.local`; what lies there goes.
  static Result<std::unique_ptr<EventTable>> open(TablePlace place, std::string scratch, Open how,
                                                  std::optional<std::int64_t> checkpoint_interval,
                                                  const LogWorld& world, objects::Wait wait);

  lake::DeltaLog& log() { return *log_; }
  objects::ObjectStore& store() { return *place_.store; }
  const TablePlace& place() const { return place_; }
  IdSource& ids() { return ids_; }
  /// May we read it? Errors: unsupported, conflict.
  Result<void> check(const lake::DeltaSnapshot& snapshot) const;
  /// Why nothing may be appended to the table as it is now; empty: it may be.
  std::string read_only(const lake::DeltaSnapshot& snapshot) const;

  /// A file of these events, in their order, durable in the store, not in the table yet. Errors:
  /// those of the engine and the store; then nothing is left.
  Result<lake::DeltaFile> write(std::span<const BuildEvent> events);
  /// One file of the rows of those, in that order.
  Result<lake::DeltaFile> merge(const lake::DeltaSnapshot& snapshot,
                                std::span<const PlacedFile> files);
  /// Of no table: goes.
  void discard(const std::string& path);

  Result<Places> places(const lake::DeltaSnapshot& snapshot);
  /// The events of a file from a row on, in its order, in pieces. Errors: corrupt (names the file).
  Result<void> read(const lake::DeltaSnapshot& snapshot, const PlacedFile& file, std::int64_t from,
                    const std::function<Result<void>(std::span<const BuildEvent>)>& each);
  /// Events as rows of the table, for SQL: the columns that its version has.
  Result<columns::Batch> rows_for_sql(const lake::DeltaSnapshot& snapshot,
                                      std::span<const BuildEvent> events);
  /// The table's files as the engine opens them; keys are absolute paths without the first `/`.
  Result<std::shared_ptr<const lake::FileSet>> file_set(const lake::DeltaSnapshot& snapshot);
  /// What a file's footer says. Errors: not_found, corrupt, io.
  Result<duck::ParquetFile> footer(const lake::DeltaFile& file);
  Result<std::unique_ptr<duck::Connection>> connect() { return engine_->connect(); }
  /// The rows of some files, in their order, as a SELECT; their copies stay while this does.
  Result<lake::DeltaRows> rows_of(const lake::DeltaSnapshot& snapshot,
                                  std::span<const PlacedFile> files);
  /// Copies of files that the table has no more, and what else no one needs, go.
  void sweep_copies(const lake::DeltaSnapshot& snapshot);

 private:
  EventTable(TablePlace place, std::string scratch, const LogWorld& world)
      : place_(std::move(place)),
        scratch_(std::move(scratch)),
        world_(world),
        ids_(world.clock, world.random) {}
  Result<void> open_log(Open how, std::optional<std::int64_t> checkpoint_interval,
                        objects::Wait wait);
  Result<lake::DeltaFile> publish(const duck::ParquetFile& written, const std::string& path,
                                  const lake::DeltaMetadata& table);
  /// Where the engine opens a file: itself, or a copy.
  Result<std::string> local_path(const lake::DeltaFile& file);
  Result<std::int64_t> rows(const lake::DeltaFile& file);

  const TablePlace place_;
  const std::string scratch_;
  const LogWorld world_;
  IdSource ids_;
  std::unique_ptr<duck::Database> engine_;
  std::unique_ptr<lake::DeltaLog> log_;

  std::mutex mutex_;
  std::unordered_map<std::string, std::int64_t> rows_;          // guarded by mutex_
  std::unordered_map<std::string, duck::ParquetFile> footers_;  // guarded by mutex_
  std::mutex copying_;
};

}  // namespace bl::events::delta
