#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/compression.h"
#include "inference/store/documents.h"
#include "inference/store/stored_rows.h"
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
        StoredChangelog one;
        one.github_run_id = row.integer(0);
        one.date = row.text(1);
        one.base_ref = row.text(2);
        one.head_ref = row.text(3);
        BL_TRY(one.entry.config_keys, strings_of(row, 4));
        one.entry.description = row.text(5);
        one.entry.pr_link = row.text_or_null(6);
        one.entry.evals_only = row.integer(7) != 0;
        one.entry.append_only = row.integer(8) != 0;
        changelogs.push_back(std::move(one));
        return {};
      }));
  return changelogs;
}

void add_parts(std::set<std::string, std::less<>>& parts, std::string_view list) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    parts.emplace(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

// What several runs brought of one configuration on one day.
struct Submission {
  std::int64_t config_id = 0;
  SubmissionSummary summary;
  std::set<std::string, std::less<>> sequences, concurrencies;

  void add(const store::Row& row) {
    summary.points += row.integer(2);
    add_parts(sequences, row.text(3));
    add_parts(concurrencies, row.text(4));
    if (!summary.image) summary.image = row.text_or_null(5);
  }
  SubmissionSummary finish() {
    summary.distinct_sequences = static_cast<std::int64_t>(sequences.size());
    summary.distinct_concurrencies = static_cast<std::int64_t>(concurrencies.size());
    for (const std::string& one : concurrencies) {
      std::int64_t number = 0;
      std::from_chars(one.data(), one.data() + one.size(), number);
      summary.max_concurrency = std::max(summary.max_concurrency, number);
    }
    return std::move(summary);
  }
};

// By date, newest first, then configuration, then run.
Result<std::vector<std::pair<std::int64_t, SubmissionSummary>>> read_submissions(
    store::Connection& connection, const Configs& configs) {
  std::vector<std::pair<std::int64_t, SubmissionSummary>> found;
  std::optional<Submission> open;
  const auto close = [&] {
    if (open) found.emplace_back(open->config_id, open->finish());
    open.reset();
  };
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select config_id, date, points, sequences, concurrencies, image "
                           "from @inference_submission order by date desc, config_id, run_id">(),
      {}, [&](const store::Row& row) {
        const std::int64_t config_id = row.integer(0);
        if (!open || open->config_id != config_id || open->summary.date != row.text(1)) {
          close();
          open = {.config_id = config_id,
                  .summary = {.config = configs.at(config_id), .date = std::string(row.text(1))},
                  .sequences = {},
                  .concurrencies = {}};
        }
        open->add(row);
        return true;
      }));
  close();
  return found;
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
          StoredEval eval;
          eval.id = row.integer(0);
          eval.config_id = row.integer(1);
          eval.row.task = row.text(2);
          eval.row.isl = row.integer_or_null(3);
          eval.row.osl = row.integer_or_null(4);
          eval.row.conc = row.integer_or_null(5);
          eval.row.lm_eval_version = row.text_or_null(6);
          BL_TRY(eval.row.metrics, metrics_of(row.text(7)));
          eval.origin = {std::string(row.text(8)), std::string(row.text(9))};
          eval.date = row.text(10);
          eval.github_run_id = row.integer(11);
          eval.attempt = row.integer(12);
          eval.html_url = row.text_or_null(13);
          eval.run_created_at.micros = row.integer(14);
          eval.row.config = config_of(row, 15);
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
  Submissions submissions;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    submissions = {};
    BL_TRY(const Configs configs, read_configs(connection));
    BL_TRY(auto found, read_submissions(connection, configs));
    std::ranges::sort(found, [](const auto& a, const auto& b) {
      if (a.second.date != b.second.date) return a.second.date > b.second.date;
      if (a.second.points != b.second.points) return a.second.points > b.second.points;
      return a.first < b.first;
    });
    for (auto& [config_id, summary] : found) submissions.summary.push_back(std::move(summary));
    return {};
  }));
  std::map<std::pair<std::string, std::string>, std::int64_t> volume;
  for (const SubmissionSummary& one : submissions.summary) {
    volume[{one.date, one.config.hardware}] += one.points;
  }
  for (const auto& [key, points] : volume) {
    submissions.volume.push_back({key.first, key.second, points});
  }
  return submissions;
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
