#pragma once

#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/ids.h"
#include "base/log.h"
#include "lake/lake.h"
#include "results/replica.h"
#include "results/replica/change_feed.h"
#include "results/replica/lake_rows.h"
#include "results/replica/row_hash.h"
#include "results/replica/store_rows.h"
#include "store/database.h"

/// The steps of which refreshing, checking and repairing are made. Each may be done again after it
/// failed or was killed at any point: rows are put by their keys, and the place in the change log
/// is kept in the commit that ends a step. Private to the replica. One thread.
namespace bl::results::replica {

/// Results to be made equal to the store's.
struct Wanted {
  std::set<std::string> ids;          ///< read from the store
  std::vector<std::int64_t> numbers;  ///< rows of the lake that go, or come again by their id
  std::set<std::string> fingerprints,
      runs;  ///< series and runs to look at, beside those of the ids
};

inline const ExportPlace k_before_all{k_timestamp_min.micros, ""};

class Work {
 public:
  Work(store::Database& database, lake::Lake& lake, IdSource& ids, Log& log,
       const ReplicaLimits& limits)
      : database_(database), lake_(lake), ids_(ids), log_(log), limits_(limits) {}

  /// Reads what the lake says of itself, once. Errors: conflict (another store's replica; the
  /// store was restored to an earlier time), corrupt, those of lake and store.
  Result<void> open();
  /// The next call of open() reads all anew: something failed, and what the lake has is not known.
  void forget();

  bool has_begun() const { return note_.has_value(); }
  bool is_exporting() const { return !note_ || note_->from; }
  const LogPlace& place() const { return place_; }
  /// The newest place up to which the log is complete.
  Result<LogPlace> safe_end() { return safe_end_.look(database_); }

  /// Before the first result: all small tables, and from where on changes count. False: writers are
  /// under way, and nobody knows from where on yet.
  Result<bool> begin_export(const ReplicaProgress& progress);
  /// The next results by time, in one commit; those behind them are read meanwhile. Gives how many;
  /// 0: all are there.
  Result<std::int64_t> export_some();
  /// Results that the store has, an estimate.
  Result<std::int64_t> count_results();

  /// Brings the changes up to `end` over, at most changes_max of them. Gives how many.
  Result<std::int64_t> take_changes(const LogPlace& end, ReplicaRound& round);
  /// Rows of `wanted` made equal, the place kept with the last commit when there is one.
  Result<void> make_equal(Wanted wanted, const std::optional<LogPlace>& place, ReplicaRound& round);
  /// Series whose status was not known when they came over.
  Result<void> refresh_stale_series();
  /// A small table row by row. Gives how many keys were wrong; mends them unless it only looks.
  Result<std::int64_t> compare_small(const Shape& shape, ReplicaRepair repair);
  /// Months of which the store or the lake has results, in order.
  Result<std::set<std::int64_t>> months();
  /// One month of one of the two tables of results.
  struct MonthSums {
    RowSum store, lake;
    std::int64_t misplaced = 0;  ///< rows of the lake that lie in the wrong month's file
  };
  struct Month {
    MonthSums results, samples;
    bool is_equal() const {
      return results.store == results.lake && samples.store == samples.lake &&
             results.misplaced == 0 && samples.misplaced == 0;
    }
  };
  Result<Month> compare_month(std::int64_t month);
  /// The rows that differ in a month. Memory: some 100 bytes a row of the month.
  Result<std::vector<ReplicaFinding>> differences(std::int64_t month);
  /// Results that changes name which are not brought over yet: they may differ.
  Result<std::set<std::string>> on_their_way();
  /// The change log without what the lake has, and has for good, from before that instant. Gives
  /// how many rows went.
  Result<std::int64_t> prune_log(Timestamp older_than);
  /// Seals at most one year of each table of results. Gives how many.
  Result<std::int64_t> seal(Timestamp now);
  /// Keeps the place although no row changed.
  Result<void> keep_place(const LogPlace& place);
  /// Another store's replica, or that of another past, is to be made equal to this one.
  Result<void> adopt();

  store::Database& database() { return database_; }
  lake::Lake& lake() { return lake_; }

 private:
  struct Rows {
    std::vector<columns::Batch> results, samples;
    std::vector<std::int64_t> numbers;
  };
  /// Leaves those keys of a shape that the lake's results name.
  Result<void> keep_named(const Shape& shape, std::set<std::string>& keys);
  Result<void> load_repositories();
  Result<void> load_known();
  Result<void> load_stale();
  Result<void> mend_samples();
  Result<Rows> read_results(const std::set<std::string>& ids);
  static Result<void> take_rows(StoreRows& reader, Rows& rows);
  struct ExportPart {
    ExportPlace from, to;
    Rows rows;
    bool is_last = false;
  };
  Result<ExportPart> read_export(const ExportPlace& from);
  Result<ExportPart> next_export(const ExportPlace& from);
  Result<std::int64_t> read_page(store::Connection& connection, StoreRows& reader, ExportPlace& at,
                                 Timestamp end);
  static Result<std::optional<Timestamp>> first_behind(store::Connection& connection,
                                                       const ExportPlace& place);
  Result<void> read_small(const Shape& shape,
                          const std::function<Result<void>(const columns::Batch&)>& each);
  Result<void> read_month(std::int64_t month,
                          const std::function<Result<void>(const columns::Batch& results,
                                                           const columns::Batch& samples)>& each);
  Result<void> read_lake_month(const Shape& shape, std::int64_t month,
                               const std::function<Result<void>(const columns::Batch&)>& each);
  Result<void> find_in_lake(const std::set<std::string>& ids, Wanted& wanted);
  Result<void> add_results_of_commits(const std::set<std::string>& commits,
                                      std::set<std::string>& ids);
  Result<void> put_dimensions(const std::vector<columns::Batch>& results);
  Result<void> put_by_texts(const Shape& shape, const std::set<std::string>& texts);
  Result<void> put_repositories();
  /// Gives how many files of the results were made again.
  Result<std::int64_t> put_facts(Rows rows, std::vector<std::int64_t> numbers, bool is_new,
                                 const std::string& note);
  std::string note_at(const LogPlace& place, const std::optional<ExportPlace>& from) const;

  store::Database& database_;
  lake::Lake& lake_;
  IdSource& ids_;
  Log& log_;
  const ReplicaLimits limits_;

  bool is_open_ = false;
  std::string store_;         // its name
  std::optional<Note> note_;  // of the newest snapshot; nullopt: nothing was exported yet
  LogPlace place_;         // at or behind that of the note: changes without effect are passed over
  std::string seen_note_;  // as the newest snapshot had it when it was looked at or made last
  SafeEnd safe_end_;
  Repositories repositories_;
  std::map<const Shape*, std::unordered_set<std::string>> known_;  // ids that the lake has
  std::set<std::string> stale_;  // fingerprints of series whose status will change without a log
  bool is_sure_ = false;         // nothing of the next part of the export is in the lake
  std::future<Result<ExportPart>> ahead_;  // of the export; uses repositories_. Last: waits
};

}  // namespace bl::results::replica
