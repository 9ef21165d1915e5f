#include "results/store_run_comparison.h"

#include <algorithm>
#include <map>

#include "results/comparison.h"
#include "results/store/rows.h"
#include "results/store/shared_rows.h"
#include "results/store/text_array.h"
#include "results/store/whole.h"
#include "store/both_dialects.h"

// One pass over both runs finds where the page ends and where its rows lie; then each table is
// asked once, and the distributions once for each commit that baselines stand on.
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

// The results of one series in the two runs.
struct Group {
  std::string fingerprint;
  std::size_t baselines = 0, contenders = 0;
  std::vector<std::string> places;  // of the rows in their table, as the store names them

  std::size_t pairs() const {
    return baselines == 0 || contenders == 0 ? baselines + contenders : baselines * contenders;
  }
};

// The place of a row, which leads to it without an index. It is good for the transaction's
// snapshot.
#define BL_PLACES_HEAD "select history_fingerprint, run_id = $1, run_id = $2, "
#define BL_PLACES_TAIL                                                       \
  " from benchmark_result where run_id in ($1, $2) and "                     \
  "@binary{history_fingerprint} > $3 order by @binary{history_fingerprint} " \
  "limit $4"

const store::Sql& places_sql() {
  static const std::string k_sqlite =
      store::in_dialect(BL_PLACES_HEAD "rowid" BL_PLACES_TAIL, store::Dialect::sqlite);
  static const std::string k_postgres =
      store::in_dialect(BL_PLACES_HEAD "ctid" BL_PLACES_TAIL, store::Dialect::postgres);
  static const store::Sql k_sql(k_sqlite.c_str(), k_postgres.c_str());
  return k_sql;
}

// Of the first `rows_max` rows behind the cursor; a last group that may go on is left out, but when
// it is the only one.
struct Groups {
  std::vector<Group> groups;
  bool may_go_on = false;
};

Result<Groups> groups_among(store::Connection& connection, const RunPair& pair,
                            std::size_t rows_max) {
  Groups found;
  std::size_t rows = 0;
  const std::string after = pair.after.value_or("");
  BL_RETURN_IF_ERROR(connection.query(
      places_sql(),
      {std::string_view(pair.baseline), std::string_view(pair.contender), std::string_view(after),
       static_cast<std::int64_t>(rows_max)},
      [&](const store::Row& row) {
        ++rows;
        if (found.groups.empty() || found.groups.back().fingerprint != row.text(0)) {
          found.groups.push_back({.fingerprint = std::string(row.text(0)), .places = {}});
        }
        Group& group = found.groups.back();
        group.baselines += row.integer(1) != 0 ? 1 : 0;
        group.contenders += row.integer(2) != 0 ? 1 : 0;
        group.places.emplace_back(row.text(3));
        return true;
      }));
  found.may_go_on = rows == rows_max;
  if (found.may_go_on && found.groups.size() > 1) found.groups.pop_back();
  return found;
}

// Most series have one result on each side. Where they have more, a second look takes in all that
// a page may hold: so many rows make more pairs than it may.
Result<Groups> groups_of(store::Connection& connection, const RunPair& pair,
                         std::size_t pairs_max) {
  const auto groups_max = static_cast<std::size_t>(pair.page_size);
  const std::size_t few = 2 * groups_max + 1, all = std::max(few, 2 * pairs_max + 2);
  BL_TRY(auto found, groups_among(connection, pair, few));
  if (found.may_go_on && found.groups.size() < groups_max) {
    BL_TRY(found, groups_among(connection, pair, all));
  }
  if (found.groups.size() >= groups_max) {
    found.groups.resize(groups_max);
    found.may_go_on = true;
  }
  return found;
}

// Drops the groups behind those that a page may hold.
Result<void> keep_pairs(Groups& found, std::size_t pairs_max) {
  std::vector<Group>& groups = found.groups;
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
    found.may_go_on = true;
    return {};
  }
  return {};
}

// What a page is made of, series by series.
struct Gathered {
  std::vector<StoredResult> results;
  bool is_cut = false;  // the samples were too many: the last series is not whole
};

#define BL_COMPARED_ON_SQLITE " from benchmark_result r where r.rowid " BL_ONE_OF_SQLITE
#define BL_COMPARED_ON_POSTGRES " from benchmark_result r where r.ctid = any ($1::tid[])"

std::string compared_sql(store::Dialect dialect) {
  const bool is_sqlite = dialect == store::Dialect::sqlite;
  std::string sql = own_columns(dialect);
  sql += is_sqlite ? BL_COMPARED_ON_SQLITE : BL_COMPARED_ON_POSTGRES;
  sql += store::in_dialect(" order by @binary{r.history_fingerprint}, @binary{r.id}", dialect);
  return sql;
}

Result<Gathered> results_of(store::Connection& connection, const std::vector<Group>& groups,
                            std::size_t bytes_max) {
  Gathered gathered;
  std::vector<std::string_view> all;
  for (const Group& group : groups) all.insert(all.end(), group.places.begin(), group.places.end());
  const std::string places = text_array(all, connection.dialect());
  const store::Param param = std::string_view(places);
  gathered.results.reserve(all.size());
  std::size_t bytes = 0, series = 0;
  BL_RETURN_IF_ERROR(for_each_row_of(
      connection, compared_sql(connection.dialect()), std::span(&param, 1),
      [&](const store::Row& row) -> Result<bool> {
        const bool is_next =
            gathered.results.empty() ||
            gathered.results.back().history_fingerprint != row.text(k_own_fingerprint_column);
        bytes += samples_bytes_of(row);
        gathered.is_cut = is_next && ++series > 1 && bytes > bytes_max;
        if (gathered.is_cut) return false;
        BL_TRY(auto result, own_result_of(row, connection.dialect()));
        gathered.results.push_back(std::move(result));
        return true;
      }));
  return gathered;
}

// Each case, context and commit that the page's results share is read once.
struct Shared {
  ById<Case> cases;
  ById<json::Value> contexts;                 // the member of each that a comparison shows
  ById<std::optional<StoredCommit>> commits;  // of baselines
};

// Every result of the page gets a copy.
void keep_language(json::Value& context) {
  json::Value kept = json::Value::object();
  const json::Value* language = context.find("benchmark_language");
  if (language != nullptr) kept.set("benchmark_language", *language);
  context = std::move(kept);
}

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
  BL_RETURN_IF_ERROR(read_cases(connection, shared.cases));
  BL_RETURN_IF_ERROR(read_contexts(connection, shared.contexts));
  for (auto& [id, context] : shared.contexts) keep_language(context);
  BL_RETURN_IF_ERROR(read_commits(connection, shared.commits));
  return shared;
}

// By the id of the baseline's commit.
Result<ById<Distributions>> distributions_by_commit(store::Connection& connection,
                                                    const Shared& shared,
                                                    const std::vector<Group>& groups,
                                                    const DistributionOptions& options,
                                                    std::size_t commits_max) {
  std::vector<std::string_view> compared;
  for (const Group& group : groups) {
    if (group.baselines > 0 && group.contenders > 0) compared.emplace_back(group.fingerprint);
  }
  const std::span<const std::string_view> fingerprints(compared);
  ById<Distributions> found;
  for (const auto& [id, commit] : shared.commits) {
    if (found.size() == commits_max || compared.empty()) break;
    if (!commit) continue;
    BL_TRY(auto distributions, distributions_of(connection, *commit, fingerprints, options));
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
  BL_TRY(auto found, groups_of(connection, pair, limits.pairs_max));
  BL_RETURN_IF_ERROR(keep_pairs(found, limits.pairs_max));
  if (found.groups.empty()) return page;
  BL_TRY(auto gathered, results_of(connection, found.groups, limits.samples_bytes_max));
  page.results = std::move(gathered.results);
  BL_TRY(const Shared shared, read_shared(connection, page.results, pair));
  for (StoredResult& result : page.results) {
    result.benchmark_case = shared.cases.at(result.case_id);
    result.context = shared.contexts.at(result.context_id);
  }
  BL_TRY(const auto distributions, distributions_by_commit(connection, shared, found.groups,
                                                           options, limits.baseline_commits_max));
  add_all_pairs(page, pair, options.mode, distributions);
  if (found.may_go_on || gathered.is_cut)
    page.next_cursor = page.results.back().history_fingerprint;
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
