#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "events/append_check.h"
#include "events/sql/states.h"
#include "store/row_set.h"

/// The tables `*_states` and `state_counts` within one transaction of the only one who writes: what
/// its events touch is loaded, changed here, and stored at the end.
namespace bl::events {

class StateTables {
 public:
  /// Loads what the events touch; those that borrow must outlive this. One call.
  Result<void> load(store::Connection& connection, const std::vector<const BuildEvent*>& events);
  /// An event of those that were loaded.
  void fold(const BuildEvent& event, Sequence sequence);
  /// PostgreSQL: sent, as EventInserts::run.
  Result<void> save(store::Connection& connection);

  /// Of what was loaded and folded. Keep this longer.
  StrictLookups lookups() const;

 private:
  template <class T>
  struct Entry {
    std::optional<T> state;
    std::optional<std::int64_t> old_status;  // that state_counts has counted
  };
  template <class T>
  using Entries = std::unordered_map<std::string_view, Entry<T>>;
  using Runs = std::unordered_map<std::string_view, std::map<std::string, std::optional<RunState>>>;
  using Labels = std::map<std::string_view, LabelState>;

  Result<void> save_builds(store::Connection& connection);
  Result<void> save_partitions(store::Connection& connection);
  Result<void> save_jobs(store::Connection& connection);
  Result<void> save_counts(store::Connection& connection);

  Entries<BuildState> builds_;
  Entries<PartitionStateRow> partitions_;
  Runs runs_;  // by run, then by label
  Labels labels_;
};

/// Whole rows of the tables, as their columns stand in these lists.
inline constexpr std::string_view k_build_columns =
    "build_request_id, status_code, requested_partitions, created_at, created_seq, updated_at,"
    " updated_seq, requested_at, requested_seq";
BuildState read_build_state(const store::Row& row);
inline constexpr std::string_view k_label_columns =
    "job_label, total_runs, successful_runs, failed_runs, cancelled_runs, targets, timed_runs,"
    " total_duration, last_at, last_seq, last_status, recent_builds";
Result<LabelState> read_label_state(const store::Row& row);

}  // namespace bl::events
