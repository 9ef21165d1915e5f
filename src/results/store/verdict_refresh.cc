#include "results/store_verdict_refresh.h"

#include <charconv>

#include "results/series_judge.h"
#include "results/store/rows.h"
#include "results/store/setting.h"
#include "results/store/verdict_points.h"
#include "results/store/warm_detectors.h"
#include "results/verdict_encode.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

// A series that waits, and what was found.
struct DueSeries {
  VerdictPlace place;
  std::int64_t kind = 0, change_count = 0, run_no = 0;
  std::string repository;
  JudgedSeries judged;
};

constexpr std::int64_t k_new_results = 0;

Result<std::vector<DueSeries>> find_due(store::Connection& connection, int limit) {
  std::vector<DueSeries> due;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<
          "select w.kind, s.series_no, s.change_count, s.latest_run_no, s.history_fingerprint, "
          "s.hardware_hash, s.unit, s.repository from @verdict_due w "
          "join @series s on s.series_no = w.series_no order by w.kind, w.series_no limit $1">(),
      {static_cast<std::int64_t>(limit)}, [&](const store::Row& row) {
        DueSeries& one = due.emplace_back();
        one.kind = row.integer(0);
        one.place.series_no = row.integer(1);
        one.change_count = row.integer(2);
        one.run_no = row.integer(3);
        one.place.fingerprint = row.text(4);
        one.place.hardware_hash = row.text(5);
        one.place.unit = row.text_or_null(6);
        one.repository = row.text(7);
        return true;
      }));
  return due;
}

// A store that is away fails every series; what cannot be read, or not in time, may be one alone.
bool may_be_one_series(const Error& error) {
  return error.code != Code::unavailable && error.code != Code::overloaded &&
         error.code != Code::io && error.code != Code::cancelled;
}

Result<void> execute(store::Connection& connection, const store::Sql& sql,
                     std::initializer_list<store::Param> params) {
  auto done = connection.execute(sql, params);
  if (!done.ok()) return std::move(done).error();
  return {};
}

Result<void> store_changes(store::Connection& connection, const DueSeries& due) {
  BL_RETURN_IF_ERROR(execute(connection,
                             store::both_dialects<"delete from @series_change where "
                                                  "series_no = $1">(),
                             {due.place.series_no}));
  std::vector<VerdictChange> changes = due.judged.changes;
  const SeriesVerdict& verdict = due.judged.verdict;
  const bool is_news =
      verdict.decision == VerdictDecision::slower || verdict.decision == VerdictDecision::faster;
  // What is said at the newest result, where the whole history does not tell of it yet.
  if (is_news) {
    const auto same =
        std::ranges::find(changes, verdict.change->result_id, &VerdictChange::result_id);
    same == changes.end() ? changes.push_back(*verdict.change) : void(*same = *verdict.change);
  }
  if (changes.empty()) return {};
  std::vector<std::string> texts;
  texts.reserve(changes.size());
  store::ParamRows rows(8);
  for (const VerdictChange& change : changes) {
    texts.push_back(encode_change(change));
    rows.add({due.place.series_no, std::string_view(change.result_id),
              std::string_view(due.repository), std::string_view(change.commit_sha),
              change.confidence, change.percent / 100, static_cast<std::int64_t>(change.is_worse),
              std::string_view(texts.back())});
  }
  auto stored = connection.execute_many(
      store::both_dialects<"insert into @series_change (series_no, result_id, repository, "
                           "commit_sha, confidence, relative_change, is_worse, change) "
                           "values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing">(),
      rows);
  if (!stored.ok()) return std::move(stored).error();
  return {};
}

// Nothing of a series that went away meanwhile, nor of a project that was switched off.
Result<void> store_verdict(store::Connection& connection, const DueSeries& due, Timestamp now) {
  const SeriesVerdict& verdict = due.judged.verdict;
  const std::string text = encode_verdict(verdict);
  const std::string segments = encode_segments(due.judged);
  BL_TRY(const std::int64_t stored,
         connection.execute(
             store::both_dialects<
                 "insert into @series_verdict (series_no, detector, version, change_count, "
                 "judged_at, run_no, decision, badness, verdict, segments) "
                 "select s.series_no, $2, $3, $4, $5, $6, $7, $8, $9, $10 from @series s "
                 "where s.series_no = $1 and " BL_VERDICTS_ENABLED
                 " on conflict (series_no) do update set detector = excluded.detector, "
                 "version = excluded.version, change_count = excluded.change_count, "
                 "judged_at = excluded.judged_at, run_no = excluded.run_no, "
                 "decision = excluded.decision, badness = excluded.badness, "
                 "verdict = excluded.verdict, segments = excluded.segments">(),
             {due.place.series_no, std::string_view(verdict.detector),
              static_cast<std::int64_t>(verdict.version), due.change_count, now.micros, due.run_no,
              static_cast<std::int64_t>(verdict.decision), badness_of(verdict),
              std::string_view(text), std::string_view(segments)}));
  if (stored > 0) BL_RETURN_IF_ERROR(store_changes(connection, due));
  return execute(connection,
                 store::both_dialects<"delete from @verdict_due where series_no = $1 and "
                                      "change_count <= $2">(),
                 {due.place.series_no, due.change_count});
}

constexpr std::string_view k_setting = "verdicts_detector";

// `evidence 1` when all series are noted, `evidence 1 after 5000` on the way there.
struct Noted {
  bool all = false;
  std::int64_t after = 0;
};
Noted noted_of(std::string_view stored, const std::string& detector) {
  if (stored == detector) return {.all = true};
  const std::string begin = detector + " after ";
  Noted noted;
  if (stored.starts_with(begin)) {
    const char* const end = stored.data() + stored.size();
    if (std::from_chars(stored.data() + begin.size(), end, noted.after).ec != std::errc()) {
      noted.after = 0;
    }
  }
  return noted;
}

Counter detector_counter(Metrics& metrics, const char* detector) {
  return metrics.counter("bl_results_verdicts_detector_total",
                         "verdicts made by a detector that was kept, or by replaying the series",
                         {{"detector", detector}});
}

}  // namespace

VerdictRefresher::VerdictRefresher(store::Database& database, const Clock& clock, Metrics& metrics,
                                   SummaryMode mode, DetectorName detector,
                                   VerdictRefreshLimits limits)
    : database_(database),
      clock_(clock),
      mode_(mode),
      detector_(std::move(detector)),
      limits_(limits),
      waiting_(metrics.gauge("bl_results_verdicts_waiting",
                             "series that wait for a verdict, when last looked")),
      judged_(
          metrics.counter("bl_results_verdicts_judged_total", "verdicts of series that were made")),
      warm_(detector_counter(metrics, "warm")),
      cold_(detector_counter(metrics, "replayed")),
      warm_bytes_(metrics.gauge("bl_results_warm_detectors_bytes",
                                "memory of the detectors that are kept between verdicts")),
      warm_series_(metrics.gauge("bl_results_warm_detectors",
                                 "series whose detectors are kept between verdicts")),
      detectors_(std::make_unique<WarmDetectors>(limits.warm)) {}

VerdictRefresher::~VerdictRefresher() = default;

// True: there are more to note.
Result<bool> VerdictRefresher::note_detector() {
  const std::string detector = detector_.name + " " + std::to_string(detector_.version);
  bool more = false;
  BL_RETURN_IF_ERROR(database_.write([&](store::Connection& connection) -> Result<void> {
    more = false;
    BL_TRY(const auto stored, stored_setting(connection, k_setting));
    const Noted noted = noted_of(stored.value_or(""), detector);
    if (noted.all) return {};
    const std::int64_t after = noted.after;
    std::int64_t last = -1, count = 0;
    BL_RETURN_IF_ERROR(
        connection.query(store::both_dialects<"select series_no from @series where series_no > $1 "
                                              "order by series_no limit $2">(),
                         {after, limits_.noted_max}, [&](const store::Row& row) {
                           last = row.integer(0);
                           ++count;
                           return true;
                         }));
    more = count == limits_.noted_max;
    if (count > 0) {
      BL_RETURN_IF_ERROR(execute(
          connection,
          store::both_dialects<"insert into @verdict_due (series_no, kind, change_count) "
                               "select s.series_no, 1, s.change_count from @series s "
                               "left join @series_verdict v on v.series_no = s.series_no "
                               "where s.series_no > $1 and s.series_no <= $2 and s.point_count > 0 "
                               "and (v.series_no is null or v.detector <> $3 or v.version <> $4) "
                               "and " BL_VERDICTS_ENABLED " on conflict (series_no) do nothing">(),
          {after, last, std::string_view(detector_.name),
           static_cast<std::int64_t>(detector_.version)}));
    }
    const std::string now = more ? detector + " after " + std::to_string(last) : detector;
    return keep_setting(connection, k_setting, now);
  }));
  return more;
}

// Only what gets new results is worth keeping: a recomputation passes every series once.
Result<JudgedSeries> VerdictRefresher::judge(const VerdictPlace& place, bool has_new_results) {
  VerdictHistory history;
  const auto read = database_.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(history, verdict_history(connection, place, mode_, WithMessages::no));
    return {};
  });
  if (!read.ok() && !may_be_one_series(read.error())) return read.error();
  if (!read.ok()) history = {};
  WarmSeries warm = detectors_->take(place.series_no);
  WarmJudgement judgement = judge_points(history.points, place.unit, warm);
  (judgement.was_warm ? warm_ : cold_).add();
  if (has_new_results) detectors_->keep(place.series_no, std::move(warm));
  warm_bytes_.set(static_cast<double>(detectors_->bytes()));
  warm_series_.set(static_cast<double>(detectors_->size()));
  return std::move(judgement.judged);
}

Result<VerdictWork> VerdictRefresher::judge_some(int limit) {
  VerdictWork work;
  if (!noted_) {
    BL_TRY(const bool more, note_detector());
    noted_ = !more;
    work.more = more;
  }
  std::vector<DueSeries> due;
  std::int64_t waiting = 0;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(due, find_due(connection, limit));
    if (due.empty()) return {};
    return connection.query(store::both_dialects<"select count(*) from @verdict_due">(), {},
                            [&](const store::Row& row) {
                              waiting = row.integer(0);
                              return true;
                            });
  }));
  waiting_.set(static_cast<double>(waiting));
  if (due.empty()) return work;
  const auto begin = clock_.steady_now();
  std::size_t done = 0;
  while (done < due.size() && (done == 0 || clock_.steady_now() - begin < limits_.slice)) {
    DueSeries& one = due[done++];
    BL_TRY(one.judged, judge(one.place, one.kind == k_new_results));
    one.judged.verdict.detector = detector_.name;
    one.judged.verdict.version = detector_.version;
  }
  due.resize(done);
  const Timestamp now = clock_.now();
  BL_RETURN_IF_ERROR(database_.write([&](store::Connection& connection) -> Result<void> {
    for (const DueSeries& one : due) BL_RETURN_IF_ERROR(store_verdict(connection, one, now));
    return {};
  }));
  work.judged = static_cast<std::int64_t>(done);
  work.more = work.more || waiting > work.judged;
  work.is_pressing = due.back().kind == k_new_results;
  judged_.add(static_cast<double>(done));
  waiting_.set(static_cast<double>(waiting - work.judged));
  return work;
}

}  // namespace bl::results
