#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
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

/// A snapshot as SQL of one connection can read it, until this is gone.
struct Relation {
  /// A parenthesised SELECT of all columns of the table.
  std::string sql;
  std::optional<duck::OfferedTable> tail;
};

/// The rows of those files and of the tail. `paths`: where the engine opens the files, in their
/// order. The tail is offered under `tail_name`, which must be free. Errors: as
/// Connection::offer.
Result<Relation> relation_of(duck::Connection& connection, const Snapshot& snapshot,
                             std::span<const DataFile* const> files,
                             std::span<const std::string> paths, std::string_view tail_name);

}  // namespace bl::lake
