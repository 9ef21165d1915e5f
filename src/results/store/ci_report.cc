#include "results/store_ci_report.h"

#include <algorithm>
#include <tuple>

#include "results/store/ci_rows.h"
#include "results/store/rows.h"
#include "results/store_baselines.h"
#include "results/store_thresholds.h"
#include "store/both_dialects.h"

// One snapshot, and for each run: its results, the documents they share, one search for a baseline,
// the baseline's results, and one statement for the distributions of all series. No statement is
// asked once for a row.
namespace bl::results {
namespace {

Result<std::string> commit_id_of(store::Connection& connection, const std::string& repository,
                                 const std::string& sha) {
  std::string id;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select id from \"commit\" where sha = $1 and repository = $2">(),
      {std::string_view(sha), std::string_view(repository)}, [&](const store::Row& row) {
        id = row.text(0);
        return true;
      }));
  return id;
}

// In the order of their first results. SQLite has no index of results by commit.
Result<std::vector<std::string>> runs_of_commit(store::Connection& connection,
                                                const std::string& commit_id) {
  static const store::Sql k_sql(
      "select r.run_id from bl_commit_series o cross join bl_result_number n on n.no = o.result_no "
      "cross join benchmark_result r on r.id = n.id where o.commit_id = $1 "
      "group by r.run_id order by min(r.timestamp), r.run_id",
      "select r.run_id from benchmark_result r where r.commit_id = $1 "
      "group by r.run_id order by min(r.timestamp), r.run_id collate \"C\"");
  std::vector<std::string> runs;
  BL_RETURN_IF_ERROR(
      connection.query(k_sql, {std::string_view(commit_id)}, [&](const store::Row& row) {
        runs.emplace_back(row.text(0));
        return true;
      }));
  return runs;
}

// What the searches for one run came to.
struct Baseline {
  std::optional<std::string> run_id;
  std::optional<StoredCommit> commit;
};

// Of several results of a series the one to compare with: the newest good one, else the newest.
using BySeries = std::unordered_map<std::string_view, const RunResult*>;
BySeries newest_by_series(const std::vector<RunResult>& results) {
  BySeries newest;
  for (const RunResult& result : results) {
    const auto [found, is_new] = newest.try_emplace(result.history_fingerprint, &result);
    if (is_new || !result.side.failed || found->second->side.failed) found->second = &result;
  }
  return newest;
}

class Reporting {
 public:
  Reporting(store::Connection& connection, const CiQuery& query, const DistributionOptions& options,
            const CiLimits& limits)
      : connection_(connection),
        query_(query),
        options_(options),
        limits_(limits),
        documents_(report_.documents) {}

  Result<CiReport> make() {
    report_.repository = query_.repository;
    report_.commit_sha = query_.commit_sha;
    if (query_.baseline_run_ids.empty()) {
      report_.baseline = query_.baseline.value_or(BaselineChoice::fork_point);
    }
    BL_RETURN_IF_ERROR(select_runs());
    const bool is_nowhere = query_.repository && commit_id_.empty();
    for (std::size_t i = 0; !is_nowhere && i < report_.selected_run_ids.size(); ++i) {
      BL_RETURN_IF_ERROR(add_run(i));
    }
    if (report_.runs.empty()) BL_RETURN_IF_ERROR(know_project(query_.repository.value_or("")));
    conclude(report_);
    report_.report_url = report_url_of(query_);
    return std::move(report_);
  }

 private:
  Result<void> select_runs() {
    report_.selected_run_ids = query_.run_ids;
    if (!query_.repository) return {};
    // Old rows may hold what is no address.
    auto repository = normalise_repository(*query_.repository);
    if (repository.ok()) report_.repository = std::move(repository).value();
    BL_TRY(commit_id_, commit_id_of(connection_, *report_.repository, *query_.commit_sha));
    if (commit_id_.empty()) {
      report_.missing_run_ids = query_.run_ids;
      return {};
    }
    if (!query_.run_ids.empty()) return {};
    BL_TRY(report_.selected_run_ids, runs_of_commit(connection_, commit_id_));
    if (report_.selected_run_ids.size() <= limits_.runs_max) return {};
    return Error{Code::invalid, "a report has at most " + std::to_string(limits_.runs_max) +
                                    " runs; name some of the commit's " +
                                    std::to_string(report_.selected_run_ids.size()) +
                                    " by run_ids"};
  }

  Result<void> add_run(std::size_t number) {
    const std::string& run_id = report_.selected_run_ids[number];
    BL_TRY(const auto results,
           read_run(connection_, run_id, commit_id_, options_.mode, limits_.rows_max - rows_));
    if (results.empty()) {
      report_.missing_run_ids.push_back(run_id);
      return {};
    }
    rows_ += results.size();
    CiRun run;
    run.run_id = run_id;
    run.run_tags = results.front().run_tags;
    run.run_reason = results.front().run_reason;
    BL_RETURN_IF_ERROR(know_project(results.front().repository));
    BL_RETURN_IF_ERROR(know_commits(results));
    run.commit = commit_of(results.front());
    if (!report_.commit_sha && run.commit && report_.selected_run_ids.size() == 1) {
      report_.commit_sha = run.commit->sha;
    }
    BL_TRY(const Baseline baseline, find_baseline_of(run, number));
    run.baseline_run_id = baseline.run_id;
    run.baseline_commit = baseline.commit;
    BL_RETURN_IF_ERROR(documents_.read(connection_, results));
    BL_RETURN_IF_ERROR(add_rows(run, results));
    report_.runs.push_back(std::move(run));
    return {};
  }

  // The thresholds are those of the first repository that the report meets.
  Result<void> know_project(const std::string& repository) {
    if (!report_.repository && !repository.empty()) report_.repository = repository;
    if (knows_project_) return {};
    knows_project_ = true;
    BL_TRY(auto rules, threshold_rules(connection_, report_.repository.value_or(repository)));
    rules_ = ThresholdRules(std::move(rules));
    report_.thresholds = rules_.of_project(query_.percent, query_.z);
    report_.notify_improvements = rules_.notify_improvements();
    return {};
  }

  Result<void> know_commits(const std::vector<RunResult>& results) {
    std::vector<std::string> unknown;
    for (const RunResult& result : results) {
      if (result.commit_id.empty() || commits_.contains(result.commit_id)) continue;
      if (unknown.empty() || unknown.back() != result.commit_id)
        unknown.push_back(result.commit_id);
    }
    std::sort(unknown.begin(), unknown.end());
    unknown.erase(std::unique(unknown.begin(), unknown.end()), unknown.end());
    BL_TRY(auto found, read_commits(connection_, unknown));
    commits_.merge(found);
    return {};
  }

  std::optional<StoredCommit> commit_of(const RunResult& result) const {
    const auto found = commits_.find(result.commit_id);
    if (found == commits_.end()) return std::nullopt;
    return found->second;
  }

  // Searches the kinds in turn; the first fault that calls for somebody stays.
  Result<Baseline> search(CiRun& run, std::initializer_list<BaselineKind> kinds) {
    const ContenderRun contender{run.run_id, run.run_reason, run.commit};
    for (const BaselineKind kind : kinds) {
      BL_TRY(auto search, find_baseline(connection_, contender, kind));
      run.baseline = kind;
      run.commits_skipped = search.commits_skipped;
      if (search.run_id) {
        run.baseline_fault.reset();
        return Baseline{std::move(search.run_id), std::move(search.commit)};
      }
      if (!run.baseline_fault) run.baseline_fault = fault_of(search, contender);
    }
    return Baseline{};
  }

  Result<Baseline> find_baseline_of(CiRun& run, std::size_t number) {
    if (!query_.baseline_run_ids.empty()) {
      return Baseline{query_.baseline_run_ids[number], std::nullopt};
    }
    switch (*report_.baseline) {
      case BaselineChoice::fork_point:
        return search(run, {BaselineKind::fork_point});
      case BaselineChoice::parent:
        return search(run, {BaselineKind::parent});
      case BaselineChoice::latest_default:
        return search(run, {BaselineKind::latest_default});
      case BaselineChoice::automatic:
        break;
    }
    if (!run.commit || run.commit->on_default_branch()) return search_default_branch(run);
    return search(run, {BaselineKind::fork_point, BaselineKind::latest_default});
  }

  // A parent that is not known, or that nothing was measured on, is stood in for by the newest run
  // of the default branch, unless that is later than this one.
  Result<Baseline> search_default_branch(CiRun& run) {
    BL_TRY(Baseline parent, search(run, {BaselineKind::parent}));
    if (parent.run_id || !run.commit) return parent;
    const std::optional<BaselineFault> fault = run.baseline_fault;
    BL_TRY(Baseline latest, search(run, {BaselineKind::latest_default}));
    const bool is_later = latest.commit && latest.commit->timestamp > run.commit->timestamp;
    if (latest.run_id && !is_later) return latest;
    run.baseline = BaselineKind::parent;
    run.commits_skipped.clear();
    run.baseline_fault = fault;
    return Baseline{};
  }

  Result<void> add_rows(CiRun& run, const std::vector<RunResult>& results) {
    std::vector<RunResult> baseline_results;
    if (run.baseline_run_id) {
      BL_TRY(baseline_results,
             read_run(connection_, *run.baseline_run_id, {}, options_.mode, limits_.rows_max));
      BL_RETURN_IF_ERROR(know_commits(baseline_results));
      know_explicit_baseline(run, baseline_results);
    }
    const BySeries baselines = newest_by_series(baseline_results);
    BL_RETURN_IF_ERROR(read_distributions(run, results, baselines));
    std::vector<CiRow> rows;
    rows.reserve(results.size());
    for (const RunResult& result : results) {
      const auto baseline = baselines.find(result.history_fingerprint);
      rows.push_back(row_of(run, result, baseline == baselines.end() ? nullptr : baseline->second));
    }
    run.rows = sorted(std::move(rows));
    return {};
  }

  // A row is large: its place is sorted, and it is moved once.
  std::vector<CiRow> sorted(std::vector<CiRow> rows) const {
    std::vector<CiRow*> order;
    order.reserve(rows.size());
    for (CiRow& row : rows) order.push_back(&row);
    const auto& texts = report_.documents;
    std::sort(order.begin(), order.end(), [&texts](const CiRow* a, const CiRow* b) {
      return std::tie(a->name, texts[a->tags], a->hardware, a->contender.result_timestamp.micros,
                      a->contender.result_id) < std::tie(b->name, texts[b->tags], b->hardware,
                                                         b->contender.result_timestamp.micros,
                                                         b->contender.result_id);
    });
    std::vector<CiRow> in_order;
    in_order.reserve(rows.size());
    for (CiRow* row : order) in_order.push_back(std::move(*row));
    return in_order;
  }

  void know_explicit_baseline(CiRun& run, const std::vector<RunResult>& baseline_results) {
    if (baseline_results.empty()) {
      run.baseline_fault =
          BaselineFault{.code = "baseline_run_missing",
                        .message = "the baseline run has no results: " + *run.baseline_run_id,
                        .needs_action = true};
    } else if (!run.baseline_commit) {
      run.baseline_commit = commit_of(baseline_results.front());
    }
  }

  // Those of each commit that the baseline run's results stand on: one, but for odd runs.
  Result<void> read_distributions(const CiRun& run, const std::vector<RunResult>& results,
                                  const BySeries& baselines) {
    distributions_.clear();
    std::vector<std::string_view> series;
    series.reserve(results.size());
    for (const RunResult& result : results) series.emplace_back(result.history_fingerprint);
    for (const RunResult& result : results) {
      const auto baseline = baselines.find(result.history_fingerprint);
      if (baseline == baselines.end()) continue;
      const std::string& commit_id = baseline->second->commit_id;
      const auto commit = commits_.find(commit_id);
      if (commit == commits_.end() || distributions_.contains(commit_id)) continue;
      if (distributions_.size() == limits_.baseline_commits_max) {
        return Error{Code::invalid, "the baseline run has results on more than " +
                                        std::to_string(limits_.baseline_commits_max) +
                                        " commits: " + *run.baseline_run_id};
      }
      BL_TRY(distributions_[commit_id],
             distributions_of(connection_, commit->second, {run.run_id, series}, options_));
    }
    return {};
  }

  const verdict::Distribution* distribution_of(const RunResult& baseline) const {
    static const verdict::Distribution k_empty;
    const auto found = distributions_.find(baseline.commit_id);
    if (found == distributions_.end() || !found->second) return nullptr;
    const auto series = found->second->find(baseline.history_fingerprint);
    return series == found->second->end() ? &k_empty : &series->second;
  }

  void fill(CiSide& side, const RunResult& result) const {
    side = result.side;
    const auto commit = commits_.find(result.commit_id);
    if (commit == commits_.end()) return;
    side.commit_sha = commit->second.sha;
    side.commit_timestamp = commit->second.timestamp;
  }

  CiRow row_of(const CiRun& run, const RunResult& result, const RunResult* baseline) {
    CiRow row;
    const SharedDocuments::CaseFacts& facts = documents_.case_of(result);
    row.name = facts.name;
    row.tags = facts.tags;
    row.context = documents_.context_of(result);
    row.info = documents_.info_of(result);
    row.hardware = documents_.hardware_of(result);
    row.history_fingerprint = result.history_fingerprint;
    fill(row.contender, result);
    if (baseline != nullptr) fill(row.baseline.emplace(), *baseline);
    row.unit = row.contender.unit;
    if (!row.unit && row.baseline) row.unit = row.baseline->unit;
    if (row.unit) {
      row.less_is_better = direction_of(*row.unit) == verdict::Direction::less_is_better;
    }
    row.thresholds = rules_.of_series(row.history_fingerprint, query_.percent, query_.z);
    if (run.baseline_fault) row.reason = run.baseline_fault->message;
    judge(row, baseline == nullptr ? nullptr : distribution_of(*baseline));
    return row;
  }

  store::Connection& connection_;
  const CiQuery& query_;
  const DistributionOptions& options_;
  const CiLimits& limits_;
  CiReport report_;
  SharedDocuments documents_;
  std::string commit_id_;  // empty: runs are not narrowed to one
  std::size_t rows_ = 0;
  bool knows_project_ = false;
  ThresholdRules rules_;
  std::unordered_map<std::string, StoredCommit> commits_;                        // by id
  std::unordered_map<std::string, std::optional<Distributions>> distributions_;  // by commit id
};

}  // namespace

Result<CiReport> StoreCiReporter::report(const CiQuery& query) {
  BL_RETURN_IF_ERROR(check(query, limits_));
  CiReport report;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(report, Reporting(connection, query, options_, limits_).make());
    return {};
  }));
  return report;
}

}  // namespace bl::results
