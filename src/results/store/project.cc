#include "results/store_project.h"

#include <algorithm>
#include <limits>

#include "results/store/derived.h"
#include "results/store/rows.h"
#include "results/store_runs.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

using store::Param;

// A statement with filters, put together for one question.
struct Filtered {
  std::string where;
  std::vector<Param> params;

  std::string place(Param value) {
    params.push_back(value);
    return "$" + std::to_string(params.size());
  }
  void add(const std::string& condition) {
    where += where.empty() ? " where " : " and ";
    where += condition;
  }
};

Result<void> query(store::Connection& connection, const std::string& sql,
                   const std::vector<Param>& params,
                   const std::function<void(const store::Row&)>& each) {
  return connection.query_text(store::in_dialect(sql, connection.dialect()), params,
                               [&](const store::Row& row) {
                                 each(row);
                                 return true;
                               });
}

#define BL_STATUS_COUNTS                                      \
  "count(*), sum(case when s.status = 2 then 1 else 0 end), " \
  "sum(case when s.status = 3 then 1 else 0 end), "           \
  "sum(case when s.status = 1 then 1 else 0 end), "           \
  "sum(case when s.status = 0 then 1 else 0 end)"
static_assert(static_cast<int>(SeriesStatus::insufficient) == 0 &&
              static_cast<int>(SeriesStatus::stable) == 1 &&
              static_cast<int>(SeriesStatus::regressed) == 2 &&
              static_cast<int>(SeriesStatus::improved) == 3);

StatusCounts counts_of(const store::Row& row, int column) {
  return {.series = row.integer(column),
          .regressed = row.integer(column + 1),
          .improved = row.integer(column + 2),
          .stable = row.integer(column + 3),
          .insufficient = row.integer(column + 4)};
}

#define BL_NOTE_COLUMNS                                                          \
  "s.history_fingerprint, s.name, s.tags, s.hardware_name, s.latest_result_id, " \
  "s.status, s.change_percent, s.z_score, s.unit"

SeriesNote note_of(const store::Row& row) {
  SeriesNote note;
  note.history_fingerprint = row.text(0);
  note.name = row.text(1);
  note.tags_json = row.text(2);
  note.hardware = row.text(3);
  note.latest_result_id = row.text(4);
  note.status = static_cast<SeriesStatus>(row.integer(5));
  note.change_percent = row.real_or_null(6);
  note.z_score = row.real_or_null(7);
  note.unit = row.text_or_null(8);
  return note;
}

// Attention ----------------------------------------------------------------------------------

Result<void> add_counts(store::Connection& connection, const AttentionQuery& asked,
                        ProjectAttention& project) {
  Filtered series;
  series.add("s.repository = " + series.place(std::string_view(project.repository)));
  if (asked.since) {
    series.add("s.latest_result_timestamp >= " + series.place(asked.since->micros));
  }
  BL_RETURN_IF_ERROR(query(connection, "select " BL_STATUS_COUNTS " from @series s" + series.where,
                           series.params,
                           [&](const store::Row& row) { project.counts = counts_of(row, 0); }));
  series.add("s.status = 2");
  BL_RETURN_IF_ERROR(query(
      connection,
      "select " BL_NOTE_COLUMNS " from @series s" + series.where +
          " order by s.change_rank, s.history_fingerprint limit " + std::to_string(asked.worst_max),
      series.params, [&](const store::Row& row) { project.worst.push_back(note_of(row)); }));
  Filtered runs;
  runs.add("u.repository = " + runs.place(std::string_view(project.repository)));
  if (asked.since) runs.add("u.last_result_at >= " + runs.place(asked.since->micros));
  return query(connection,
               "select count(*), coalesce(sum(u.result_count), 0), "
               "coalesce(sum(u.error_count), 0) from @run u" +
                   runs.where,
               runs.params, [&](const store::Row& row) {
                 project.runs = row.integer(0);
                 project.results = row.integer(1);
                 project.errors = row.integer(2);
               });
}

Result<std::vector<std::string>> repositories_for(store::Connection& connection,
                                                  const AttentionQuery& asked,
                                                  std::size_t repositories_max) {
  BL_TRY(auto repositories, repositories_of(connection));
  if (!asked.repository) {
    if (repositories.size() > repositories_max) repositories.resize(repositories_max);
    return repositories;
  }
  if (std::find(repositories.begin(), repositories.end(), *asked.repository) ==
      repositories.end()) {
    return Error{Code::not_found, "no run is of the repository " + *asked.repository};
  }
  return std::vector<std::string>{*asked.repository};
}

// Families -----------------------------------------------------------------------------------

Filtered family_filters(const FamilyFilter& filter, const std::vector<std::string>& words,
                        store::Dialect dialect) {
  Filtered filtered;
  for (const std::string& word : words) {
    const std::string value = filtered.place(std::string_view(word));
    filtered.add(dialect == store::Dialect::sqlite ? "instr(s.search_text, " + value + ") > 0"
                                                   : "strpos(s.search_text, " + value + ") > 0");
  }
  if (filter.repository) {
    filtered.add("s.repository = " + filtered.place(std::string_view(*filter.repository)));
  }
  if (filter.name) filtered.add("s.name = " + filtered.place(std::string_view(*filter.name)));
  if (filter.after_name) {
    const std::string name = filtered.place(std::string_view(*filter.after_name));
    const std::string repository = filtered.place(
        std::string_view(filter.after_repository ? *filter.after_repository : std::string_view()));
    filtered.add("(@binary{s.name}, @binary{s.repository}) > (" + name + ", " + repository + ")");
  }
  return filtered;
}

Result<void> add_notes(store::Connection& connection, Family& family, int notes_max) {
  for (const bool wants_worst : {true, false}) {
    const std::string sql =
        std::string("select " BL_NOTE_COLUMNS
                    " from @series s where s.name = $1 and s.repository = $2 "
                    "and s.change_percent is not null order by s.change_percent") +
        (wants_worst ? "" : " desc") +
        ", @binary{s.tags}, @binary{s.hardware_name}, s.latest_result_timestamp desc, "
        "s.history_fingerprint limit " +
        std::to_string(notes_max);
    auto& notes = wants_worst ? family.worst : family.best;
    BL_RETURN_IF_ERROR(query(connection, sql,
                             {std::string_view(family.name), std::string_view(family.repository)},
                             [&](const store::Row& row) { notes.push_back(note_of(row)); }));
  }
  return {};
}

Result<std::vector<Family>> read_families(store::Connection& connection, const FamilyFilter& filter,
                                          const std::vector<std::string>& words) {
  const Filtered filtered = family_filters(filter, words, connection.dialect());
  std::string order = " order by ";
  if (filter.sort == FamilyFilter::Sort::regressed) {
    order += "sum(case when s.status = 2 then 1 else 0 end) desc, ";
  }
  order += "@binary{s.name}, @binary{s.repository} limit " + std::to_string(filter.page_size);
  std::vector<Family> families;
  BL_RETURN_IF_ERROR(query(connection,
                           "select s.name, s.repository, " BL_STATUS_COUNTS
                           ", count(distinct s.hardware_hash), count(distinct s.context_id), "
                           "max(s.latest_result_timestamp) from @series s" +
                               filtered.where + " group by s.name, s.repository" + order,
                           filtered.params, [&](const store::Row& row) {
                             Family& family = families.emplace_back();
                             family.name = row.text(0);
                             family.repository = row.text(1);
                             family.counts = counts_of(row, 2);
                             family.hardware_count = row.integer(7);
                             family.context_count = row.integer(8);
                             family.latest_result_timestamp = Timestamp{row.integer(9)};
                           }));
  return families;
}

// Since --------------------------------------------------------------------------------------

Result<std::string> commit_for(store::Connection& connection, const SinceQuery& asked) {
  std::string id;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select id from \"commit\" where sha = $1 and repository = $2">(),
      {std::string_view(asked.commit_sha), std::string_view(asked.repository)},
      [&](const store::Row& row) {
        id = row.text(0);
        return true;
      }));
  if (!id.empty()) return id;
  return Error{Code::not_found,
               asked.repository + " has no commit that is known here: " + asked.commit_sha};
}

// The results of the commit beside their series, newest result first within a series.
#define BL_SINCE_COLUMNS                                                                  \
  "select s.series_no, s.history_fingerprint, s.name, s.tags, s.hardware_name, s.unit, "  \
  "s.latest_result_id, s.latest_commit_sha, s.latest_best, s.latest_mean, r.id, r.unit, " \
  "r.error is not null, r.min, r.max, r.mean, @numbers{r.data}"

const store::Sql& since_sql() {
  static const std::string k_sqlite = store::in_dialect(
      BL_SINCE_COLUMNS
      " from bl_commit_series o cross join bl_series s on s.series_no = o.series_no "
      "cross join bl_result_number n on n.no = o.result_no "
      "cross join benchmark_result r on r.id = n.id where o.commit_id = $1 "
      "order by s.series_no, r.timestamp desc, r.id desc limit $2",
      store::Dialect::sqlite);
  static const std::string k_postgres =
      store::in_dialect(BL_SINCE_COLUMNS
                        " from benchmark_result r join benchlake.series s "
                        "on s.history_fingerprint = r.history_fingerprint where r.commit_id = $1 "
                        "order by s.series_no, r.timestamp desc, r.id collate \"C\" desc limit $2",
                        store::Dialect::postgres);
  static const store::Sql k_sql(k_sqlite.c_str(), k_postgres.c_str());
  return k_sql;
}

SinceRow since_row_of(const store::Row& row, SummaryMode mode, double threshold) {
  SinceRow since;
  since.history_fingerprint = row.text(1);
  since.name = row.text(2);
  since.tags_json = row.text(3);
  since.hardware = row.text(4);
  since.latest_result_id = row.text(6);
  since.latest_commit_sha = row.text_or_null(7);
  since.latest_value = row.real_or_null(mode == SummaryMode::best ? 8 : 9);
  since.baseline_result_id = row.text(10);
  const SummaryColumns columns = summary_columns(row, 11);
  since.unit = columns.unit;
  since.baseline_value = summary_of(columns, mode).value;
  // A series without a point on the default branch has nothing newer to compare with.
  if (row.text_or_null(5) == since.unit && since.unit) {
    since.change = verdict::pairwise(since.baseline_value, since.latest_value,
                                     direction_of(*since.unit), threshold);
  }
  return since;
}

void count(Since& since) {
  for (const SinceRow& row : since.rows) {
    if (!row.change) {
      ++since.not_comparable;
      continue;
    }
    ++since.compared;
    if (row.change->regression) ++since.regressions;
    if (row.change->improvement) ++since.improvements;
  }
}

double rank_of(const SinceRow& row) {
  return row.change ? row.change->score : std::numeric_limits<double>::infinity();
}

}  // namespace

Result<std::vector<ProjectAttention>> StoreProjectReader::attention(const AttentionQuery& asked) {
  std::vector<ProjectAttention> projects;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    projects.clear();
    BL_TRY(const auto repositories, repositories_for(connection, asked, limits_.repositories_max));
    for (const std::string& repository : repositories) {
      ProjectAttention& project = projects.emplace_back();
      project.repository = repository;
      BL_RETURN_IF_ERROR(add_counts(connection, asked, project));
      BL_TRY(project.latest_runs, recent_runs_of(connection, repository, asked.runs_max));
    }
    return {};
  }));
  return projects;
}

Result<std::vector<Family>> StoreProjectReader::families(const FamilyFilter& filter) {
  const std::vector<std::string> words = search_words(filter.text.value_or(""));
  std::vector<Family> families;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(families, read_families(connection, filter, words));
    for (Family& family : families) {
      BL_RETURN_IF_ERROR(add_notes(connection, family, filter.notes_max));
    }
    return {};
  }));
  return families;
}

Result<Since> StoreProjectReader::since(const SinceQuery& asked) {
  Since since;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    since = {};
    since.repository = asked.repository;
    since.commit_sha = asked.commit_sha;
    BL_TRY(const std::string commit_id, commit_for(connection, asked));
    std::int64_t last_series = 0;
    BL_RETURN_IF_ERROR(connection.query(
        since_sql(),
        {std::string_view(commit_id), static_cast<std::int64_t>(limits_.since_rows_max + 1)},
        [&](const store::Row& row) {
          if (row.integer(0) == last_series) return true;
          last_series = row.integer(0);
          since.rows.push_back(since_row_of(row, mode_, asked.threshold_percent));
          return true;
        }));
    return {};
  }));
  if (since.rows.size() > limits_.since_rows_max) {
    return Error{Code::invalid, "the commit has more than " +
                                    std::to_string(limits_.since_rows_max) +
                                    " results: " + asked.commit_sha};
  }
  count(since);
  std::stable_sort(since.rows.begin(), since.rows.end(),
                   [](const SinceRow& a, const SinceRow& b) { return rank_of(a) < rank_of(b); });
  return since;
}

}  // namespace bl::results
