#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "columns/batch.h"
#include "duck/connection.h"
#include "lake/file_set.h"

/// A table as it stands at one moment.
namespace bl::lake {

/// Files and tail, pinned: neither goes as long as this lives. Every row that was acknowledged
/// before it was taken is in exactly one of the two. Cheap to copy. Threads: any.
class Snapshot {
 public:
  Snapshot(std::shared_ptr<const FileSet> files, std::vector<columns::Batch> tail)
      : files_(std::move(files)), tail_(std::move(tail)) {}

  std::int64_t id() const { return files_->id(); }
  const columns::Schema& schema() const { return files_->schema(); }
  const FileSet& files() const { return *files_; }
  /// Rows that are in the journal only, in batches of any size.
  std::span<const columns::Batch> tail() const { return tail_; }
  std::int64_t rows() const;
  /// The same files, and no tail.
  Snapshot without_tail() const { return {files_, {}}; }

 private:
  std::shared_ptr<const FileSet> files_;
  std::vector<columns::Batch> tail_;
};

/// Remembers which snapshots of a table are still held, so that none of their files go. Threads:
/// any.
class Pins {
 public:
  void add(const std::shared_ptr<const FileSet>& files);
  /// Their ids.
  std::set<std::int64_t> held() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<const FileSet>> held_;  // guarded by mutex_
};

/// The column of row numbers: 0 for the first row of the snapshot's first file, then on through the
/// files in their order, then the tail.
inline constexpr std::string_view k_row_column = "__bl_row";

/// The number of the first row of each file that a query reads, and of the tail.
struct RowNumbers {
  std::vector<std::int64_t> files;
  std::int64_t tail = 0;
  bool operator==(const RowNumbers&) const = default;
};
/// `files` are of the snapshot.
RowNumbers row_numbers(const Snapshot& snapshot, std::span<const DataFile* const> files);

/// A snapshot as SQL of one connection can read it, until this is gone.
struct Relation {
  /// A parenthesised SELECT of all columns of the table, or of what RelationOptions say.
  std::string sql;
  std::optional<duck::OfferedTable> tail;
};

struct RelationOptions {
  /// The items of a SELECT over the table's columns: our own SQL. Empty: all columns.
  std::string columns = {};
  /// Then there is also k_row_column, the last.
  std::optional<RowNumbers> numbers = {};
};

/// The rows of those files and of the tail. `paths`: where the engine opens the files, in their
/// order. The tail is offered under `tail_name`, which must be free. Numbered rows cost a scan of
/// its own for each file. Errors: as Connection::offer.
Result<Relation> relation_of(duck::Connection& connection, const Snapshot& snapshot,
                             std::span<const DataFile* const> files,
                             std::span<const std::string> paths, std::string_view tail_name,
                             const RelationOptions& options = {});

}  // namespace bl::lake
