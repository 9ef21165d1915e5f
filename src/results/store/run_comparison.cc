#include "results/store_run_comparison.h"

#include <map>

#include "results/comparison.h"
#include "results/store/rows.h"
#include "results/store/whole.h"
#include "store/both_dialects.h"

// Two statements and one for each commit that baselines stand on. The first finds where the page
// ends, the second reads what lies in it.
namespace bl::results {
namespace {

Result<void> demand_run(store::Connection& connection, const std::string& run_id) {
  bool found = false;
  BL_RETURN_IF_ERROR(connection.query("select 1 from benchmark_result where run_id = $1 limit 1",
                                      {std::string_view(run_id)}, [&](const store::Row&) {
                                        found = true;
                                        return true;
                                      }));
  if (found) return {};
  return Error{Code::not_found, run_id};
}

// How many results of one series the two runs have.
struct Group {
  std::string fingerprint;
  std::size_t baselines = 0, contenders = 0;

  std::size_t pairs() const {
    return baselines == 0 || contenders == 0 ? baselines + contenders : baselines * contenders;
  }
};

Result<std::vector<Group>> groups_of(store::Connection& connection, const RunPair& pair) {
  std::vector<Group> groups;
  const std::string after = pair.after.value_or("");
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<
          "select history_fingerprint, sum(case when run_id = $1 then 1 else 0 end), "
          "sum(case when run_id = $2 then 1 else 0 end) from benchmark_result "
          "where run_id in ($1, $2) and @binary{history_fingerprint} > $3 "
          "group by history_fingerprint order by @binary{history_fingerprint} limit $4">(),
      {std::string_view(pair.baseline), std::string_view(pair.contender), std::string_view(after),
       static_cast<std::int64_t>(pair.page_size)},
      [&](const store::Row& row) {
        groups.push_back({std::string(row.text(0)), static_cast<std::size_t>(row.integer(1)),
                          static_cast<std::size_t>(row.integer(2))});
        return true;
      }));
  return groups;
}

// Drops the groups behind those that a page may hold.
Result<void> keep_pairs(std::vector<Group>& groups, std::size_t pairs_max) {
  std::size_t pairs = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    pairs += groups[i].pairs();
    if (pairs <= pairs_max) continue;
    if (i == 0) {
      return Error{Code::too_large,
                   "the two runs have more than " + std::to_string(pairs_max) +
                       " pairs of results of one series: " + groups[0].fingerprint};
    }
    groups.resize(i);
    return {};
  }
  return {};
}

#define BL_COMPARED_COLUMNS                                                              \
  "r.id, r.run_id, r.history_fingerprint, r.case_id, r.context_id, r.batch_id, "         \
  "@micros{r.timestamp}, r.run_reason, @text{r.run_tags}, r.commit_repo_url, "           \
  "r.data, r.times, r.unit, r.time_unit, r.iterations, r.min, r.max, r.mean, r.median, " \
  "r.stdev, r.q1, r.q3, r.iqr, @text{r.error}, @text{r.optional_benchmark_info}, "       \
  "@text{r.validation}, @text{r.change_annotations}, r.commit_id"

// Another program may have stored any JSON where an object belongs.
json::Value object_or_empty(const store::Row& row, int column) {
  auto object = object_of(row, column);
  return object.ok() ? std::move(object).value() : json::Value::object();
}

Result<StoredResult> compared_result(const store::Row& row) {
  StoredResult result;
  result.id = row.text(0);
  result.run_id = row.text(1);
  result.history_fingerprint = row.text(2);
  result.case_id = row.text(3);
  result.context_id = row.text(4);
  result.batch_id = row.text_or_null(5);
  result.timestamp = Timestamp{row.integer(6)};
  result.run_reason = row.text_or_null(7);
  result.run_tags = object_or_empty(row, 8);
  result.repository = row.text(9);
  Stats& stats = result.stats;
  BL_TRY(stats.data, stored_samples_of(row, 10));
  BL_TRY(stats.times, stored_samples_of(row, 11));
  stats.unit = row.text_or_null(12);
  stats.time_unit = row.text_or_null(13);
  stats.iterations = row.integer_or_null(14);
  std::optional<double>* const aggregates[] = {&stats.min,   &stats.max, &stats.mean, &stats.median,
                                               &stats.stdev, &stats.q1,  &stats.q3,   &stats.iqr};
  for (int i = 0; i < 8; ++i) *aggregates[i] = measured_or_null(row, 15 + i);
  BL_TRY(result.error, document_of(row, 23));
  BL_TRY(result.optional_benchmark_info, document_of(row, 24));
  BL_TRY(result.validation, document_of(row, 25));
  result.change_annotations = object_or_empty(row, 26);
  if (!row.is_null(27)) {
    result.stored_commit.emplace();
    result.stored_commit->id = row.text(27);
  }
  return result;
}

// What a page is made of, series by series.
struct Gathered {
  std::vector<StoredResult> results;
  std::size_t bytes = 0;
  bool is_cut = false;  // the samples were too many: the last series is not whole
};

Result<Gathered> results_of(store::Connection& connection, const RunPair& pair,
                            std::string_view last, std::size_t bytes_max) {
  Gathered gathered;
  const std::string after = pair.after.value_or("");
  std::size_t series = 0;
  BL_RETURN_IF_ERROR(for_each_row(
      connection,
      store::both_dialects<"select " BL_COMPARED_COLUMNS
                           " from benchmark_result r where r.run_id in ($1, $2) and "
                           "@binary{r.history_fingerprint} > $3 and "
                           "@binary{r.history_fingerprint} <= $4 "
                           "order by @binary{r.history_fingerprint}, @binary{r.id}">(),
      {std::string_view(pair.baseline), std::string_view(pair.contender), std::string_view(after),
       last},
      [&](const store::Row& row) -> Result<void> {
        if (gathered.is_cut) return {};
        const bool is_next =
            gathered.results.empty() || gathered.results.back().history_fingerprint != row.text(2);
        gathered.bytes += row.text(10).size() + row.text(11).size();
        if (is_next && ++series > 1 && gathered.bytes > bytes_max) {
          gathered.is_cut = true;
          return {};
        }
        BL_TRY(auto result, compared_result(row));
        gathered.results.push_back(std::move(result));
        return {};
      }));
  return gathered;
}

// Each case, context and commit that the page's results share is read once.
template <class T>
using ById = std::map<std::string, T, std::less<>>;

template <class T>
Result<void> read_each(store::Connection& connection, const store::Sql& sql, ById<T>& found,
                       const std::function<T(const store::Row&)>& make) {
  store::ParamRows ids(1);
  std::vector<T*> places;
  for (auto& [id, value] : found) {
    ids.add({std::string_view(id)});
    places.push_back(&value);
  }
  if (places.empty()) return {};
  return connection.query_many(
      sql, ids, [&](std::size_t i, const store::Row& row) { *places[i] = make(row); });
}

// Of a context, which every result of the page gets a copy of, a comparison shows one member.
json::Value language_of(const store::Row& row) {
  const json::Value context = object_or_empty(row, 0);
  json::Value kept = json::Value::object();
  const json::Value* language = context.find("benchmark_language");
  if (language != nullptr) kept.set("benchmark_language", *language);
  return kept;
}

struct Shared {
  ById<Case> cases;
  ById<json::Value> contexts;
  ById<std::optional<StoredCommit>> commits;  // of baselines
};

Result<Shared> read_shared(store::Connection& connection, const std::vector<StoredResult>& results,
                           const RunPair& pair) {
  Shared shared;
  for (const StoredResult& result : results) {
    shared.cases.try_emplace(result.case_id);
    shared.contexts.try_emplace(result.context_id);
    if (result.run_id == pair.baseline && result.stored_commit) {
      shared.commits.try_emplace(result.stored_commit->id);
    }
  }
  BL_RETURN_IF_ERROR(read_each<Case>(
      connection, store::both_dialects<"select name, @text{tags} from \"case\" where id = $1">(),
      shared.cases, [](const store::Row& row) {
        return Case{std::string(row.text(0)), object_or_empty(row, 1)};
      }));
  BL_RETURN_IF_ERROR(read_each<json::Value>(
      connection, store::both_dialects<"select @text{tags} from context where id = $1">(),
      shared.contexts, [](const store::Row& row) { return language_of(row); }));
  BL_RETURN_IF_ERROR(read_each<std::optional<StoredCommit>>(
      connection,
      store::both_dialects<"select " BL_COMMIT_COLUMNS " from \"commit\" c where c.id = $1">(),
      shared.commits, [](const store::Row& row) { return commit_of(row, 0); }));
  return shared;
}

// By the id of the baseline's commit.
Result<ById<Distributions>> distributions_by_commit(store::Connection& connection,
                                                    const Shared& shared, const RunPair& pair,
                                                    std::string_view last,
                                                    const DistributionOptions& options,
                                                    std::size_t commits_max) {
  ById<Distributions> found;
  for (const auto& [id, commit] : shared.commits) {
    if (found.size() == commits_max) break;
    if (!commit) continue;
    BL_TRY(
        auto distributions,
        distributions_of(connection, *commit, pair.contender, options,
                         {.after = pair.after ? std::string_view(*pair.after) : "", .last = last}));
    found.emplace(id, distributions ? std::move(*distributions) : Distributions{});
  }
  return found;
}

// The pairs of one series, whose results are [begin, end).
void add_pairs(RunComparisonPage& page, std::size_t begin, std::size_t end, const RunPair& pair,
               SummaryMode mode, const ById<Distributions>& distributions) {
  std::vector<std::size_t> baselines, contenders;
  for (std::size_t i = begin; i < end; ++i) {
    if (page.results[i].run_id == pair.baseline) baselines.push_back(i);
    if (page.results[i].run_id == pair.contender) contenders.push_back(i);
  }
  if (baselines.empty()) baselines.push_back(RunComparisonPage::k_absent);
  if (contenders.empty()) contenders.push_back(RunComparisonPage::k_absent);
  for (const std::size_t baseline : baselines) {
    for (const std::size_t contender : contenders) {
      RunComparisonPage::Pair one{baseline, contender, {}};
      if (baseline != RunComparisonPage::k_absent && contender != RunComparisonPage::k_absent) {
        const StoredResult& a = page.results[baseline];
        const StoredResult& b = page.results[contender];
        if (!units_match(side_of(a, mode), side_of(b, mode))) continue;
        const auto of_commit = distributions.find(a.stored_commit ? a.stored_commit->id : "");
        if (of_commit != distributions.end()) {
          const auto of_series = of_commit->second.find(a.history_fingerprint);
          if (of_series != of_commit->second.end()) one.distribution = of_series->second;
        }
      }
      page.pairs.push_back(one);
    }
  }
}

void add_all_pairs(RunComparisonPage& page, const RunPair& pair, SummaryMode mode,
                   const ById<Distributions>& distributions) {
  std::size_t begin = 0;
  while (begin < page.results.size()) {
    std::size_t end = begin + 1;
    while (end < page.results.size() &&
           page.results[end].history_fingerprint == page.results[begin].history_fingerprint) {
      ++end;
    }
    add_pairs(page, begin, end, pair, mode, distributions);
    begin = end;
  }
}

Result<RunComparisonPage> read_page(store::Connection& connection, const RunPair& pair,
                                    const DistributionOptions& options,
                                    const RunComparisonLimits& limits) {
  RunComparisonPage page;
  BL_RETURN_IF_ERROR(demand_run(connection, pair.baseline));
  BL_RETURN_IF_ERROR(demand_run(connection, pair.contender));
  BL_TRY(auto groups, groups_of(connection, pair));
  bool may_go_on = groups.size() == static_cast<std::size_t>(pair.page_size);
  const std::size_t found = groups.size();
  BL_RETURN_IF_ERROR(keep_pairs(groups, limits.pairs_max));
  may_go_on = may_go_on || groups.size() < found;
  if (groups.empty()) return page;
  BL_TRY(auto gathered,
         results_of(connection, pair, groups.back().fingerprint, limits.samples_bytes_max));
  page.results = std::move(gathered.results);
  BL_TRY(const Shared shared, read_shared(connection, page.results, pair));
  for (StoredResult& result : page.results) {
    result.benchmark_case = shared.cases.at(result.case_id);
    result.context = shared.contexts.at(result.context_id);
  }
  BL_TRY(const auto distributions,
         distributions_by_commit(connection, shared, pair, groups.back().fingerprint, options,
                                 limits.baseline_commits_max));
  add_all_pairs(page, pair, options.mode, distributions);
  if (may_go_on || gathered.is_cut) page.next_cursor = page.results.back().history_fingerprint;
  return page;
}

}  // namespace

Result<RunComparisonPage> StoreRunComparisonReader::page(const RunPair& pair) {
  RunComparisonPage page;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(page, read_page(connection, pair, options_, limits_));
    return {};
  }));
  return page;
}

}  // namespace bl::results
