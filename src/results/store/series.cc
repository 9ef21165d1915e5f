#include "results/store_series.h"

#include "results/store/derived.h"
#include "results/store/rows.h"
#include "results/store/series_cursor.h"
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

// A row of the page, with what the cursor and a fresh judgement need.
struct PageRow {
  SeriesRow series;
  std::int64_t series_no = 0;
  bool stale = false;
  double change_rank = 0;
};

#define BL_SERIES_COLUMNS                                                               \
  "s.series_no, s.history_fingerprint, s.name, s.hardware_name, s.repository, s.tags, " \
  "@text{x.tags}, s.unit, s.status, s.z_score, s.change_percent, s.change_rank, "       \
  "s.latest_result_id, s.latest_best, s.latest_mean, s.latest_commit_sha, "             \
  "s.latest_commit_timestamp, s.latest_result_timestamp, s.point_count, "               \
  "coalesce(l.sparkline, '[]'), "                                                       \
  "s.change_count <> s.fresh_count"

Result<PageRow> page_row_of(const store::Row& row, SummaryMode mode) {
  PageRow page_row;
  SeriesRow& series = page_row.series;
  page_row.series_no = row.integer(0);
  series.history_fingerprint = row.text(1);
  series.name = row.text(2);
  series.hardware = row.text(3);
  series.repository = row.text(4);
  BL_TRY(series.tags, object_of(row, 5));
  BL_TRY(series.context, object_of(row, 6));
  series.unit = row.text_or_null(7);
  series.status = static_cast<SeriesStatus>(row.integer(8));
  series.z_score = row.real_or_null(9);
  series.change_percent = row.real_or_null(10);
  page_row.change_rank = row.real(11);
  series.latest_result_id = row.text(12);
  series.latest_summary.value = row.real_or_null(mode == SummaryMode::best ? 13 : 14);
  series.latest_summary.type = summary_type(series.unit, mode);
  series.latest_commit_sha = row.text_or_null(15);
  if (!row.is_null(16)) series.latest_commit_timestamp = Timestamp{row.integer(16)};
  series.latest_result_timestamp = Timestamp{row.integer(17)};
  series.point_count = row.integer(18);
  BL_TRY(const json::Array sparkline, samples_of(row, 19));
  for (const json::Value& value : sparkline) {
    if (value.is_number()) series.sparkline.push_back(value.as_double());
  }
  page_row.stale = row.integer(20) != 0;
  return page_row;
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

Result<void> judge_again(store::Connection& connection, PageRow& row, SummaryMode mode,
                         int commits) {
  BL_TRY(SeriesState state,
         judge_series(connection, row.series_no, row.series.unit, mode, commits));
  row.series.status = state.status;
  row.series.z_score = state.z_score;
  row.series.change_percent = state.change_percent;
  row.series.sparkline = std::move(state.sparkline);
  return {};
}

SeriesCursor cursor_after(const PageRow& row) {
  return {row.series.latest_result_timestamp.micros, row.change_rank, row.series.name,
          row.series.history_fingerprint};
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

// A path segment of the page.
std::string escaped(std::string_view text) {
  static constexpr char k_hex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', k_hex[byte >> 4], k_hex[byte & 15]};
    }
  }
  return out;
}

/// `k=v, k=v` of the text members, without the name.
std::string pairs_of(const json::Value& object) {
  std::string pairs;
  if (!object.is_object()) return pairs;
  for (const auto& [key, value] : object.members()) {
    if (key == "name" || !value.is_string()) continue;
    if (!pairs.empty()) pairs += ", ";
    pairs += key + "=" + value.as_string();
  }
  return pairs;
}

/// Everything that tells one series from another of the same name.
SearchHit hit_of(const SeriesRow& series) {
  SearchHit hit;
  hit.kind = "series";
  hit.title = series.name;
  for (const std::string& part :
       {pairs_of(series.tags), series.hardware, pairs_of(series.context)}) {
    if (part.empty()) continue;
    if (!hit.detail.empty()) hit.detail += " · ";
    hit.detail += part;
  }
  hit.href = "/series/" + escaped(series.history_fingerprint);
  return hit;
}

// Lower-case hex, as ids and commit hashes are. Every collation sorts them alike, and has the next
// letter behind all that begin so: the index of a table in the database's language finds them.
bool begins_hash(std::string_view prefix) {
  return prefix.find_first_not_of("0123456789abcdef") == std::string_view::npos;
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
        hits.push_back({"run", std::string(row.text(0)),
                        std::to_string(row.integer(2)) + " results · " + std::string(row.text(1)),
                        "/runs/" + escaped(row.text(0))});
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
        hits.push_back({"result", std::string(row.text(0)), std::string(row.text(1)),
                        "/results/" + escaped(row.text(0))});
        return true;
      }));
  // A commit has no page of its own: it leads to the newest of its results.
  return connection.query(
      store::both_dialects<"select c.sha, c.message, (select max(r.id) from benchmark_result r "
                           "where r.commit_id = c.id) from \"commit\" c where c.sha >= $1 and "
                           "c.sha < $2 order by c.sha limit $3">(),
      hashes, [&](const store::Row& row) {
        if (row.is_null(2)) return true;
        hits.push_back({"commit", std::string(row.text(0)), std::string(row.text(1)),
                        "/results/" + escaped(row.text(2))});
        return true;
      });
}

// What a prefix must have before it is looked up: shorter ones match everything.
constexpr std::size_t k_prefix_chars_min = 3;

}  // namespace

Result<SeriesPage> StoreProjectHealthReader::series(const SeriesFilter& filter) {
  std::optional<SeriesCursor> cursor;
  if (!filter.cursor.empty()) {
    BL_TRY(cursor, decode_cursor(filter.cursor, filter.sort));
  }
  SeriesPage page;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    page = {};
    BL_TRY(auto rows, read_page(connection, filter, cursor, mode_));
    const auto wanted = static_cast<std::size_t>(filter.page_size);
    if (rows.size() > wanted) {
      rows.resize(wanted);
      page.next_cursor = encode_cursor(cursor_after(rows.back()), filter.sort);
    }
    for (PageRow& row : rows) {
      if (row.stale) BL_RETURN_IF_ERROR(judge_again(connection, row, mode_, commits_));
      if (filter.status && row.series.status != *filter.status) continue;
      page.series.push_back(std::move(row.series));
    }
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
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    const std::string_view trimmed =
        text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
    if (trimmed.size() >= k_prefix_chars_min) {
      BL_RETURN_IF_ERROR(add_hits_by_id(connection, trimmed, count_max, hits));
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
