#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "inference/replica/tables.h"
#include "inference/sweep_replica.h"

namespace bl::inference::replica {

/// Row by row, part after part. Memory: the rows of a part, twice. One thread.
class Comparison {
 public:
  /// `marks`: what each run of the lake should be as of; one that moved on meanwhile is passed
  /// over.
  Comparison(store::Database& database, lake::Lake& lake,
             const std::map<std::int64_t, std::int64_t>& marks, std::size_t findings_max)
      : database_(database), lake_(lake), marks_(marks), findings_max_(findings_max) {}

  Result<void> compare(std::span<const std::int64_t> runs);
  /// Rows of runs that the store has not.
  Result<void> look_for_strangers();

  SweepComparison take() { return std::move(check_); }
  const std::set<std::int64_t>& wrong_runs() const { return wrong_; }

 private:
  /// Rows by their own number: the run, and the cells as one text.
  using Rows = std::map<std::int64_t, std::pair<std::int64_t, std::string>>;
  struct Stored {
    std::set<std::int64_t> moved;  ///< runs
    std::map<const Shape*, Rows> rows;
  };
  Result<Stored> read_store(std::span<const std::int64_t> runs);
  Result<void> compare_table(const Shape& shape, const Stored& stored,
                             std::span<const std::int64_t> runs);
  void find(const Shape& shape, SweepDifference::Kind kind, std::int64_t run);

  store::Database& database_;
  lake::Lake& lake_;
  const std::map<std::int64_t, std::int64_t>& marks_;
  const std::size_t findings_max_;
  SweepComparison check_;
  std::set<std::int64_t> wrong_;
  std::map<std::int64_t, std::int64_t> github_ids_;  // of runs that were read
};

}  // namespace bl::inference::replica
