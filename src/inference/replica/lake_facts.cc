#include <algorithm>

#include "inference/lake_sweeps.h"
#include "inference/replica/lake_query.h"
#include "inference/store/documents.h"
#include "inference/store/stored_rows.h"
#include "inference/store/submissions.h"

// What is known of runs, beside their points.
namespace bl::inference {
namespace {

using replica::ask;

Result<std::vector<Availability>> availability_of(lake::Lake& lake, engine::Engine& engine,
                                                  std::optional<std::string> date) {
  std::vector<Availability> found;
  duck::Values values;
  std::string condition;
  if (date) {
    values.emplace_back(*std::move(date));
    condition = " WHERE date = $1";
  }
  BL_RETURN_IF_ERROR(ask(
      lake, engine,
      "SELECT DISTINCT model, isl, osl, precision, hardware, framework, spec_method, disagg, "
      "benchmark_type, date FROM inference_points" +
          condition,
      std::move(values), {{&replica::points_shape(), {}}},
      [&](const store::Row& row) -> Result<void> {
        found.push_back({std::string(row.text(0)), row.integer_or_null(1), row.integer_or_null(2),
                         std::string(row.text(3)), std::string(row.text(4)),
                         std::string(row.text(5)), std::string(row.text(6)), row.integer(7) != 0,
                         std::string(row.text(8)), std::string(row.text(9))});
        return {};
      }));
  std::ranges::sort(found, [](const Availability& a, const Availability& b) {
    return a.date != b.date ? a.date < b.date : a < b;
  });
  return found;
}

Result<std::vector<SweepRun>> runs_of(lake::Lake& lake, engine::Engine& engine,
                                      const std::string& date) {
  std::vector<SweepRun> runs;
  BL_RETURN_IF_ERROR(ask(lake, engine,
                         "SELECT " BL_RUN_COLUMNS " FROM inference_runs WHERE date = $1 AND "
                         "conclusion IS NOT NULL ORDER BY created_at, github_run_id",
                         {duck::Value(date)}, {{&replica::runs_shape(), {}}},
                         [&](const store::Row& row) -> Result<void> {
                           runs.push_back(run_of(row, 0));
                           return {};
                         }));
  return runs;
}

Result<std::vector<StoredChangelog>> changelogs_of(lake::Lake& lake, engine::Engine& engine,
                                                   const std::string& date) {
  std::vector<StoredChangelog> changelogs;
  BL_RETURN_IF_ERROR(ask(lake, engine,
                         "SELECT " BL_CHANGELOG_COLUMNS
                         " FROM inference_changelogs WHERE date = $1 "
                         "ORDER BY run_created_at, github_run_id, base_ref, head_ref, position",
                         {duck::Value(date)}, {{&replica::changelogs_shape(), {}}},
                         [&](const store::Row& row) -> Result<void> {
                           BL_TRY(StoredChangelog one, changelog_of(row));
                           changelogs.push_back(std::move(one));
                           return {};
                         }));
  return changelogs;
}

}  // namespace

Result<std::vector<Availability>> LakeSweepReader::availability() {
  BL_TRY(const bool whole, is_whole());
  if (!whole) return store_.availability();
  return availability_of(lake_, engine_, std::nullopt);
}

Result<WorkflowInfo> LakeSweepReader::workflow_info(std::string_view date) {
  BL_TRY(const bool whole, is_whole());
  if (!whole) return store_.workflow_info(date);
  const std::string day(date);
  WorkflowInfo info;
  BL_TRY(info.runs, runs_of(lake_, engine_, day));
  BL_TRY(info.changelogs, changelogs_of(lake_, engine_, day));
  BL_TRY(info.configs, availability_of(lake_, engine_, day));
  return info;
}

Result<std::vector<StoredEval>> LakeSweepReader::evaluations() {
  BL_TRY(const bool whole, is_whole());
  if (!whole) return store_.evaluations();
  std::vector<StoredEval> evals;
  BL_RETURN_IF_ERROR(
      ask(lake_, engine_,
          "SELECT p.eval_no, p.config_no, p.task, p.isl, p.osl, p.conc, p.lm_eval_version, "
          "p.metrics, p.origin_artifact, p.origin_path, p.date, p.github_run_id, p.attempt, "
          "p.html_url, p.run_created_at, " +
              replica::config_columns() +
              " FROM inference_evals p ORDER BY p.date DESC, p.hardware, p.eval_no",
          {}, {{&replica::evals_shape(), {}}}, [&](const store::Row& row) -> Result<void> {
            BL_TRY(StoredEval eval, eval_of(row));
            evals.push_back(std::move(eval));
            return {};
          }));
  return evals;
}

Result<std::vector<DatedRunStat>> LakeSweepReader::reliability() {
  BL_TRY(const bool whole, is_whole());
  if (!whole) return store_.reliability();
  std::vector<DatedRunStat> stats;
  BL_RETURN_IF_ERROR(
      ask(lake_, engine_,
          "SELECT hardware, n_success, total, date FROM inference_run_stats "
          "ORDER BY date DESC, hardware, stat_no",
          {}, {{&replica::run_stats_shape(), {}}}, [&](const store::Row& row) -> Result<void> {
            stats.push_back({{std::string(row.text(0)), row.integer(1), row.integer(2)},
                             std::string(row.text(3))});
            return {};
          }));
  return stats;
}

Result<Submissions> LakeSweepReader::submissions() {
  BL_TRY(const bool whole, is_whole());
  if (!whole) return store_.submissions();
  SubmissionList list;
  BL_RETURN_IF_ERROR(
      ask(lake_, engine_,
          "SELECT p.config_no, p.date, count(*), "
          "string_agg(DISTINCT coalesce(p.isl, 0) || '/' || coalesce(p.osl, 0), ','), "
          "string_agg(DISTINCT p.conc::VARCHAR, ','), "
          "arg_min(p.image, p.point_no) FILTER (p.image IS NOT NULL), " +
              replica::config_columns() +
              " FROM inference_points p GROUP BY p.config_no, p.date, p.run_no, " +
              replica::config_columns() + " ORDER BY p.date DESC, p.config_no, p.run_no",
          {}, {{&replica::points_shape(), {}}}, [&](const store::Row& row) -> Result<void> {
            list.add(row, config_of(row, 6));
            return {};
          }));
  return list.finish();
}

}  // namespace bl::inference
