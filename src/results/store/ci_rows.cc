#include "results/store/ci_rows.h"

#include <algorithm>
#include <tuple>

#include "results/store/rows.h"
#include "results/store/sent_time.h"
#include "results/store/text_array.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

// Samples are written out only where the aggregates do not answer.
#define BL_ROW_HEAD(time) \
  "select r.id, " time ", r.unit, r.error is not null, r.min, r.max, r.mean, "
#define BL_ROW_TAIL                                                                       \
  ", @text{r.error}, r.history_fingerprint, r.commit_repo_url, r.case_id, r.context_id, " \
  "r.info_id, r.hardware_id, r.commit_id, r.run_reason "                                  \
  "from benchmark_result r where r.run_id = $1 and ($2 = '' or r.commit_id = $2) limit $3"
#define BL_SAMPLES_POSTGRES                                                    \
  "case when r.min is null or r.max is null then array_to_json(r.data)::text " \
  "when cardinality(r.data) = 0 then '[]' "                                    \
  "when num_nulls(variadic r.data) > 0 then '[null]' "                         \
  "when r.data is not null then '[0]' end"

const store::Sql& run_sql() {
  static const std::string k_sqlite =
      store::in_dialect(BL_ROW_HEAD("r.timestamp") "r.data" BL_ROW_TAIL, store::Dialect::sqlite);
  static const std::string k_postgres =
      store::in_dialect(BL_ROW_HEAD("timestamp_send(r.timestamp)") BL_SAMPLES_POSTGRES BL_ROW_TAIL,
                        store::Dialect::postgres);
  static const store::Sql k_sql(k_sqlite.c_str(), k_postgres.c_str());
  return k_sql;
}

Result<RunResult> run_result_of(const store::Row& row, std::string_view run_id, SummaryMode mode,
                                store::Dialect dialect) {
  RunResult result;
  CiSide& side = result.side;
  side.result_id = row.text(0);
  side.run_id = run_id;
  if (dialect == store::Dialect::sqlite) {
    side.result_timestamp = Timestamp{row.integer(1)};
  } else {
    BL_TRY(side.result_timestamp, sent_time_of(row, 1));
  }
  const SummaryColumns columns = summary_columns(row, 2);
  side.unit = columns.unit;
  side.summary = summary_of(columns, mode);
  side.failed = failed(columns);
  if (!row.is_null(8)) {
    BL_TRY(const json::Value error, document_of(row, 8));
    side.error_json = json::to_stored_text(error);
  }
  result.history_fingerprint = row.text(9);
  result.repository = row.text(10);
  result.case_id = row.text(11);
  result.context_id = row.text(12);
  result.info_id = row.text(13);
  result.hardware_id = row.text(14);
  result.commit_id = row.text(15);
  result.run_reason = row.text_or_null(16);
  return result;
}

// The name first, as a result shows its tags.
std::string tags_text(const Case& benchmark_case) {
  std::string text;
  json::Writer out(text);
  out.begin_object().member("name", benchmark_case.name);
  for (const auto& [key, value] : benchmark_case.tags.members()) {
    if (key != "name") out.member(key, value);
  }
  out.end_object();
  return text;
}

Result<void> read_run_tags(store::Connection& connection, RunResult& result) {
  return for_each_row(
      connection,
      store::both_dialects<"select @text{run_tags} from benchmark_result where id = $1">(),
      {std::string_view(result.side.result_id)}, [&](const store::Row& row) -> Result<void> {
        BL_TRY(result.run_tags, object_of(row, 0));
        return {};
      });
}

// Each text once.
std::string array_of(std::span<const RunResult> results, const std::string RunResult::* id,
                     store::Dialect dialect) {
  std::vector<std::string_view> ids;
  ids.reserve(results.size());
  for (const RunResult& result : results) ids.emplace_back(result.*id);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return text_array(ids, dialect);
}

// By time, then id. Most come in this order; the store would sort them as texts of the place's
// language. A result is large: its place is sorted, and it is moved once.
void put_in_order(std::vector<RunResult>& results) {
  const auto by_time = [](const RunResult& a, const RunResult& b) {
    return std::tie(a.side.result_timestamp, a.side.result_id) <
           std::tie(b.side.result_timestamp, b.side.result_id);
  };
  if (std::is_sorted(results.begin(), results.end(), by_time)) return;
  std::vector<RunResult*> order;
  order.reserve(results.size());
  for (RunResult& result : results) order.push_back(&result);
  std::sort(order.begin(), order.end(),
            [&](const RunResult* a, const RunResult* b) { return by_time(*a, *b); });
  std::vector<RunResult> ordered;
  ordered.reserve(results.size());
  for (RunResult* result : order) ordered.push_back(std::move(*result));
  results = std::move(ordered);
}

}  // namespace

Result<std::vector<RunResult>> read_run(store::Connection& connection, std::string_view run_id,
                                        std::string_view commit_id, SummaryMode mode,
                                        std::size_t rows_max) {
  std::vector<RunResult> results;
  BL_RETURN_IF_ERROR(for_each_row(
      connection, run_sql(), {run_id, commit_id, static_cast<std::int64_t>(rows_max + 1)},
      [&](const store::Row& row) -> Result<void> {
        BL_TRY(auto result, run_result_of(row, run_id, mode, connection.dialect()));
        results.push_back(std::move(result));
        return {};
      }));
  if (results.size() > rows_max) {
    return Error{Code::invalid, "a report has at most " + std::to_string(rows_max) +
                                    " rows, and there are more with the run " +
                                    std::string(run_id)};
  }
  put_in_order(results);
  if (!results.empty()) BL_RETURN_IF_ERROR(read_run_tags(connection, results.front()));
  return results;
}

std::size_t SharedDocuments::keep(std::string text) {
  const auto [found, is_new] = places_.try_emplace(text, documents_.size());
  if (is_new) documents_.push_back(std::move(text));
  return found->second;
}

Result<void> SharedDocuments::read(store::Connection& connection,
                                   std::span<const RunResult> results) {
  const auto read_each = [&](const store::Sql& sql, const std::string RunResult::* id,
                             const std::function<Result<void>(const store::Row&)>& each) {
    const std::string ids = array_of(results, id, connection.dialect());
    return for_each_row(connection, sql, {std::string_view(ids)}, each);
  };
  static const store::Sql k_cases(
      "select k.id, k.name, k.tags from \"case\" k where k.id " BL_ONE_OF_SQLITE,
      "select k.id, k.name, k.tags from \"case\" k where k.id " BL_ONE_OF_POSTGRES);
  BL_RETURN_IF_ERROR(
      read_each(k_cases, &RunResult::case_id, [&](const store::Row& row) -> Result<void> {
        const auto [found, is_new] = cases_.try_emplace(std::string(row.text(0)));
        if (!is_new) return {};
        Case benchmark_case;
        benchmark_case.name = row.text(1);
        BL_TRY(benchmark_case.tags, object_of(row, 2));
        found->second = {benchmark_case.name, keep(tags_text(benchmark_case))};
        return {};
      }));
  const auto keep_in = [&](auto& into) {
    return [&](const store::Row& row) -> Result<void> {
      const auto [found, is_new] = into.try_emplace(std::string(row.text(0)));
      if (!is_new) return {};
      BL_TRY(auto text, object_text_of(row, 1));
      found->second = keep(std::move(text));
      return {};
    };
  };
  static const store::Sql k_contexts("select id, tags from context where id " BL_ONE_OF_SQLITE,
                                     "select id, tags from context where id " BL_ONE_OF_POSTGRES);
  BL_RETURN_IF_ERROR(read_each(k_contexts, &RunResult::context_id, keep_in(contexts_)));
  static const store::Sql k_infos("select id, tags from info where id " BL_ONE_OF_SQLITE,
                                  "select id, tags from info where id " BL_ONE_OF_POSTGRES);
  BL_RETURN_IF_ERROR(read_each(k_infos, &RunResult::info_id, keep_in(infos_)));
  static const store::Sql k_hardware("select id, name from hardware where id " BL_ONE_OF_SQLITE,
                                     "select id, name from hardware where id " BL_ONE_OF_POSTGRES);
  return read_each(k_hardware, &RunResult::hardware_id, [&](const store::Row& row) -> Result<void> {
    hardware_.emplace(row.text(0), row.text(1));
    return {};
  });
}

Result<std::unordered_map<std::string, StoredCommit>> read_commits(
    store::Connection& connection, std::span<const std::string> commit_ids) {
  std::unordered_map<std::string, StoredCommit> found;
  store::ParamRows params(1);
  for (const std::string& id : commit_ids) params.add({std::string_view(id)});
  if (params.empty()) return found;
  BL_RETURN_IF_ERROR(connection.query_many(
      store::both_dialects<"select " BL_COMMIT_COLUMNS " from \"commit\" c where c.id = $1">(),
      params, [&](std::size_t i, const store::Row& row) {
        if (auto commit = commit_of(row, 0)) found.emplace(commit_ids[i], std::move(*commit));
      }));
  return found;
}

}  // namespace bl::results
