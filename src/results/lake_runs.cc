#include "results/lake_runs.h"

#include <fmt/format.h>

#include <algorithm>

#include "results/replica/batch_row.h"
#include "results/replica/facts.h"
#include "results/replica/sources.h"
#include "results/store/whole.h"

namespace bl::results {

using replica::Fact;
using replica::Sources;

namespace {

// Of whole results so many have their samples read at once: a page may end before the next ones.
constexpr std::size_t k_whole_at_once = 100;

constexpr std::string_view k_whole_columns =
    "data, times, time_unit, iterations, median, stdev, q1, q3, iqr, error, "
    "optional_benchmark_info, validation, change_annotations";

// What a whole result has of its row in `result_samples`.
Result<void> add_samples(const store::Row& row, StoredResult& result) {
  BL_TRY(result.stats.data, stored_samples_of(row, 1));
  BL_TRY(result.stats.times, stored_samples_of(row, 2));
  result.stats.time_unit = row.text_or_null(3);
  result.stats.iterations = row.integer_or_null(4);
  result.stats.median = row.real_or_null(5);
  result.stats.stdev = row.real_or_null(6);
  result.stats.q1 = row.real_or_null(7);
  result.stats.q3 = row.real_or_null(8);
  result.stats.iqr = row.real_or_null(9);
  BL_TRY(result.error, document_of(row, 10));
  BL_TRY(result.optional_benchmark_info, document_of(row, 11));
  BL_TRY(result.validation, document_of(row, 12));
  BL_TRY(result.change_annotations, object_of(row, 13));
  return {};
}

StoredResult own_part_of(const Fact& fact) {
  StoredResult result;
  result.id = fact.id;
  result.run_id = fact.run_id;
  result.history_fingerprint = fact.history_fingerprint;
  result.case_id = fact.case_id;
  result.context_id = fact.context_id;
  result.info_id = fact.info_id;
  result.hardware_id = fact.hardware_id;
  result.batch_id = fact.batch_id;
  result.timestamp = fact.timestamp;
  result.run_reason = fact.run_reason;
  result.run_tags = fact.run_tags;
  result.stats.unit = fact.unit;
  result.stats.min = fact.min;
  result.stats.max = fact.max;
  result.stats.mean = fact.mean;
  return result;
}

// What whole results share is read once. `results` are those of the facts, in their order.
Result<void> add_what_is_shared(const Sources& sources, std::span<const Fact* const> facts,
                                std::vector<StoredResult>& results) {
  replica::Documents documents;
  auto& [cases, contexts, infos] = documents;
  ById<HardwareRow> hardware;
  std::vector<Fact> with_commits;
  for (const Fact* fact : facts) {
    cases.try_emplace(fact->case_id);
    contexts.try_emplace(fact->context_id);
    infos.try_emplace(fact->info_id);
    hardware.try_emplace(fact->hardware_id);
    with_commits.push_back(*fact);
  }
  BL_RETURN_IF_ERROR(replica::read_documents(sources, documents));
  BL_RETURN_IF_ERROR(replica::read_hardware(sources, hardware));
  BL_TRY(const auto commits, replica::commits_of(sources, with_commits));
  BL_TRY(const auto repositories, replica::read_repositories(sources));
  for (std::size_t i = 0; i < results.size(); ++i) {
    StoredResult& result = results[i];
    result.benchmark_case = cases.find(result.case_id)->second;
    result.context = contexts.find(result.context_id)->second;
    result.info = infos.find(result.info_id)->second;
    const HardwareRow& machine = hardware.find(result.hardware_id)->second;
    result.hardware_hash = machine.hash;
    result.hardware = machine.hardware;
    const auto repository = repositories.find(facts[i]->repository_no);
    if (repository != repositories.end()) result.repository = repository->second;
    result.stored_commit = replica::commit_of(commits, *facts[i]);
    if (result.stored_commit) result.commit = *result.stored_commit;
  }
  return {};
}

Result<WholePage> whole_of(const Sources& sources, std::span<const Fact> facts,
                           std::size_t bytes_max) {
  WholePage page;
  std::vector<const Fact*> taken;
  std::size_t bytes = 0;
  for (std::size_t from = 0; from < facts.size() && !page.may_go_on; from += k_whole_at_once) {
    const auto piece = facts.subspan(from, std::min(k_whole_at_once, facts.size() - from));
    std::vector<const Fact*> wanted;
    for (const Fact& fact : piece) wanted.push_back(&fact);
    BL_TRY(const columns::Batch batch, replica::samples_of(sources, wanted, k_whole_columns));
    BL_TRY(columns::BatchCells cells, columns::BatchCells::over(batch));
    replica::BatchRow row(std::move(cells));
    std::map<std::int64_t, std::int64_t> places;
    for (std::int64_t i = 0; i < batch.rows(); ++i) {
      row.go_to(i);
      places.emplace(row.integer(0), i);
    }
    for (const Fact& fact : piece) {
      const auto place = places.find(fact.result_no);
      if (place == places.end()) continue;  // removed since the results were pinned
      row.go_to(place->second);
      bytes += row.text(1).size() + row.text(2).size();
      if (bytes > bytes_max && !page.results.empty()) {
        page.may_go_on = true;
        break;
      }
      StoredResult result = own_part_of(fact);
      BL_RETURN_IF_ERROR(add_samples(row, result));
      page.results.push_back(std::move(result));
      taken.push_back(&fact);
    }
  }
  BL_RETURN_IF_ERROR(add_what_is_shared(sources, taken, page.results));
  return page;
}

constexpr std::string_view k_runs =
    "WITH page AS (SELECT * FROM runs{} ORDER BY last_result_at DESC, run_no DESC LIMIT {}), "
    "counts AS (SELECT latest_run_no, count(*) FILTER (status = 0) AS insufficient, "
    "count(*) FILTER (status = 1) AS stable, count(*) FILTER (status = 2) AS regressed, "
    "count(*) FILTER (status = 3) AS improved FROM series "
    "WHERE latest_run_no IN (SELECT run_no FROM page) GROUP BY latest_run_no) "
    "SELECT u.run_id, u.repository, u.latest_result_id, u.run_reason, u.latest_batch_id, "
    "u.run_tags, u.batch_count, u.result_count, u.error_count, u.series_count, "
    "u.first_result_at, u.last_result_at, coalesce(n.insufficient, 0), coalesce(n.stable, 0), "
    "coalesce(n.regressed, 0), coalesce(n.improved, 0), u.commit_id "
    "FROM page u LEFT JOIN counts n ON n.latest_run_no = u.run_no "
    "ORDER BY u.last_result_at DESC, u.run_no DESC";

}  // namespace

Result<std::vector<ResultRow>> LakeRunBrowser::results(const ResultFilter& filter) {
  std::vector<ResultRow> page;
  BL_TRY(const Sources sources, Sources::pin(lake_, engine_));
  BL_TRY(auto facts, replica::newest_facts(sources, filter));
  ById<Case> cases;
  for (const Fact& fact : facts) cases.try_emplace(fact.case_id);
  BL_RETURN_IF_ERROR(replica::read_cases(sources, cases));
  BL_TRY(const auto commits, replica::commits_of(sources, facts));
  BL_TRY(const auto summaries, replica::summaries_of(sources, facts, mode_));
  for (std::size_t i = 0; i < facts.size(); ++i) {
    Fact& fact = facts[i];
    ResultRow& row = page.emplace_back();
    const Case& benchmark_case = cases.find(fact.case_id)->second;
    row.case_name = benchmark_case.name;
    row.case_tags = benchmark_case.tags;
    row.commit = replica::commit_of(commits, fact);
    row.summary = summaries[i];
    row.timestamp = fact.timestamp;
    row.has_error = fact.has_error;
    row.id = std::move(fact.id);
    row.run_id = std::move(fact.run_id);
    row.run_reason = std::move(fact.run_reason);
    row.batch_id = std::move(fact.batch_id);
    row.unit = std::move(fact.unit);
    row.run_tags = std::move(fact.run_tags);
    row.history_fingerprint = std::move(fact.history_fingerprint);
  }
  return page;
}

Result<WholePage> LakeRunBrowser::whole_results(const ResultFilter& filter) {
  BL_TRY(const Sources sources, Sources::pin(lake_, engine_));
  BL_TRY(const auto facts, replica::newest_facts(sources, filter));
  BL_TRY(WholePage page, whole_of(sources, facts, limits_.page_samples_bytes_max));
  if (facts.size() == static_cast<std::size_t>(filter.page_size)) page.may_go_on = true;
  return page;
}

Result<StoredResult> LakeRunBrowser::result(std::string_view id) {
  constexpr std::string_view k_not_found = "no benchmark result has the id ";
  BL_TRY(const Sources sources, Sources::pin(lake_, engine_));
  BL_TRY(const Fact fact, replica::fact_by_id(sources, id, k_not_found));
  BL_TRY(WholePage page, whole_of(sources, std::span(&fact, 1), limits_.page_samples_bytes_max));
  if (page.results.empty()) {
    return Error{Code::not_found, std::string(k_not_found) + std::string(id)};
  }
  return std::move(page.results.front());
}

Result<std::vector<RunRow>> LakeRunBrowser::recent_runs(std::optional<std::string> repository,
                                                        int count) {
  std::vector<RunRow> runs;
  std::vector<std::string> commit_ids;
  BL_TRY(const Sources sources, Sources::pin(lake_, engine_));
  replica::Where where;
  if (repository) where.equal("repository", *repository);
  BL_TRY(const columns::Batch batch,
         sources.ask(fmt::format(k_runs, where.text(), count), where.values(),
                     {{&replica::runs_shape(), where.ranges()}, {&replica::series_shape()}}));
  replica::Commits commits;
  BL_RETURN_IF_ERROR(replica::for_each_row(batch, [&](const store::Row& row) -> Result<void> {
    BL_TRY(RunRow run, run_row_of(row));
    runs.push_back(std::move(run));
    commit_ids.emplace_back(row.text(k_run_columns));
    if (!row.is_null(k_run_columns)) commits.try_emplace(commit_ids.back());
    return {};
  }));
  BL_RETURN_IF_ERROR(replica::read_commits(sources, commits));
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto found = commits.find(commit_ids[i]);
    if (found != commits.end()) add_commit(runs[i], found->second);
  }
  return runs;
}

Result<std::vector<std::string>> LakeRunBrowser::repositories() {
  BL_TRY(const Sources sources, Sources::pin(lake_, engine_));
  return replica::repositories_of_runs(sources);
}

}  // namespace bl::results
