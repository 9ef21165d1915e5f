#include <algorithm>

#include "base/compression.h"
#include "inference/store/documents.h"
#include "inference/store/stored_rows.h"
#include "inference/store/submissions.h"
#include "inference/store_sweeps.h"
#include "store/both_dialects.h"

namespace bl::inference {
namespace {

Result<std::vector<SweepRun>> read_runs(store::Connection& connection, std::string_view date) {
  std::vector<SweepRun> runs;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select " BL_RUN_COLUMNS " from @inference_run "
                           "where date = $1 and is_newest = (1 = 1) and conclusion is not null "
                           "order by created_at, github_run_id">(),
      {date}, [&](const store::Row& row) {
        runs.push_back(run_of(row, 0));
        return true;
      }));
  return runs;
}

Result<std::vector<StoredChangelog>> read_changelogs(store::Connection& connection,
                                                     std::string_view date) {
  std::vector<StoredChangelog> changelogs;
  BL_RETURN_IF_ERROR(for_each_row(
      connection,
      store::both_dialects<
          "select r.github_run_id, r.date, g.base_ref, g.head_ref, g.config_keys, g.description, "
          "g.pr_link, g.evals_only, g.append_only from @inference_run r "
          "join @inference_changelog g on g.run_id = r.id "
          "where r.date = $1 and r.is_newest = (1 = 1) "
          "order by r.created_at, r.github_run_id, g.base_ref, g.head_ref, g.position">(),
      {date}, [&](const store::Row& row) -> Result<void> {
        BL_TRY(StoredChangelog one, changelog_of(row));
        changelogs.push_back(std::move(one));
        return {};
      }));
  return changelogs;
}

}  // namespace

Result<std::vector<Availability>> StoreSweepReader::availability() {
  std::vector<Availability> found;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(found, read_availability(connection, "", "~"));
    return {};
  }));
  return found;
}

Result<WorkflowInfo> StoreSweepReader::workflow_info(std::string_view date) {
  WorkflowInfo info;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(info.runs, read_runs(connection, date));
    BL_TRY(info.changelogs, read_changelogs(connection, date));
    BL_TRY(info.configs, read_availability(connection, date, date));
    return {};
  }));
  return info;
}

Result<std::vector<StoredEval>> StoreSweepReader::evaluations() {
  std::vector<StoredEval> evals;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    evals.clear();
    return for_each_row(
        connection,
        store::both_dialects<
            "select e.id, e.config_id, e.task, e.isl, e.osl, e.conc, e.lm_eval_version, "
            "e.metrics, e.origin_artifact, e.origin_path, r.date, r.github_run_id, r.attempt, "
            "r.html_url, r.created_at, " BL_CONFIG_COLUMNS
            " from @inference_eval e join @inference_run r on r.id = e.run_id "
            "join @inference_config c on c.id = e.config_id where r.is_newest = (1 = 1) "
            "order by r.date desc, c.hardware, e.id">(),
        {}, [&](const store::Row& row) -> Result<void> {
          BL_TRY(StoredEval eval, eval_of(row));
          evals.push_back(std::move(eval));
          return {};
        });
  }));
  return evals;
}

Result<std::vector<DatedRunStat>> StoreSweepReader::reliability() {
  std::vector<DatedRunStat> stats;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    stats.clear();
    return connection.query(
        store::both_dialects<
            "select s.hardware, s.n_success, s.total, r.date from @inference_run_stat s "
            "join @inference_run r on r.id = s.run_id where r.is_newest = (1 = 1) "
            "order by r.date desc, s.hardware, s.id">(),
        {}, [&](const store::Row& row) {
          stats.push_back({{std::string(row.text(0)), row.integer(1), row.integer(2)},
                           std::string(row.text(3))});
          return true;
        });
  }));
  return stats;
}

Result<Submissions> StoreSweepReader::submissions() {
  SubmissionList list;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    list = {};
    BL_TRY(const Configs configs, read_configs(connection));
    return connection.query(
        store::both_dialects<"select config_id, date, points, sequences, concurrencies, image "
                             "from @inference_submission order by date desc, config_id, run_id">(),
        {}, [&](const store::Row& row) {
          list.add(row, configs.at(row.integer(0)));
          return true;
        });
  }));
  return list.finish();
}

Result<StoredServerLog> StoreSweepReader::server_log(std::int64_t point_id) {
  std::optional<StoredServerLog> log;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    log.reset();
    return for_each_row(
        connection,
        store::both_dialects<"select s.origin_artifact, s.origin_path, s.bytes, s.zstd "
                             "from @inference_point p join @inference_server_log s "
                             "on s.id = p.server_log_id where p.id = $1">(),
        {point_id}, [&](const store::Row& row) -> Result<void> {
          auto text =
              decompress(Encoding::zstd, row.text(3), static_cast<std::size_t>(row.integer(2)));
          if (!text.ok()) return Error{Code::corrupt, "a stored log: " + text.error().message};
          log = {point_id,
                 {std::string(row.text(0)), std::string(row.text(1))},
                 std::move(text).value()};
          return {};
        });
  }));
  if (!log) return Error{Code::not_found, "no server log of point " + std::to_string(point_id)};
  return std::move(*log);
}

Result<std::int64_t> StoreSweepReader::revision() {
  std::int64_t revision = 0;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) {
    return connection.query(store::both_dialects<"select revision from @inference_revision">(), {},
                            [&](const store::Row& row) {
                              revision = row.integer(0);
                              return true;
                            });
  }));
  return revision;
}

}  // namespace bl::inference
