#include "results/store_runs.h"

#include "results/store/rows.h"
#include "results/store/whole.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

using store::Param;

// A time range that holds fewer results than this is sorted by id; a wider one is met often enough
// by walking the ids.
constexpr std::int64_t k_sorted_results_max = 20'000;

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

// True when the time bounds alone leave few results, so that the timestamp index is the way in.
Result<bool> is_narrow_in_time(store::Connection& connection, const ResultFilter& filter) {
  if (!filter.earliest && !filter.latest) return false;
  if (filter.run_id || filter.batch_id || filter.run_reason) return false;
  ResultFilter bounds;
  bounds.earliest = filter.earliest;
  bounds.latest = filter.latest;
  Conditions conditions = conditions_of(bounds);
  std::int64_t matches = 0;
  BL_RETURN_IF_ERROR(connection.query_text(
      store::in_dialect("select count(*) from (select 1 from benchmark_result r" + conditions.text +
                            " limit " + std::to_string(k_sorted_results_max + 1) + ") as few",
                        connection.dialect()),
      conditions.params, [&](const store::Row& row) {
        matches = row.integer(0);
        return true;
      }));
  return matches <= k_sorted_results_max;
}

// Ids of the page first, so that only its rows are joined. On SQLite a unary plus keeps the planner
// off an index: off the timestamp's when the ids are walked, off the ids' when times are narrow.
std::string page_of_ids(const ResultFilter& filter, const Conditions& conditions, bool narrow,
                        store::Dialect dialect) {
  std::string where = conditions.text;
  std::string order = " order by r.id desc";
  const bool has_index = filter.run_id || filter.batch_id || filter.run_reason;
  if (dialect == store::Dialect::sqlite) {
    if (narrow) {
      order = " order by +r.id desc";
    } else if (!has_index) {
      for (std::size_t at = where.find("r.timestamp"); at != std::string::npos;
           at = where.find("r.timestamp", at + 2)) {
        where.insert(at, "+");
      }
    }
  }
  return "select r.id from benchmark_result r" + where + order + " limit " +
         std::to_string(filter.page_size);
}

// Hands the rows of a page to `each`, which says whether it wants the next one. `select` ends after
// its joins.
Result<void> read_page(store::Connection& connection, const ResultFilter& filter,
                       std::string_view select,
                       const std::function<Result<bool>(const store::Row&)>& each) {
  BL_TRY(const bool narrow, is_narrow_in_time(connection, filter));
  const Conditions conditions = conditions_of(filter);
  std::string sql(select);
  sql += "where r.id in (" + page_of_ids(filter, conditions, narrow, connection.dialect()) +
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
  run.commit = commit_of(row, 16);
  if (run.commit) run.commit_sha = run.commit->sha;
  return run;
}

}  // namespace

Result<std::vector<ResultRow>> StoreRunBrowser::results(const ResultFilter& filter) {
  std::vector<ResultRow> page;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) {
    page.clear();
    return read_page(connection, filter,
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

Result<WholePage> StoreRunBrowser::whole_results(const ResultFilter& filter) {
  WholePage page;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) {
    page = {};
    std::size_t bytes = 0;
    return read_page(connection, filter, "select " BL_STORED_RESULT_COLUMNS BL_STORED_RESULT_TABLES,
                     [&](const store::Row& row) -> Result<bool> {
                       bytes += row.text(k_whole_data_column).size() +
                                row.text(k_whole_times_column).size();
                       if (bytes > limits_.page_samples_bytes_max && !page.results.empty()) {
                         page.may_go_on = true;
                         return false;
                       }
                       BL_TRY(auto result, stored_result_of(row));
                       page.results.push_back(std::move(result));
                       return true;
                     });
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

Result<std::vector<RunRow>> recent_runs_of(store::Connection& connection,
                                           const std::optional<std::string>& repository,
                                           int count) {
  std::vector<RunRow> runs;
  const auto take = [&](const store::Row& row) -> Result<void> {
    BL_TRY(auto run, run_row_of(row));
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
