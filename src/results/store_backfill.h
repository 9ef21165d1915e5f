#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/time.h"
#include "store/database.h"

/// Facts that others wrote: all of a restored Conbench database, and what another program inserts,
/// changes or deletes while we run. A fact counts as known once it has a number; its series, run
/// and counts are made in the transaction that numbers it. PostgreSQL alone: a SQLite file has one
/// owner.
///
/// First a walk over all facts, newest first, resumable: lists fill from the top. Then, for ever:
/// what the triggers saw (where an operator installed them), new ids of the last minutes, and a
/// slow round that compares the counts of every series and run with the facts, and forgets numbers
/// of facts that went. Reads of single results, histories and comparisons ask the facts and need
/// none of it. Several servers may work at once: a number is taken once. Threads: one calls step();
/// the other functions any.
namespace bl::results {

struct BackfillLimits {
  std::size_t page_facts = 500;               ///< looked at in one transaction
  std::size_t round_rows = 100;               ///< series or runs compared in one step
  std::chrono::seconds overlap{600};          ///< new ids are looked for so far back
  std::chrono::seconds look_back_every{300};  ///< that is done again so often
  std::chrono::seconds round_pause_min{10};   ///< between two rounds
  std::chrono::seconds round_pause_max{3'600};
};

struct BackfillState {
  bool done = true;        ///< the first walk
  std::int64_t facts = 0;  ///< an estimate of the rows of benchmark_result
  std::int64_t known = 0;  ///< an estimate of those that have a number
  /// Facts that the lists do not show yet; 0 when the walk is done.
  std::int64_t left() const { return done ? 0 : std::max<std::int64_t>(facts - known, 0); }
};
/// Cost: looks at the catalog. Of a database that is not migrated: nothing is done.
Result<BackfillState> backfill_state(store::Database& database);

/// Statement texts for `benchlake migrate --triggers`, to be run one by one by the owner of
/// Conbench's tables; repeatable.
std::vector<std::string> foreign_change_triggers();

class Backfill {
 public:
  Backfill(store::Database& database, const Clock& clock, Metrics& metrics,
           BackfillLimits limits = {});

  /// One bounded piece of whatever is to be done. True: there is more at once. Errors: those of the
  /// driver; the piece is done again at the next call.
  Result<bool> step();
  /// True once the first walk has reached its end. Errors: those of the driver.
  Result<bool> walk_is_done();

 private:
  struct Walk {
    bool done = false;
    std::int64_t before_micros = 0;
    std::string before_id;
  };
  Result<Walk> read_walk(store::Connection& connection);
  Result<bool> walk();
  Result<bool> take_foreign_changes();
  Result<bool> look_for_new();
  Result<bool> look_for_new_in(std::string& after, const std::string& end);
  Result<bool> compare_round();
  /// A piece of a round: what stands behind round_after_, and which of it is wrong.
  struct Piece {
    std::size_t rows = 0;
    struct Wrong {
      std::string name, repository;
    };
    std::vector<Wrong> wrong;
  };
  /// `sql`: number, whether it is wrong, name and repository of the rows whose number is above $1,
  /// in their order, at most $2.
  Result<Piece> next_piece(const store::Sql& sql, std::size_t rows_max);
  Result<std::size_t> compare_series();
  Result<std::size_t> compare_runs();
  Result<std::size_t> forget_numbers();

  store::Database& database_;
  const Clock& clock_;
  const BackfillLimits limits_;
  Counter added_, remade_, forgotten_;
  Gauge left_;
  bool walk_done_ = false;
  std::size_t pages_ = 0;  // of the walk
  // The newest ids seen, of either layout of UUIDv7.
  std::string after_draft_, after_rfc_;
  std::optional<std::chrono::steady_clock::time_point> looked_back_at_;
  enum class Stage : unsigned char { series, runs, numbers };
  Stage stage_ = Stage::series;
  std::int64_t round_after_ = 0;
  std::chrono::steady_clock::time_point round_began_{}, next_round_{};
};

}  // namespace bl::results
