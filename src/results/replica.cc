#include "results/replica.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "results/replica/removal.h"
#include "results/replica/work.h"
#include "results/store_backfill.h"

namespace bl::results {
namespace {

using replica::LogPlace;
using replica::Wanted;

constexpr std::size_t k_mend_at_once = 10'000;

struct ReplicaMetrics {
  explicit ReplicaMetrics(Metrics& metrics)
      : rows_behind(metrics.gauge("bl_replica_rows_behind",
                                  "Changes of the store that the replica does not have yet")),
        seconds_behind(metrics.gauge("bl_replica_seconds_behind",
                                     "Age of the oldest change that the replica does not have")),
        last_success(metrics.gauge("bl_replica_last_success_seconds",
                                   "When the replica was brought up to date last, in seconds since "
                                   "1970")),
        exported(metrics.counter("bl_replica_exported_total", "Results of the first export")),
        changes(metrics.counter("bl_replica_changes_total",
                                "Changes of the store that went over to the replica")),
        rows(metrics.counter("bl_replica_rows_total", "Results that changes put into the replica")),
        replaced(metrics.counter("bl_replica_files_replaced_total",
                                 "Files of the replica that were made again for a change")),
        pruned(metrics.counter("bl_replica_log_pruned_total",
                               "Rows of the store's change log that went because the lake has "
                               "them")),
        failures(metrics.counter("bl_replica_failures_total", "Refreshes that failed")),
        found(metrics.counter("bl_replica_differences_total",
                              "Rows that were not the same on both sides when they were compared")),
        duration(metrics.histogram("bl_replica_refresh_seconds", "Duration of a refresh",
                                   Metrics::latency_bounds())) {}
  Gauge rows_behind, seconds_behind, last_success;
  Counter exported, changes, rows, replaced, pruned, failures, found;
  Histogram duration;
};

// What the lake has under another month, and only there, is one fault, not two.
void join_wrong_months(std::vector<ReplicaFinding>& findings) {
  using Kind = ReplicaFinding::Kind;
  const auto row_of = [](const ReplicaFinding& one) { return std::pair(one.table, one.result_no); };
  std::set<std::pair<std::string, std::int64_t>> missing, surplus;
  for (const ReplicaFinding& one : findings) {
    if (one.kind == Kind::missing) missing.insert(row_of(one));
    if (one.kind == Kind::surplus) surplus.insert(row_of(one));
  }
  std::erase_if(findings, [&](const ReplicaFinding& one) {
    return one.kind == Kind::surplus && missing.contains(row_of(one));
  });
  for (ReplicaFinding& one : findings) {
    if (one.kind == Kind::missing && surplus.contains(row_of(one))) one.kind = Kind::wrong_month;
  }
}

}  // namespace

const char* name_of(ReplicaRound::State state) {
  switch (state) {
    case ReplicaRound::State::current:
      return "current";
    case ReplicaRound::State::exporting:
      return "exporting";
    case ReplicaRound::State::waiting:
      return "waiting";
  }
  return "";
}

const char* name_of(ReplicaFinding::Kind kind) {
  switch (kind) {
    case ReplicaFinding::Kind::missing:
      return "missing";
    case ReplicaFinding::Kind::surplus:
      return "surplus";
    case ReplicaFinding::Kind::doubled:
      return "doubled";
    case ReplicaFinding::Kind::stale:
      return "stale";
    case ReplicaFinding::Kind::wrong_month:
      return "wrong month";
  }
  return "";
}

class Replicator::Impl {
 public:
  Impl(store::Database& database, lake::Lake& lake, IdSource& ids, const Clock& clock, Log& log,
       Metrics& metrics, const ReplicaLimits& limits)
      : work_(database, lake, ids, log, limits),
        clock_(clock),
        log_(log),
        log_kept_(limits.log_kept),
        metrics_(metrics) {}

  Result<ReplicaRound> refresh(const ReplicaProgress& progress) {
    const std::lock_guard working(work_mutex_);
    const auto began = clock_.steady_now();
    auto round = work(progress);
    metrics_.duration.observe(std::chrono::duration<double>(clock_.steady_now() - began).count());
    // What is in the lake by now is looked up at the next call.
    if (!round.ok()) work_.forget();
    note(round);
    return round;
  }

  Result<ReplicaCheck> check(ReplicaRepair repair, const ReplicaProgress& progress) {
    const std::lock_guard working(work_mutex_);
    auto done = compare(repair, progress);
    if (!done.ok()) work_.forget();
    return done;
  }

  Result<RemovalProof> prove_removed(const std::vector<std::string>& result_ids) {
    BL_RETURN_IF_ERROR(replica::demand_deleted(work_.database(), result_ids));
    BL_TRY([[maybe_unused]] const ReplicaRound round, refresh({}));
    const std::lock_guard working(work_mutex_);
    return replica::prove_removed(work_.lake(), clock_.now(), result_ids);
  }

  ReplicaStatus status() const {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  Result<ReplicaRound> work(const ReplicaProgress& progress) {
    ReplicaRound round;
    BL_TRY(const BackfillState backfill, backfill_state(work_.database()));
    if (!backfill.done) {
      round.state = ReplicaRound::State::waiting;
      return round;
    }
    BL_RETURN_IF_ERROR(work_.open());
    if (work_.is_exporting()) {
      BL_RETURN_IF_ERROR(export_all(progress, round));
      if (round.state != ReplicaRound::State::current) return round;
    }
    BL_TRY(const LogPlace end, work_.safe_end());
    while (work_.place().seq < end.seq) {
      BL_TRY(const std::int64_t taken, work_.take_changes(end, round));
      if (taken == 0) break;
      if (progress && !progress("changes", static_cast<std::size_t>(round.changes), 0)) break;
    }
    BL_RETURN_IF_ERROR(work_.refresh_stale_series());
    const auto pruned = work_.prune_log(clock_.now() - log_kept_);
    if (pruned.ok()) {
      round.log_pruned = *pruned;
    } else {
      // The lake has all; the next round tries again.
      log_.warning("replica_log_not_pruned", {{"error", pruned.error().message}});
    }
    const auto sealed = work_.seal(clock_.now());
    if (sealed.ok()) {
      round.sealed = *sealed;
    } else {
      log_.warning("replica_year_not_sealed", {{"error", sealed.error().message}});
    }
    return round;
  }

  Result<void> export_all(const ReplicaProgress& progress, ReplicaRound& round) {
    round.state = ReplicaRound::State::exporting;
    BL_TRY(const std::int64_t all, work_.count_results());
    const bool is_resumed = work_.has_begun();
    BL_TRY(const bool is_begun, work_.begin_export(progress));
    if (!is_begun) {
      round.state = ReplicaRound::State::waiting;
      return {};
    }
    for (;;) {
      BL_TRY(const std::int64_t some, work_.export_some());
      if (some == 0) break;
      round.exported += some;
      if (progress &&
          !progress(is_resumed ? "results, resumed" : "results",
                    static_cast<std::size_t>(round.exported), static_cast<std::size_t>(all))) {
        return {};
      }
    }
    round.state = ReplicaRound::State::current;
    return {};
  }

  void note(const Result<ReplicaRound>& round) {
    const auto lag = replica::lag_behind(work_.database(), work_.place());
    const std::lock_guard lock(mutex_);
    status_.has_run = true;
    if (round.ok()) status_.is_whole = !work_.is_exporting();
    status_.place = work_.place().seq;
    if (lag.ok()) {
      status_.rows_behind = lag->rows;
      status_.seconds_behind =
          lag->oldest_at
              ? std::max(std::chrono::duration<double>(clock_.now() - *lag->oldest_at).count(), 0.0)
              : 0;
      metrics_.rows_behind.set(static_cast<double>(status_.rows_behind));
      metrics_.seconds_behind.set(status_.seconds_behind);
    }
    status_.error = round.ok() ? "" : round.error().message;
    if (!round.ok()) {
      metrics_.failures.add();
      return;
    }
    status_.succeeded_at = clock_.now();
    metrics_.last_success.set(static_cast<double>(status_.succeeded_at->micros) / 1e6);
    metrics_.exported.add(static_cast<double>(round->exported));
    metrics_.changes.add(static_cast<double>(round->changes));
    metrics_.rows.add(static_cast<double>(round->rows));
    metrics_.replaced.add(static_cast<double>(round->files_replaced));
    metrics_.pruned.add(static_cast<double>(round->log_pruned));
  }

  // Everything up to here is compared. After a conflict there is no such place: then the log's end
  // is it, because all is made equal.
  Result<LogPlace> begin_check(ReplicaRepair repair, bool& is_adopted) {
    auto opened = work_.open();
    if (!opened.ok()) {
      is_adopted = opened.error().code == Code::conflict && repair == ReplicaRepair::yes;
      if (!is_adopted) return std::move(opened).error();
      BL_RETURN_IF_ERROR(work_.adopt());
      return work_.safe_end();
    }
    if (work_.is_exporting()) {
      return Error{Code::conflict,
                   "the first export of the replica is not over: nothing to "
                   "compare yet"};
    }
    ReplicaRound round;
    BL_TRY(const LogPlace end, work_.safe_end());
    while (work_.place().seq < end.seq) {
      BL_TRY(const std::int64_t taken, work_.take_changes(end, round));
      if (taken == 0) break;
    }
    BL_RETURN_IF_ERROR(work_.refresh_stale_series());
    return work_.place();
  }

  Result<ReplicaCheck> compare(ReplicaRepair repair, const ReplicaProgress& progress) {
    ReplicaCheck check;
    bool is_adopted = false;
    BL_TRY(const LogPlace place, begin_check(repair, is_adopted));
    for (const replica::Shape* shape : replica::small_shapes()) {
      if (progress && !progress(shape->name, 0, 0)) return cancelled();
      BL_TRY(const std::int64_t wrong, work_.compare_small(*shape, repair));
      check.small_rows_wrong += wrong;
    }
    BL_TRY(const std::set<std::int64_t> months, work_.months());
    std::vector<ReplicaFinding> findings;
    for (const std::int64_t month : months) {
      if (progress && !progress("months", static_cast<std::size_t>(check.months), months.size())) {
        return cancelled();
      }
      BL_TRY(const auto sums, work_.compare_month(month));
      ++check.months;
      check.rows += sums.results.store.count;
      if (sums.is_equal()) continue;
      BL_TRY(auto found, work_.differences(month));
      check.months_differ += found.empty() ? 0 : 1;
      std::ranges::move(found, std::back_inserter(findings));
    }
    if (!is_adopted && !findings.empty()) {
      BL_TRY(const std::set<std::string> late, work_.on_their_way());
      std::erase_if(findings, [&](const auto& one) { return late.contains(one.result_id); });
    }
    const std::vector<ReplicaFinding> all = findings;
    join_wrong_months(findings);
    check.found = std::ssize(findings);
    metrics_.found.add(static_cast<double>(check.found + check.small_rows_wrong));
    if (repair == ReplicaRepair::yes) {
      BL_RETURN_IF_ERROR(mend(all));
      if (is_adopted) BL_RETURN_IF_ERROR(work_.keep_place(place));
      check.repaired = check.found > 0 || check.small_rows_wrong > 0 || is_adopted;
    }
    if (findings.size() > ReplicaCheck::k_findings_max) {
      findings.resize(ReplicaCheck::k_findings_max);
    }
    check.findings = std::move(findings);
    return check;
  }

  // Every row of these results as the store has it now.
  Result<void> mend(const std::vector<ReplicaFinding>& findings) {
    ReplicaRound round;
    for (std::size_t at = 0; at < findings.size();) {
      Wanted wanted;
      for (; at < findings.size() && wanted.numbers.size() < k_mend_at_once; ++at) {
        wanted.numbers.push_back(findings[at].result_no);
        if (!findings[at].result_id.empty()) wanted.ids.insert(findings[at].result_id);
      }
      BL_RETURN_IF_ERROR(work_.make_equal(std::move(wanted), std::nullopt, round));
    }
    return {};
  }

  static Error cancelled() { return {Code::cancelled, "the comparison was ended"}; }

  std::mutex work_mutex_;
  replica::Work work_;  // guarded by work_mutex_
  const Clock& clock_;
  Log& log_;
  const std::chrono::milliseconds log_kept_;
  ReplicaMetrics metrics_;
  mutable std::mutex mutex_;
  ReplicaStatus status_;  // guarded by mutex_
};

Replicator::Replicator(store::Database& database, lake::Lake& lake, IdSource& ids,
                       const Clock& clock, Log& log, Metrics& metrics, const ReplicaLimits& limits)
    : impl_(std::make_unique<Impl>(database, lake, ids, clock, log, metrics, limits)) {}
Replicator::~Replicator() = default;

Result<ReplicaRound> Replicator::refresh(const ReplicaProgress& progress) {
  return impl_->refresh(progress);
}
Result<ReplicaCheck> Replicator::check(ReplicaRepair repair, const ReplicaProgress& progress) {
  return impl_->check(repair, progress);
}
Result<RemovalProof> Replicator::prove_removed(const std::vector<std::string>& result_ids) {
  return impl_->prove_removed(result_ids);
}
ReplicaStatus Replicator::status() const {
  return impl_->status();
}

}  // namespace bl::results
