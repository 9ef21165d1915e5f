#include <algorithm>

#include "inference/store/documents.h"
#include "inference/store/known_dimensions.h"
#include "inference/store/line_runs.h"
#include "inference/store/point_rows.h"
#include "inference/store/revision.h"
#include "inference/store/run_facts.h"
#include "inference/store/stored_rows.h"
#include "inference/store/sweep_check.h"
#include "inference/store_sweeps.h"
#include "store/both_dialects.h"

namespace bl::inference {
namespace {

using store::Null;
using store::Param;
using store::param_of;

// The run ----------------------------------------------------------------------------------------

std::string padded(std::int64_t number, std::size_t digits) {
  const std::string text = std::to_string(number);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

// In the order of runs: date, start (none first), run, attempt.
std::string place_of(const SweepRun& run, std::string_view date) {
  std::string place(date);
  place += ' ';
  place += run.started_at ? padded(run.started_at->micros, 18) : "-";
  place += ' ' + padded(run.github_run_id, 19) + ' ' + padded(run.attempt, 10);
  return place;
}

// A run as it is to be stored.
struct RunRow {
  RunPlace at;
  SweepRun run;  // null members filled from what is stored
  bool is_new = false;
  bool is_changed = false;  // or new
  bool is_moved = false;    // what its lines are made from changed
  bool is_newest = true;
  std::optional<std::int64_t> superseded;  // the run row that was the newest attempt
};

template <class T>
void keep(std::optional<T>& given, std::optional<T> stored) {
  if (!given) given = std::move(stored);
}

auto values_of(const SweepRun& run) {
  return std::tie(run.name, run.status, run.conclusion, run.head_sha, run.head_branch, run.html_url,
                  run.created_at, run.started_at, run.append_only);
}

void take_stored(RunRow& row, const SweepRun& stored) {
  SweepRun& run = row.run;
  if (run.name.empty()) run.name = stored.name;
  keep(run.status, stored.status);
  keep(run.conclusion, stored.conclusion);
  keep(run.head_sha, stored.head_sha);
  keep(run.head_branch, stored.head_branch);
  keep(run.html_url, stored.html_url);
  keep(run.started_at, stored.started_at);
  run.date = stored.date;
  row.is_changed = values_of(run) != values_of(stored);
  row.is_moved = run.started_at != stored.started_at || run.append_only != stored.append_only ||
                 run.created_at != stored.created_at;
}

Result<RunRow> run_row(store::Connection& connection, const SweepRun& given) {
  BL_RETURN_IF_ERROR(hold_run(connection, given.github_run_id));
  RunRow row{.at = {}, .run = given, .is_new = true, .is_changed = true, .is_moved = true};
  BL_RETURN_IF_ERROR(
      connection.query(store::both_dialects<"select id, is_newest, " BL_RUN_COLUMNS
                                            " from @inference_run where github_run_id = $1">(),
                       {given.github_run_id}, [&](const store::Row& stored) {
                         const SweepRun run = run_of(stored, 2);
                         if (run.attempt == given.attempt) {
                           row.is_new = false;
                           row.at.id = stored.integer(0);
                           take_stored(row, run);
                         } else if (run.attempt > given.attempt) {
                           row.is_newest = false;
                         } else if (stored.integer(1) != 0) {
                           row.superseded = stored.integer(0);
                         }
                         return true;
                       }));
  row.at.date = row.run.date;
  row.at.place = place_of(row.run, row.at.date);
  return row;
}

Result<void> store_run(store::Connection& connection, RunRow& row) {
  const SweepRun& run = row.run;
  const Param started = run.started_at ? Param(run.started_at->micros) : Param(Null{});
  if (row.is_new) {
    return connection.query(
        store::both_dialects<
            "insert into @inference_run (github_run_id, attempt, name, status, conclusion, "
            "head_sha, head_branch, html_url, created_at, started_at, date, append_only, "
            "is_newest, place) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
            "$14) returning id">(),
        {run.github_run_id, run.attempt, std::string_view(run.name), param_of(run.status),
         param_of(run.conclusion), param_of(run.head_sha), param_of(run.head_branch),
         param_of(run.html_url), run.created_at.micros, started, std::string_view(run.date),
         std::int64_t{run.append_only}, std::int64_t{row.is_newest},
         std::string_view(row.at.place)},
        [&](const store::Row& added) {
          row.at.id = added.integer(0);
          return true;
        });
  }
  if (!row.is_changed) return {};
  BL_TRY([[maybe_unused]] const auto changed,
         connection.execute(
             store::both_dialects<
                 "update @inference_run set name = $1, status = $2, conclusion = $3, head_sha = "
                 "$4, head_branch = $5, html_url = $6, created_at = $7, started_at = $8, "
                 "append_only = $9, place = $10 where id = $11">(),
             {std::string_view(run.name), param_of(run.status), param_of(run.conclusion),
              param_of(run.head_sha), param_of(run.head_branch), param_of(run.html_url),
              run.created_at.micros, started, std::int64_t{run.append_only},
              std::string_view(row.at.place), row.at.id}));
  return {};
}

// What is found by lines -------------------------------------------------------------------------

Result<void> follow_lines(store::Connection& connection, const RunRow& row, const SweepIds& ids,
                          bool points_changed) {
  if (!row.is_newest) return {};
  if (row.superseded) {
    BL_RETURN_IF_ERROR(take_from_lines(connection, *row.superseded));
    BL_TRY([[maybe_unused]] const auto older,
           connection.execute(store::both_dialects<"update @inference_run set is_newest = "
                                                   "(0 = 1) where id = $1">(),
                              {*row.superseded}));
  }
  if (row.is_moved && !row.is_new) {
    BL_RETURN_IF_ERROR(take_from_lines(connection, row.at.id));
    return put_on_lines(connection, row.at.id);
  }
  if (!points_changed) return {};
  return renew_on_lines(connection, row.at.id,
                        {.lines = {ids.point_lines.begin(), ids.point_lines.end()},
                         .configs = {ids.point_configs.begin(), ids.point_configs.end()}});
}

// All of it --------------------------------------------------------------------------------------

bool has_changed(const WriteCount& count) {
  return count.added > 0 || count.changed > 0;
}

Result<Written> write_all(store::Connection& connection, const Sweep& sweep, const SweepIds& ids) {
  Written written{.configs = ids.configs};
  BL_TRY(RunRow run, run_row(connection, sweep.run));
  BL_RETURN_IF_ERROR(store_run(connection, run));
  BL_TRY(const WrittenLogs logs, write_server_logs(connection, run.at.id, sweep));
  written.server_logs = logs.count;
  BL_TRY(written.points, write_points(connection, run.at, sweep, ids, logs.ids));
  BL_TRY(written.evals, write_evals(connection, run.at.id, sweep, ids.eval_configs));
  BL_TRY(written.stats, write_stats(connection, run.at.id, sweep));
  BL_TRY(written.changelogs, write_changelogs(connection, run.at.id, sweep));
  BL_TRY(written.gpu_metrics, write_gpu_metrics(connection, run.at.id, sweep));
  BL_RETURN_IF_ERROR(follow_lines(connection, run, ids, has_changed(written.points)));
  bool changed = run.is_changed;
  for (const WriteCount* count :
       {&written.points, &written.evals, &written.stats, &written.changelogs, &written.server_logs,
        &written.gpu_metrics}) {
    changed = changed || has_changed(*count);
  }
  if (changed) BL_RETURN_IF_ERROR(count_revision(connection, {&run.at.id, 1}));
  return written;
}

// What the check before did not foresee.
Error refused(Error error) {
  if (error.code == Code::conflict) error.code = Code::invalid;
  return error;
}

}  // namespace

struct StoreSweepWriter::Known {
  KnownDimensions dimensions;
};

StoreSweepWriter::StoreSweepWriter(store::Database& database)
    : database_(database), known_(std::make_unique<Known>()) {}
StoreSweepWriter::~StoreSweepWriter() = default;

Result<Written> StoreSweepWriter::write(const Sweep& sweep) {
  BL_RETURN_IF_ERROR(check_sweep(sweep));
  auto ids = known_->dimensions.ids_of(database_, sweep);
  if (!ids.ok()) return refused(std::move(ids).error());
  Written written;
  auto done = database_.write([&](store::Connection& connection) -> Result<void> {
    BL_TRY(written, write_all(connection, sweep, *ids));
    return {};
  });
  if (!done.ok()) return refused(std::move(done).error());
  return written;
}

}  // namespace bl::inference
