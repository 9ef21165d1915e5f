#include "results/store_series.h"

#include "results/store/derived.h"
#include "results/store/rows.h"
#include "results/store/series_rows.h"
#include "results/store_runs.h"
#include "results/store_series_refresh.h"
#include "store/both_dialects.h"

namespace bl::results {

const char* name_of(SeriesStatus status) {
  switch (status) {
    case SeriesStatus::insufficient:
      return "insufficient";
    case SeriesStatus::stable:
      return "stable";
    case SeriesStatus::regressed:
      return "regressed";
    case SeriesStatus::improved:
      return "improved";
  }
  return "insufficient";
}

namespace {

using store::Param;

// The statement of one page. `texts` owns what `params` view.
struct PageQuery {
  std::string where;
  std::vector<Param> params;
  std::vector<std::string> texts;

  std::string place(Param value) {
    params.push_back(value);
    return "$" + std::to_string(params.size());
  }
  void add(const std::string& condition) {
    where += where.empty() ? " where " : " and ";
    where += condition;
  }
};

void add_filters(PageQuery& query, const SeriesFilter& filter, store::Dialect dialect) {
  query.texts = search_words(filter.text.value_or(""));
  for (const std::string& word : query.texts) {
    const std::string value = query.place(std::string_view(word));
    query.add(dialect == store::Dialect::sqlite ? "instr(s.search_text, " + value + ") > 0"
                                                : "strpos(s.search_text, " + value + ") > 0");
  }
  if (filter.repository) {
    query.add("s.repository = " + query.place(std::string_view(*filter.repository)));
  }
  if (filter.hardware) {
    query.add("s.hardware_name = " + query.place(std::string_view(*filter.hardware)));
  }
  if (filter.fingerprint) {
    query.add("s.history_fingerprint = " + query.place(std::string_view(*filter.fingerprint)));
  }
  if (filter.status) {
    query.add("s.status = " + query.place(static_cast<std::int64_t>(*filter.status)));
  }
  if (filter.active_since) {
    query.add("s.latest_result_timestamp >= " + query.place(filter.active_since->micros));
  }
  if (filter.active_until) {
    query.add("s.latest_result_timestamp <= " + query.place(filter.active_until->micros));
  }
}

// The order of a sort, and where a page after `cursor` begins.
std::string add_order(PageQuery& query, SeriesFilter::Sort sort,
                      const std::optional<SeriesCursor>& cursor) {
  const char* key = sort == SeriesFilter::Sort::recent ? "s.latest_result_timestamp"
                    : sort == SeriesFilter::Sort::name ? "@binary{s.name}"
                                                       : "s.change_rank";
  const bool down = sort == SeriesFilter::Sort::recent;
  if (cursor) {
    const Param at = sort == SeriesFilter::Sort::recent ? Param(cursor->time)
                     : sort == SeriesFilter::Sort::name ? Param(std::string_view(cursor->name))
                                                        : Param(cursor->change_rank);
    const std::string place = query.place(at);
    const std::string tie = query.place(std::string_view(cursor->fingerprint));
    query.add("(" + std::string(key) + ", s.history_fingerprint) " + (down ? "<" : ">") + " (" +
              place + ", " + tie + ")");
  }
  const std::string direction = down ? " desc" : "";
  return " order by " + std::string(key) + direction + ", s.history_fingerprint" + direction;
}

Result<std::vector<PageRow>> read_page(store::Connection& connection, const SeriesFilter& filter,
                                       const std::optional<SeriesCursor>& cursor,
                                       SummaryMode mode) {
  PageQuery query;
  add_filters(query, filter, connection.dialect());
  const std::string order = add_order(query, filter.sort, cursor);
  // One row more than the page tells whether there is a next page.
  const std::string sql = "select " BL_SERIES_COLUMNS
                          " from @series s join context x on x.id = s.context_id "
                          "left join @series_sparkline l on l.series_no = s.series_no" +
                          query.where + order + " limit " + std::to_string(filter.page_size + 1);
  std::vector<PageRow> rows;
  std::optional<Error> fault;
  BL_RETURN_IF_ERROR(connection.query_text(store::in_dialect(sql, connection.dialect()),
                                           query.params, [&](const store::Row& row) {
                                             auto taken = page_row_of(row, mode);
                                             if (!taken.ok()) {
                                               fault = std::move(taken).error();
                                               return false;
                                             }
                                             rows.push_back(std::move(*taken));
                                             return true;
                                           }));
  if (fault) return std::move(*fault);
  return rows;
}

Result<std::int64_t> first_integer(store::Connection& connection, const store::Sql& sql,
                                   std::initializer_list<Param> params) {
  std::int64_t value = 0;
  BL_RETURN_IF_ERROR(connection.query(sql, params, [&](const store::Row& row) {
    value = row.integer(0);
    return true;
  }));
  return value;
}

Result<std::int64_t> counter(store::Connection& connection, std::string_view name,
                             const char* postgres) {
  return first_integer(
      connection, store::Sql("select value from bl_counter where name = $1", postgres), {name});
}

// Runs, results and commits whose id begins with `prefix`.
Result<void> add_hits_by_id(store::Connection& connection, std::string_view prefix,
                            std::int64_t count_max, std::vector<SearchHit>& hits) {
  const std::string end = after_prefix(prefix);
  const std::initializer_list<Param> range = {prefix, std::string_view(end), count_max};
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<
          "select run_id, repository, result_count from @run where run_id >= $1 and "
          "run_id < $2 order by run_id, repository limit $3">(),
      range, [&](const store::Row& row) {
        hits.push_back(run_hit(row.text(0), row.text(1), row.integer(2)));
        return true;
      }));
  if (!begins_hash(prefix)) return {};
  const std::string hash_end = std::string(prefix) + "g";
  const std::initializer_list<Param> hashes = {prefix, std::string_view(hash_end), count_max};
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select r.id, k.name from benchmark_result r join \"case\" k "
                           "on k.id = r.case_id where r.id >= $1 and r.id < $2 "
                           "order by r.id limit $3">(),
      hashes, [&](const store::Row& row) {
        hits.push_back(result_hit(row.text(0), row.text(1)));
        return true;
      }));
  return connection.query(
      store::both_dialects<"select c.sha, c.message, (select max(r.id) from benchmark_result r "
                           "where r.commit_id = c.id) from \"commit\" c where c.sha >= $1 and "
                           "c.sha < $2 order by c.sha limit $3">(),
      hashes, [&](const store::Row& row) {
        if (!row.is_null(2)) hits.push_back(commit_hit(row.text(0), row.text(1), row.text(2)));
        return true;
      });
}

}  // namespace

Result<SeriesPage> StoreProjectHealthReader::series(const SeriesFilter& filter) {
  std::optional<SeriesCursor> cursor;
  if (!filter.cursor.empty()) {
    BL_TRY(cursor, decode_cursor(filter.cursor, filter.sort));
  }
  SeriesPage page;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(auto rows, read_page(connection, filter, cursor, mode_));
    BL_TRY(page,
           page_of(std::move(rows), filter, [&](std::span<PageRow* const> stale) -> Result<void> {
             for (PageRow* row : stale) {
               BL_TRY(SeriesState state,
                      judge_series(connection, row->series_no, row->series.unit, mode_, commits_));
               set_state(row->series, std::move(state));
             }
             return {};
           }));
    return {};
  }));
  return page;
}

Result<Facts> StoreProjectHealthReader::facts() {
  Facts facts;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(facts.results,
           counter(connection, "results",
                   "select coalesce(sum(result_count), 0)::bigint from benchlake.run "
                   "where $1 = 'results'"));
    BL_TRY(facts.series, counter(connection, "series",
                                 "select count(*) from benchlake.series where $1 = 'series'"));
    BL_TRY(facts.runs,
           counter(connection, "runs", "select count(*) from benchlake.run where $1 = 'runs'"));
    BL_TRY(facts.commits,
           counter(connection, "commits", "select count(*) from \"commit\" where $1 = 'commits'"));
    BL_TRY(facts.repositories, repositories_of(connection));
    return {};
  }));
  return facts;
}

Result<std::vector<SearchHit>> StoreProjectHealthReader::search(std::string_view text,
                                                                int count_max) {
  std::vector<SearchHit> hits;
  const std::vector<std::string> words = search_words(text);
  if (words.empty() || count_max <= 0) return hits;
  SeriesFilter filter;
  filter.text = std::string(text);
  filter.page_size = count_max;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    hits.clear();
    // An exact word may be an id; ids come first, since they answer what was asked.
    if (const auto prefix = prefix_of(text)) {
      BL_RETURN_IF_ERROR(add_hits_by_id(connection, *prefix, count_max, hits));
    }
    BL_TRY(const auto rows, read_page(connection, filter, std::nullopt, mode_));
    for (const PageRow& row : rows) hits.push_back(hit_of(row.series));
    return {};
  }));
  if (hits.size() > static_cast<std::size_t>(count_max)) {
    hits.resize(static_cast<std::size_t>(count_max));
  }
  return hits;
}

}  // namespace bl::results
