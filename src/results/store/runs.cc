#include "results/store_runs.h"

#include "results/store/rows.h"
#include "results/store/shared_rows.h"
#include "results/store/whole.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

using store::Param;

// WHERE and its values, put together for one filter.
struct Conditions {
  std::string text;
  std::vector<Param> params;

  void add(std::string_view condition, Param value) {
    text += params.empty() ? " where " : " and ";
    params.push_back(value);
    text += condition;
    text += "$" + std::to_string(params.size());
  }
  void add_time(std::string_view condition, Timestamp time) {
    text += params.empty() ? " where " : " and ";
    params.emplace_back(time.micros);
    text += condition;
    text += "@time{$" + std::to_string(params.size()) + "}";
  }
};

Conditions conditions_of(const ResultFilter& filter) {
  Conditions conditions;
  if (filter.run_id) conditions.add("r.run_id = ", std::string_view(*filter.run_id));
  if (filter.batch_id) conditions.add("r.batch_id = ", std::string_view(*filter.batch_id));
  if (filter.run_reason) conditions.add("r.run_reason = ", std::string_view(*filter.run_reason));
  if (filter.earliest) conditions.add_time("r.timestamp >= ", *filter.earliest);
  if (filter.latest) conditions.add_time("r.timestamp <= ", *filter.latest);
  if (filter.before_id) conditions.add("r.id < ", std::string_view(*filter.before_id));
  if (filter.from_id) conditions.add("r.id >= ", std::string_view(*filter.from_id));
  return conditions;
}

bool is_by_time_only(const ResultFilter& filter) {
  if (!filter.earliest && !filter.latest) return false;
  return !filter.run_id && !filter.batch_id && !filter.run_reason;
}

Result<std::int64_t> count_of(store::Connection& connection, const std::string& rows,
                              std::span<const Param> params) {
  std::int64_t count = 0;
  BL_RETURN_IF_ERROR(connection.query_text(
      store::in_dialect("select count(*) from (" + rows + ") as counted", connection.dialect()),
      params, [&](const store::Row& row) {
        count = row.integer(0);
        return true;
      }));
  return count;
}

// True when the time bounds alone leave few results, so that the timestamp index is the way in.
Result<bool> is_narrow_in_time(store::Connection& connection, const ResultFilter& filter,
                               const RunBrowserLimits& limits) {
  ResultFilter bounds;
  bounds.earliest = filter.earliest;
  bounds.latest = filter.latest;
  const Conditions conditions = conditions_of(bounds);
  BL_TRY(const std::int64_t matches,
         count_of(connection,
                  "select 1 from benchmark_result r" + conditions.text + " limit " +
                      std::to_string(limits.sorted_results_max + 1),
                  conditions.params));
  return matches <= limits.sorted_results_max;
}

// True when the newest ids before the cursor hold a whole page. Where they do not, a walk of the
// ids might pass by all results before it meets those of an old day.
Result<bool> is_among_newest(store::Connection& connection, const ResultFilter& filter,
                             const RunBrowserLimits& limits) {
  ResultFilter by_id;
  by_id.before_id = filter.before_id;
  by_id.from_id = filter.from_id;
  Conditions conditions = conditions_of(by_id);
  std::string rows = "select 1 from (select r.timestamp from benchmark_result r";
  rows += conditions.text + " order by r.id desc limit " +
          std::to_string(limits.walked_results_max) + ") as r where true";
  const auto add_time = [&](std::string_view condition, const std::optional<Timestamp>& time) {
    if (!time) return;
    conditions.params.emplace_back(time->micros);
    rows.append(condition).append("@time{$").append(std::to_string(conditions.params.size()));
    rows += "}";
  };
  add_time(" and r.timestamp >= ", filter.earliest);
  add_time(" and r.timestamp <= ", filter.latest);
  rows += " limit " + std::to_string(filter.page_size);
  BL_TRY(const std::int64_t met, count_of(connection, rows, conditions.params));
  return met == filter.page_size;
}

// The way to a page's ids.
enum class Way : unsigned char {
  ids,    ///< walked from the newest on, unless the planner knows an index
  index,  ///< what an index finds is sorted: a run's, a batch's, those of a time
};
Result<Way> way_to(store::Connection& connection, const ResultFilter& filter,
                   const RunBrowserLimits& limits) {
  // SQLite's planner has its own indexes for these, sorted by id. PostgreSQL's would walk all ids
  // for a run that it takes for large.
  if (filter.run_id || filter.batch_id) {
    return connection.dialect() == store::Dialect::postgres ? Way::index : Way::ids;
  }
  if (!is_by_time_only(filter)) return Way::ids;
  BL_TRY(const bool is_narrow, is_narrow_in_time(connection, filter, limits));
  if (is_narrow) return Way::index;
  BL_TRY(const bool is_newest, is_among_newest(connection, filter, limits));
  return is_newest ? Way::ids : Way::index;
}

// Ids of the page first, so that only its rows are joined. A unary plus keeps SQLite's planner off
// an index: off the timestamp's when the ids are walked, off the ids' when not; `offset 0` keeps
// PostgreSQL's off the ids, too.
std::string page_of_ids(const ResultFilter& filter, const Conditions& conditions, Way way,
                        store::Dialect dialect) {
  std::string where = conditions.text;
  const std::string limit = " limit " + std::to_string(filter.page_size);
  const std::string ids = "select r.id from benchmark_result r";
  if (way == Way::index) {
    if (dialect == store::Dialect::sqlite) return ids + where + " order by +r.id desc" + limit;
    return "select r.id from (" + ids + where + " offset 0) as r order by r.id desc" + limit;
  }
  if (dialect == store::Dialect::sqlite && is_by_time_only(filter)) {
    for (std::size_t at = where.find("r.timestamp"); at != std::string::npos;
         at = where.find("r.timestamp", at + 2)) {
      where.insert(at, "+");
    }
  }
  return ids + where + " order by r.id desc" + limit;
}

// Hands the rows of a page to `each`, which says whether it wants the next one. `select` ends after
// its joins.
Result<void> read_page(store::Connection& connection, const ResultFilter& filter,
                       const RunBrowserLimits& limits, std::string_view select,
                       const std::function<Result<bool>(const store::Row&)>& each) {
  BL_TRY(const Way way, way_to(connection, filter, limits));
  const Conditions conditions = conditions_of(filter);
  std::string sql(select);
  sql += "where r.id in (" + page_of_ids(filter, conditions, way, connection.dialect()) +
         ") order by r.id desc";
  std::optional<Error> fault;
  BL_RETURN_IF_ERROR(connection.query_text(store::in_dialect(sql, connection.dialect()),
                                           conditions.params, [&](const store::Row& row) {
                                             auto wants_more = each(row);
                                             if (wants_more.ok()) return *wants_more;
                                             fault = std::move(wants_more).error();
                                             return false;
                                           }));
  if (fault) return std::move(*fault);
  return {};
}

Result<ResultRow> result_row_of(const store::Row& row, SummaryMode mode) {
  ResultRow result;
  result.id = row.text(0);
  result.run_id = row.text(1);
  result.run_reason = row.text_or_null(2);
  BL_TRY(result.run_tags, object_of(row, 3));
  result.batch_id = row.text_or_null(4);
  result.timestamp = Timestamp{row.integer(5)};
  result.history_fingerprint = row.text(6);
  result.case_name = row.text(7);
  BL_TRY(result.case_tags, object_of(row, 8));
  const SummaryColumns columns = summary_columns(row, 9);
  result.unit = columns.unit;
  result.has_error = columns.has_error;
  result.summary = summary_of(columns, mode);
  result.commit = commit_of(row, 15);
  return result;
}

#define BL_RESULT_ROW_COLUMNS                                                           \
  "r.id, r.run_id, r.run_reason, @text{r.run_tags}, r.batch_id, @micros{r.timestamp}, " \
  "r.history_fingerprint, k.name, @text{k.tags}, r.unit, r.error is not null, "         \
  "@float{r.min}, @float{r.max}, @float{r.mean}, @numbers{r.data}, " BL_COMMIT_COLUMNS

// Statuses as in SeriesStatus; the index (latest_run_no, status) answers each count.
#define BL_SERIES_WITH_STATUS(status) \
  "(select count(*) from @series s where s.latest_run_no = u.run_no and s.status = " status ")"
#define BL_RUN_COLUMNS                                                                             \
  "u.run_id, u.repository, u.latest_result_id, u.run_reason, u.latest_batch_id, "                  \
  "u.run_tags, u.batch_count, u.result_count, u.error_count, u.series_count, "                     \
  "u.first_result_at, u.last_result_at, " BL_SERIES_WITH_STATUS("0") ", " BL_SERIES_WITH_STATUS(   \
      "1") ", " BL_SERIES_WITH_STATUS("2") ", " BL_SERIES_WITH_STATUS("3") ", " BL_COMMIT_COLUMNS  \
                                                                           " from @run u left "    \
                                                                           "join \"commit\" c on " \
                                                                           "c.id = "               \
                                                                           "u.commit_id "
static_assert(static_cast<int>(SeriesStatus::insufficient) == 0 &&
              static_cast<int>(SeriesStatus::stable) == 1 &&
              static_cast<int>(SeriesStatus::regressed) == 2 &&
              static_cast<int>(SeriesStatus::improved) == 3);

}  // namespace

Result<std::vector<ResultRow>> StoreRunBrowser::results(const ResultFilter& filter) {
  std::vector<ResultRow> page;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) {
    page.clear();
    return read_page(connection, filter, limits_,
                     "select " BL_RESULT_ROW_COLUMNS
                     " from benchmark_result r "
                     "join \"case\" k on k.id = r.case_id "
                     "left join \"commit\" c on c.id = r.commit_id ",
                     [&](const store::Row& row) -> Result<bool> {
                       BL_TRY(auto result, result_row_of(row, mode_));
                       page.push_back(std::move(result));
                       return true;
                     });
  }));
  return page;
}

namespace {

// A page's results share commits, machines, and most of their documents.
Result<void> add_what_is_shared(store::Connection& connection, std::vector<StoredResult>& results) {
  if (results.empty()) return {};
  ById<json::Value> contexts, infos;
  ById<std::optional<StoredCommit>> commits;
  ById<HardwareRow> hardware;
  for (const StoredResult& result : results) {
    contexts.try_emplace(result.context_id);
    infos.try_emplace(result.info_id);
    hardware.try_emplace(result.hardware_id);
    if (result.stored_commit) commits.try_emplace(result.stored_commit->id);
  }
  BL_RETURN_IF_ERROR(read_contexts_and_infos(connection, contexts, infos));
  BL_RETURN_IF_ERROR(read_commits(connection, commits));
  BL_RETURN_IF_ERROR(read_hardware(connection, hardware));
  for (StoredResult& result : results) {
    result.context = contexts.find(result.context_id)->second;
    result.info = infos.find(result.info_id)->second;
    const HardwareRow& machine = hardware.find(result.hardware_id)->second;
    result.hardware_hash = machine.hash;
    result.hardware = machine.hardware;
    if (!result.stored_commit) continue;
    result.stored_commit = commits.find(result.stored_commit->id)->second;
    if (result.stored_commit) result.commit = *result.stored_commit;
  }
  return {};
}

}  // namespace

Result<WholePage> StoreRunBrowser::whole_results(const ResultFilter& filter) {
  WholePage page;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    page = {};
    std::size_t bytes = 0;
    const std::string select = own_columns(connection.dialect()) +
                               ", k.name, @text{k.tags} from benchmark_result r "
                               "join \"case\" k on k.id = r.case_id ";
    BL_RETURN_IF_ERROR(
        read_page(connection, filter, limits_, select, [&](const store::Row& row) -> Result<bool> {
          bytes += samples_bytes_of(row);
          if (bytes > limits_.page_samples_bytes_max && !page.results.empty()) {
            page.may_go_on = true;
            return false;
          }
          BL_TRY(auto result, own_result_of(row, connection.dialect()));
          result.benchmark_case.name = row.text(k_own_columns);
          BL_TRY(result.benchmark_case.tags, object_of(row, k_own_columns + 1));
          page.results.push_back(std::move(result));
          return true;
        }));
    return add_what_is_shared(connection, page.results);
  }));
  if (page.results.size() == static_cast<std::size_t>(filter.page_size)) page.may_go_on = true;
  return page;
}

Result<StoredResult> StoreRunBrowser::result(std::string_view id) {
  std::optional<StoredResult> found;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) {
    return for_each_row(
        connection,
        store::both_dialects<"select " BL_STORED_RESULT_COLUMNS BL_STORED_RESULT_TABLES
                             "where r.id = $1">(),
        {id}, [&](const store::Row& row) -> Result<void> {
          BL_TRY(found, stored_result_of(row));
          return {};
        });
  }));
  if (!found) return Error{Code::not_found, "no benchmark result has the id " + std::string(id)};
  return std::move(*found);
}

Result<RunRow> run_row_of(const store::Row& row) {
  RunRow run;
  run.run_id = row.text(0);
  run.repository = row.text(1);
  run.latest_result_id = row.text(2);
  run.run_reason = row.text_or_null(3);
  run.latest_batch_id = row.text_or_null(4);
  BL_TRY(run.run_tags, object_of(row, 5));
  run.batch_count = row.integer(6);
  run.result_count = row.integer(7);
  run.error_count = row.integer(8);
  run.series_count = row.integer(9);
  run.first_result_at = Timestamp{row.integer(10)};
  run.last_result_at = Timestamp{row.integer(11)};
  run.insufficient_count = row.integer(12);
  run.stable_count = row.integer(13);
  run.regressed_count = row.integer(14);
  run.improved_count = row.integer(15);
  return run;
}

void add_commit(RunRow& run, std::optional<StoredCommit> commit) {
  run.commit = std::move(commit);
  if (run.commit) run.commit_sha = run.commit->sha;
}

Result<std::vector<RunRow>> recent_runs_of(store::Connection& connection,
                                           const std::optional<std::string>& repository,
                                           int count) {
  std::vector<RunRow> runs;
  const auto take = [&](const store::Row& row) -> Result<void> {
    BL_TRY(auto run, run_row_of(row));
    add_commit(run, commit_of(row, k_run_columns));
    runs.push_back(std::move(run));
    return {};
  };
  const std::int64_t limit = count;
  if (repository) {
    BL_RETURN_IF_ERROR(
        for_each_row(connection,
                     store::both_dialects<"select " BL_RUN_COLUMNS "where u.repository = $1 "
                                          "order by @postgres{u.last_result_hour desc, }"
                                          "u.last_result_at desc, u.run_no desc limit $2">(),
                     {std::string_view(*repository), limit}, take));
    return runs;
  }
  BL_RETURN_IF_ERROR(for_each_row(
      connection,
      store::both_dialects<"select " BL_RUN_COLUMNS "order by @postgres{u.last_result_hour desc, }"
                           "u.last_result_at desc, u.run_no desc limit $1">(),
      {limit}, take));
  return runs;
}

Result<std::vector<RunRow>> StoreRunBrowser::recent_runs(std::optional<std::string> repository,
                                                         int count) {
  std::vector<RunRow> runs;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(runs, recent_runs_of(connection, repository, count));
    return {};
  }));
  return runs;
}

Result<std::vector<std::string>> repositories_of(store::Connection& connection) {
  // A walk from one value of the index to the next: `distinct` would read every run.
  std::vector<std::string> repositories;
  for (std::string after;;) {
    const std::size_t before = repositories.size();
    BL_RETURN_IF_ERROR(
        connection.query(store::both_dialects<"select repository from @run where repository > $1 "
                                              "order by repository limit 1">(),
                         {std::string_view(after)}, [&](const store::Row& row) {
                           repositories.emplace_back(row.text(0));
                           return true;
                         }));
    if (repositories.size() == before) return repositories;
    after = repositories.back();
  }
}

Result<std::vector<std::string>> StoreRunBrowser::repositories() {
  std::vector<std::string> found;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(found, repositories_of(connection));
    return {};
  }));
  return found;
}

}  // namespace bl::results
