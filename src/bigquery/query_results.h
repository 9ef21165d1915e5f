#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "bigquery/model.h"
#include "columns/batch.h"

/// Answers of queries, kept for a day (ADR 0007): each is a file, and in memory too while it is
/// small and young. Pages of an answer are offsets into it. The bytes:
/// docs/formats/bigquery-results.md.
namespace bl::bigquery {

struct ResultLimits {
  std::uint64_t bytes_max = 4ull << 30;          ///< of one answer's file: too_large
  std::uint64_t files_bytes_max = 64ull << 30;   ///< of all; more, and the oldest goes
  std::size_t files_max = 100'000;               ///< the same
  std::uint64_t memory_bytes_max = 16ull << 20;  ///< an answer with more is read from its file
  std::uint64_t memory_all_bytes_max = 256ull << 20;
  std::int64_t batch_rows = 16'384;        ///< rows that are read at once, about
  std::uint64_t batch_bytes = 4ull << 20;  ///< or so many bytes of them
  std::chrono::seconds keep{24 * 3'600};
};

struct ResultWorld {
  Disk& disk;
  const Clock& clock;
  IdSource& ids;
};

class Results;

/// One answer, whole. Threads: any.
class QueryResult : public std::enable_shared_from_this<QueryResult> {
 public:
  const std::string& id() const { return id_; }
  const TableSchema& schema() const { return schema_; }
  /// lake_schema_of(schema()).
  const columns::Schema& row_schema() const { return columns_; }
  std::int64_t rows() const { return rows_; }
  Timestamp made() const { return made_; }
  /// The rows from `row` to the end of the batch that it lies in, of lake_schema_of(schema());
  /// `row` is less than rows(). Errors: not_found (the file is gone), corrupt, io.
  Result<columns::Batch> batch_at(std::int64_t row) const;
  /// While somebody holds it, Results::sweep() leaves the file where it is.
  std::shared_ptr<const void> pin() const;

 private:
  friend class Results;
  friend class ResultWriter;
  struct Part {
    std::int64_t first_row = 0, rows = 0;
    std::uint64_t offset = 0, bytes = 0;
  };
  QueryResult() = default;
  Result<columns::Batch> read(const Part& part) const;

  std::string id_, path_;
  TableSchema schema_;
  columns::Schema columns_;
  std::int64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
  Timestamp made_;
  std::vector<Part> parts_;
  Disk* disk_ = nullptr;
  mutable std::atomic<int> pins_{0};
  mutable std::mutex mutex_;
  std::vector<columns::Batch> in_memory_;  // one for each part, or none; guarded by mutex_
};
using QueryResultHandle = std::shared_ptr<const QueryResult>;

/// An answer in the making; what is not finished leaves nothing behind. One thread.
class ResultWriter {
 public:
  ~ResultWriter();
  ResultWriter(const ResultWriter&) = delete;
  ResultWriter& operator=(const ResultWriter&) = delete;
  /// Rows of lake_schema_of(schema). Errors: invalid (other rows), too_large, io, disk_full.
  Result<void> add(const columns::Batch& batch);
  Result<QueryResultHandle> finish();

 private:
  friend class Results;
  explicit ResultWriter(Results& results) : results_(results) {}
  Result<void> write_pending();
  Result<void> append(std::string_view bytes);

  Results& results_;
  std::shared_ptr<QueryResult> made_;
  std::unique_ptr<File> file_;
  std::vector<columns::Batch> pending_, kept_;
  std::int64_t pending_rows_ = 0;
  std::uint64_t pending_bytes_ = 0, kept_bytes_ = 0;
  bool is_kept_ = true;  // in memory, too
};

/// All of them. Files of earlier processes are found again. Threads: any.
class Results {
 public:
  /// `folder`: of this process alone. Errors: io.
  static Result<std::unique_ptr<Results>> open(const ResultWorld& world, const std::string& folder,
                                               const ResultLimits& limits = {});
  /// Errors: invalid (a schema that the lake cannot have), io, disk_full.
  Result<std::unique_ptr<ResultWriter>> begin(const TableSchema& schema);
  /// Errors: not_found (too old, or never there), corrupt, io.
  Result<QueryResultHandle> find(const std::string& id);
  /// Removes what is too old and not pinned. Gives the count.
  Result<std::int64_t> sweep();

 private:
  friend class ResultWriter;
  Results(const ResultWorld& world, std::string folder, const ResultLimits& limits)
      : world_(world), folder_(std::move(folder)), limits_(limits) {}
  std::string path_of(const std::string& id) const { return folder_ + "/" + id + ".rows"; }
  Result<QueryResultHandle> load(const std::string& id, Timestamp made);
  void keep(const std::shared_ptr<QueryResult>& made);
  bool is_over() const;  // needs mutex_

  const ResultWorld world_;
  const std::string folder_;
  const ResultLimits limits_;
  struct Kept {
    Timestamp made;
    std::uint64_t bytes = 0;
    std::shared_ptr<QueryResult> open;  // null: a file that nobody asked for yet
  };
  std::mutex mutex_;
  std::map<std::string, Kept> kept_;  // ids grow with time; guarded by mutex_
  std::uint64_t bytes_ = 0;           // of the files; guarded by mutex_
  Timestamp swept_;                   // guarded by mutex_
  /// Those in memory, the oldest first, and their bytes. Guarded by mutex_.
  std::deque<std::shared_ptr<QueryResult>> in_memory_;
  std::uint64_t memory_bytes_ = 0;
};

}  // namespace bl::bigquery
