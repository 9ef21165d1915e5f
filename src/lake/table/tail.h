#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "columns/batch.h"
#include "lake/journal.h"

namespace bl::lake {

/// The rows of a table that are in its journal and not in its files. Records may come in any order;
/// they go to files in theirs. Not for several threads at once.
class Tail {
 public:
  /// `next`: the first record that is not in files.
  explicit Tail(RecordNo next) : next_(next) {}

  /// Once for each record. `bytes`: batch.bytes(), which costs too much to be asked for twice.
  void add(RecordNo no, columns::Batch batch, std::uint64_t bytes);

  /// Records that go to files together, up to `to`, which does not.
  struct Part {
    RecordNo to = 0;
    std::vector<columns::Batch> batches;
    std::int64_t rows = 0;
  };
  /// The oldest records up to the first that is missing, of about `rows_max` rows, at least one if
  /// there is one. They still count and are still read, until they are in files. BL_CHECKs that
  /// none is on its way.
  Part begin_flush(std::int64_t rows_max);
  void end_flush();     ///< they are
  void cancel_flush();  ///< they are not: they go with the next

  /// All rows, those on their way too.
  std::vector<columns::Batch> batches() const;
  std::int64_t rows() const { return rows_; }
  std::uint64_t bytes() const { return bytes_; }
  /// Is a record missing before one that is here?
  bool has_gap() const { return !loose_.empty(); }
  /// A record that is not in files is here, or not.
  bool has(RecordNo no) const { return no < next_ || loose_.contains(no); }
  bool is_flushing() const { return !flushing_.empty(); }
  /// The record that every one before is here, or in files.
  RecordNo next() const { return next_; }

 private:
  struct Chunk {
    RecordNo to;  // the record behind it
    columns::Batch batch;
    std::uint64_t bytes = 0;
    int merges = 0;  // how often its rows were put together with their neighbours'
  };
  void append(Chunk chunk);
  void merge_last(int merges);

  RecordNo next_;
  std::vector<Chunk> flushing_;
  std::vector<Chunk> chunks_;        // behind them, without a gap
  std::map<RecordNo, Chunk> loose_;  // behind a gap
  std::int64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace bl::lake
