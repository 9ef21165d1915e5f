#include "results/lake_series.h"

#include <fmt/format.h>

#include "results/replica/batch_row.h"
#include "results/replica/facts.h"
#include "results/replica/id_order.h"
#include "results/replica/points.h"
#include "results/replica/sources.h"
#include "results/store/derived.h"
#include "results/store/series_rows.h"

namespace bl::results {

using replica::Sources;
using replica::Where;

namespace {

Where conditions_of(const SeriesFilter& filter) {
  Where where;
  for (const std::string& word : search_words(filter.text.value_or(""))) {
    where.add("contains(search_text, " + where.place(word) + ")");
  }
  if (filter.repository) where.equal("repository", *filter.repository);
  if (filter.hardware) where.equal("hardware_name", *filter.hardware);
  if (filter.fingerprint) {
    where.equal("fingerprint64", replica::key_of(*filter.fingerprint));
    where.equal("history_fingerprint", *filter.fingerprint);
  }
  if (filter.status) where.equal("status", static_cast<std::int64_t>(*filter.status));
  const auto bound = [](const std::optional<Timestamp>& time) {
    return time ? std::optional(lake::Bound(*time)) : std::nullopt;
  };
  if (filter.active_since || filter.active_until) {
    where.between("latest_result_timestamp", bound(filter.active_since),
                  bound(filter.active_until));
  }
  return where;
}

// The order of a sort, and where a page after `cursor` begins.
std::string add_order(Where& where, SeriesFilter::Sort sort,
                      const std::optional<SeriesCursor>& cursor) {
  const char* key = sort == SeriesFilter::Sort::recent ? "latest_result_timestamp"
                    : sort == SeriesFilter::Sort::name ? "name"
                                                       : "change_rank";
  const bool down = sort == SeriesFilter::Sort::recent;
  if (cursor) {
    const lake::Bound at = sort == SeriesFilter::Sort::recent ? lake::Bound(Timestamp{cursor->time})
                           : sort == SeriesFilter::Sort::name ? lake::Bound(cursor->name)
                                                              : lake::Bound(cursor->change_rank);
    if (down) {
      where.between(key, std::nullopt, at);
    } else {
      where.between(key, at, std::nullopt);
    }
    const std::string place = "$" + std::to_string(where.values().size());
    where.add(fmt::format("({0} {1} {2} OR history_fingerprint {1} {3})", key, down ? "<" : ">",
                          place, where.place(cursor->fingerprint)));
  }
  const std::string direction = down ? " DESC" : "";
  return fmt::format("ORDER BY {0}{1}, history_fingerprint{1}", key, direction);
}

// In the order that page_row_of reads; contexts come by themselves, a page has few.
constexpr std::string_view k_page_columns =
    "series_no, history_fingerprint, name, hardware_name, repository, tags, "
    "CAST(NULL AS VARCHAR) AS context, unit, status, z_score, change_percent, change_rank, "
    "latest_result_id, latest_best, latest_mean, latest_commit_sha, latest_commit_timestamp, "
    "latest_result_timestamp, point_count, coalesce(sparkline, '[]') AS sparkline, "
    "change_count <> fresh_count AS is_stale, context_id";
constexpr int k_context_id_column = 21;

Result<std::vector<PageRow>> read_page(const Sources& sources, const SeriesFilter& filter,
                                       const std::optional<SeriesCursor>& cursor,
                                       SummaryMode mode) {
  Where where = conditions_of(filter);
  const std::string order = add_order(where, filter.sort, cursor);
  // One row more than the page tells whether there is a next page.
  BL_TRY(const columns::Batch batch,
         sources.select(replica::series_shape(), k_page_columns, where,
                        fmt::format("{} LIMIT {}", order, filter.page_size + 1)));
  std::vector<PageRow> rows;
  std::vector<std::string> context_ids;
  ById<json::Value> contexts;
  BL_RETURN_IF_ERROR(replica::for_each_row(batch, [&](const store::Row& row) -> Result<void> {
    BL_TRY(PageRow one, page_row_of(row, mode));
    rows.push_back(std::move(one));
    contexts.try_emplace(context_ids.emplace_back(row.text(k_context_id_column)));
    return {};
  }));
  BL_RETURN_IF_ERROR(replica::read_contexts(sources, contexts));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].series.context = contexts.find(context_ids[i])->second;
  }
  return rows;
}

Result<void> judge_again(const Sources& sources, std::span<PageRow* const> stale,
                         const replica::PointOptions& options, int commits) {
  std::vector<replica::WantedSeries> wanted;
  for (const PageRow* row : stale) {
    wanted.push_back({row->series.history_fingerprint, row->series.repository});
  }
  BL_TRY(const auto values, replica::read_values(sources, wanted, options));
  for (PageRow* row : stale) {
    const auto found = values.find(row->series.history_fingerprint);
    const auto points =
        found == values.end() ? std::span<const verdict::LookbackRow>() : std::span(found->second);
    set_state(row->series, state_of(points, row->series.unit, commits));
  }
  return {};
}

Result<void> add_runs(const Sources& sources, std::string_view prefix, int count_max,
                      std::vector<SearchHit>& hits) {
  Where where;
  const std::string end = after_prefix(prefix);
  where.between("run_id", lake::Bound(std::string(prefix)), lake::Bound(end));
  where.add("run_id < " + where.place(end));
  BL_TRY(const columns::Batch batch,
         sources.select(replica::runs_shape(), "run_id, repository, result_count", where,
                        fmt::format("ORDER BY run_id, repository LIMIT {}", count_max)));
  return replica::for_each_row(batch, [&](const store::Row& row) -> Result<void> {
    hits.push_back(run_hit(row.text(0), row.text(1), row.integer(2)));
    return {};
  });
}

Result<void> add_results(const Sources& sources, std::string_view prefix, std::string_view end,
                         int count_max, std::vector<SearchHit>& hits) {
  BL_TRY(const auto results, replica::first_results(sources, prefix, end, count_max));
  ById<Case> cases;
  for (const auto& result : results) cases.try_emplace(result.case_id);
  BL_RETURN_IF_ERROR(replica::read_cases(sources, cases));
  for (const auto& result : results) {
    hits.push_back(result_hit(result.id, cases.find(result.case_id)->second.name));
  }
  return {};
}

// The newest result of each commit.
Result<std::map<std::string, std::string, std::less<>>> newest_of(
    const Sources& sources, std::vector<std::string> commit_ids) {
  std::map<std::string, std::string, std::less<>> newest;
  if (commit_ids.empty()) return newest;
  Where where;
  where.one_of("commit_id", std::move(commit_ids));
  BL_TRY(const columns::Batch batch,
         sources.select(replica::results_shape(),
                        fmt::format("commit_id, max({})", replica::k_id_text), where,
                        "GROUP BY commit_id"));
  BL_RETURN_IF_ERROR(replica::for_each_row(batch, [&](const store::Row& row) -> Result<void> {
    newest.emplace(row.text(0), row.text(1));
    return {};
  }));
  return newest;
}

Result<void> add_commits(const Sources& sources, std::string_view prefix, std::string_view end,
                         int count_max, std::vector<SearchHit>& hits) {
  Where where;
  where.between("sha", lake::Bound(std::string(prefix)), lake::Bound(std::string(end)));
  where.add("sha < " + where.place(std::string(end)));
  BL_TRY(const columns::Batch batch,
         sources.select(replica::commits_shape(), "id, sha, message", where,
                        fmt::format("ORDER BY sha LIMIT {}", count_max)));
  std::vector<std::string> ids;
  BL_RETURN_IF_ERROR(replica::for_each_row(batch, [&](const store::Row& row) -> Result<void> {
    ids.emplace_back(row.text(0));
    return {};
  }));
  BL_TRY(const auto newest, newest_of(sources, std::move(ids)));
  return replica::for_each_row(batch, [&](const store::Row& row) -> Result<void> {
    const auto found = newest.find(row.text(0));
    if (found != newest.end()) {
      hits.push_back(commit_hit(row.text(1), row.text(2), found->second));
    }
    return {};
  });
}

Result<void> add_hits_by_id(const Sources& sources, std::string_view prefix, int count_max,
                            std::vector<SearchHit>& hits) {
  BL_RETURN_IF_ERROR(add_runs(sources, prefix, count_max, hits));
  if (!begins_hash(prefix)) return {};
  const std::string end = std::string(prefix) + "g";
  BL_RETURN_IF_ERROR(add_results(sources, prefix, end, count_max, hits));
  return add_commits(sources, prefix, end, count_max, hits);
}

}  // namespace

Result<SeriesPage> LakeProjectHealthReader::series(const SeriesFilter& filter) {
  std::optional<SeriesCursor> cursor;
  if (!filter.cursor.empty()) {
    BL_TRY(cursor, decode_cursor(filter.cursor, filter.sort));
  }
  BL_TRY(const Sources sources, Sources::pin(lake_, engine_));
  BL_TRY(auto rows, read_page(sources, filter, cursor, mode_));
  return page_of(std::move(rows), filter, [&](std::span<PageRow* const> stale) {
    return judge_again(sources, stale, {of_, mode_}, commits_);
  });
}

Result<Facts> LakeProjectHealthReader::facts() {
  Facts facts;
  BL_TRY(const Sources sources, Sources::pin(lake_, engine_));
  facts.series = sources.snapshot(replica::series_shape()).rows();
  facts.runs = sources.snapshot(replica::runs_shape()).rows();
  facts.commits = sources.snapshot(replica::commits_shape()).rows();
  facts.results = sources.snapshot(replica::results_shape()).rows();
  BL_TRY(facts.repositories, replica::repositories_of_runs(sources));
  return facts;
}

Result<std::vector<SearchHit>> LakeProjectHealthReader::search(std::string_view text,
                                                               int count_max) {
  std::vector<SearchHit> hits;
  if (search_words(text).empty() || count_max <= 0) return hits;
  SeriesFilter filter;
  filter.text = std::string(text);
  filter.page_size = count_max;
  BL_TRY(const Sources sources, Sources::pin(lake_, engine_));
  // An exact word may be an id; ids come first, since they answer what was asked.
  if (const auto prefix = prefix_of(text)) {
    BL_RETURN_IF_ERROR(add_hits_by_id(sources, *prefix, count_max, hits));
  }
  BL_TRY(const auto rows, read_page(sources, filter, std::nullopt, mode_));
  for (const PageRow& row : rows) hits.push_back(hit_of(row.series));
  if (hits.size() > static_cast<std::size_t>(count_max)) {
    hits.resize(static_cast<std::size_t>(count_max));
  }
  return hits;
}

}  // namespace bl::results
