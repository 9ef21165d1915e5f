#include "results/replica/points.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <unordered_map>

#include "results/replica/batch_row.h"
#include "results/replica/facts.h"
#include "results/replica/id_order.h"
#include "results/replica/store_rows.h"

// A history is hundreds of rows in dozens of files, of each a few in one group of rows that is
// decoded whole: so what is read of a column counts. The repository stands first in the order of
// the files and rules out most groups; samples and commits are read by themselves, as a join of
// three tables would read more of each.
namespace bl::results::replica {
namespace {

// A commit of the default branch, as a point shows it.
struct PointCommit {
  Timestamp time;
  std::string_view sha, message;
};
using PointCommits = std::unordered_map<std::string_view, PointCommit>;

// Of those commits; what is not on the default branch is left out.
Result<PointCommits> commits_of_points(const Sources& sources, std::vector<std::string> ids,
                                       Timestamp first, Timestamp last, TextArena& texts) {
  PointCommits commits;
  if (ids.empty()) return commits;
  Where where;
  where.between("timestamp", lake::Bound(first), lake::Bound(last));
  where.one_of("id", std::move(ids));
  where.add("sha = fork_point_sha");
  BL_TRY(const columns::Batch batch,
         sources.select(commits_shape(), "id, \"timestamp\", sha, message", where));
  BL_RETURN_IF_ERROR(for_each_row(batch, [&](const store::Row& row) -> Result<void> {
    commits.emplace(
        texts.keep(row.text(0)),
        PointCommit{Timestamp{row.integer(1)}, texts.keep(row.text(2)), texts.keep(row.text(3))});
    return {};
  }));
  return commits;
}

struct Samples {
  std::string_view data, change_annotations;
};

Result<std::unordered_map<std::int64_t, Samples>> samples_of_points(const Sources& sources,
                                                                    std::string_view fingerprint,
                                                                    std::int64_t repository_no,
                                                                    TextArena& texts) {
  std::unordered_map<std::int64_t, Samples> samples;
  Where where;
  where.equal("repository_no", repository_no);
  where.equal("fingerprint64", key_of(fingerprint));
  BL_TRY(const columns::Batch batch,
         sources.select(samples_shape(), "result_no, data, change_annotations", where));
  BL_RETURN_IF_ERROR(for_each_row(batch, [&](const store::Row& row) -> Result<void> {
    BL_TRY(const std::string annotations, object_text_of(row, 2));
    samples.emplace(row.integer(0), Samples{texts.keep(row.text(1)), texts.keep(annotations)});
    return {};
  }));
  return samples;
}

// Of the values that a summary may be, those that the mode wants.
std::string summary_columns_of(SummaryMode mode) {
  return mode == SummaryMode::best
             ? "\"min\", \"max\", CAST(NULL AS DOUBLE) AS summary_mean"
             : "CAST(NULL AS DOUBLE) AS \"min\", CAST(NULL AS DOUBLE) AS \"max\", summary_mean";
}

// min, max, summary_mean of a row, beginning at `column`.
Summary summary_at(const store::Row& row, int column, std::string_view unit, std::string_view data,
                   SummaryMode mode) {
  Summary summary;
  if (mode == SummaryMode::mean) {
    summary = {row.real_or_null(column + 2), summary_type(unit, mode)};
  } else {
    summary = summary_of({std::string(unit), false, row.real_or_null(column),
                          row.real_or_null(column + 1), std::nullopt, data},
                         mode);
  }
  if (summary.value && !std::isfinite(*summary.value)) summary.value.reset();
  return summary;
}

void sort_points(std::vector<Point>& points, store::Dialect of) {
  std::ranges::sort(points, [of](const Point& a, const Point& b) {
    const auto times = [](const Point& one) {
      return std::tie(one.point.commit_timestamp, one.point.result_timestamp);
    };
    if (times(a) != times(b)) return times(a) < times(b);
    return of == store::Dialect::sqlite ? a.result_no < b.result_no
                                        : a.point.result_id < b.point.result_id;
  });
}

// What rows say of their commits.
struct CommitsAsked {
  std::vector<std::string> ids;
  std::optional<Timestamp> first, last;

  void add(std::string_view id, Timestamp time) {
    if (ids.empty() || ids.back() != id) ids.emplace_back(id);
    first = first ? std::min(*first, time) : time;
    last = last ? std::max(*last, time) : time;
  }
  Result<PointCommits> read(const Sources& sources, TextArena& texts) {
    if (ids.empty()) return PointCommits();
    return commits_of_points(sources, std::move(ids), *first, *last, texts);
  }
};

}  // namespace

Where of_series(std::string_view fingerprint, std::int64_t repository_no) {
  Where where;
  where.equal("repository_no", repository_no);
  where.equal("fingerprint64", key_of(fingerprint));
  where.add("history_fingerprint = " + where.place(std::string(fingerprint)));
  return where;
}

Result<std::optional<SeriesPlace>> place_of(const Sources& sources, std::string_view fingerprint) {
  std::optional<SeriesPlace> place;
  Where where;
  where.equal("fingerprint64", key_of(fingerprint));
  where.add("history_fingerprint = " + where.place(std::string(fingerprint)));
  BL_TRY(
      const columns::Batch batch,
      sources.ask("SELECT s.repository, s.hardware_hash, n.repository_no FROM (SELECT "
                  "repository, hardware_hash FROM series" +
                      where.text() + ") s LEFT JOIN repositories n ON n.repository = s.repository",
                  where.values(), {{&series_shape(), where.ranges()}, {&repositories_shape()}}));
  BL_RETURN_IF_ERROR(for_each_row(batch, [&](const store::Row& row) -> Result<void> {
    place = {std::string(row.text(0)), std::string(row.text(1)), row.integer_or_null(2)};
    return {};
  }));
  return place;
}

Result<std::vector<Point>> read_points(const Sources& sources, std::string_view fingerprint,
                                       std::int64_t repository_no, const PointOptions& options,
                                       TextArena& texts) {
  Where where = of_series(fingerprint, repository_no);
  where.add("NOT failed");
  where.add("commit_timestamp IS NOT NULL");
  BL_TRY(const columns::Batch batch,
         sources.select(results_shape(),
                        "result_no, " + std::string(k_id_text) +
                            ", run_id, \"timestamp\", commit_timestamp, commit_id, mean, unit, "
                            "run_tags, info_id, begins_change, " +
                            summary_columns_of(options.mode),
                        where));
  std::vector<Point> points;
  if (batch.rows() == 0) return points;
  CommitsAsked asked;
  BL_RETURN_IF_ERROR(for_each_row(batch, [&](const store::Row& row) -> Result<void> {
    asked.add(row.text(5), Timestamp{row.integer(4)});
    return {};
  }));
  BL_TRY(const PointCommits commits, asked.read(sources, texts));
  BL_TRY(const auto samples, samples_of_points(sources, fingerprint, repository_no, texts));
  BL_RETURN_IF_ERROR(for_each_row(batch, [&](const store::Row& row) -> Result<void> {
    const auto commit = commits.find(row.text(5));
    const auto sample = samples.find(row.integer(0));
    if (commit == commits.end() || sample == samples.end()) return {};
    Point one;
    HistoryPoint& point = one.point;
    point.unit = texts.keep(row.text(7));
    point.data_json = sample->second.data;
    point.summary = summary_at(row, 11, point.unit, point.data_json, options.mode);
    if (!point.summary.value) return {};  // no double holds it
    point.summary.type = summary_type(point.unit, options.mode);
    point.result_id = texts.keep(row.text(1));
    point.run_id = texts.keep(row.text(2));
    point.result_timestamp = Timestamp{row.integer(3)};
    point.commit_timestamp = commit->second.time;
    point.commit_sha = commit->second.sha;
    point.commit_message = commit->second.message;
    point.mean = row.real_or_null(6);
    BL_TRY(const std::string tags, object_text_of(row, 8));
    point.run_tags_json = texts.keep(tags);
    point.change_annotations_json = sample->second.change_annotations;
    point.info_id = texts.keep(row.text(9));
    one.result_no = row.integer(0);
    one.begins_change = row.integer(10) != 0;
    points.push_back(std::move(one));
    return {};
  }));
  sort_points(points, options.of);
  return points;
}

Result<SeriesValues> read_values(const Sources& sources, std::span<const WantedSeries> series,
                                 const PointOptions& options) {
  SeriesValues values;
  if (series.empty()) return values;
  BL_TRY(const auto repositories, read_repositories(sources));
  std::vector<std::int64_t> numbers, keys;
  std::vector<std::string> fingerprints;
  for (const WantedSeries& one : series) {
    fingerprints.push_back(one.fingerprint);
    keys.push_back(key_of(one.fingerprint));
    for (const auto& [number, repository] : repositories) {
      if (repository == one.repository) numbers.push_back(number);
    }
  }
  if (numbers.empty()) return values;
  Where where;
  where.one_of("repository_no", std::move(numbers));
  where.one_of("fingerprint64", std::move(keys));
  where.one_of("history_fingerprint", std::move(fingerprints));
  where.add("NOT failed");
  where.add("commit_timestamp IS NOT NULL");
  BL_TRY(const columns::Batch batch,
         sources.select(results_shape(),
                        "result_no, history_fingerprint, repository_no, fingerprint64, \"month\", "
                        "\"timestamp\", commit_timestamp, commit_id, unit, begins_change, " +
                            summary_columns_of(options.mode) + ", " + std::string(k_id_text),
                        where));
  TextArena texts;
  CommitsAsked asked;
  std::vector<Fact> lacking;  // results whose samples are to be read
  BL_RETURN_IF_ERROR(for_each_row(batch, [&](const store::Row& row) -> Result<void> {
    asked.add(row.text(7), Timestamp{row.integer(6)});
    if (summary_at(row, 10, row.text(8), k_unread_samples, options.mode).value) return {};
    Fact& fact = lacking.emplace_back();
    fact.result_no = row.integer(0);
    fact.repository_no = row.integer(2);
    fact.fingerprint64 = row.integer(3);
    fact.month = row.integer(4);
    return {};
  }));
  BL_TRY(const PointCommits commits, asked.read(sources, texts));
  std::unordered_map<std::int64_t, std::string> samples;
  if (!lacking.empty() && options.mode == SummaryMode::best) {
    std::vector<const Fact*> of;
    for (const Fact& fact : lacking) of.push_back(&fact);
    BL_TRY(const columns::Batch rows, samples_of(sources, of, "data"));
    BL_RETURN_IF_ERROR(for_each_row(rows, [&](const store::Row& row) -> Result<void> {
      samples.emplace(row.integer(0), row.text(1));
      return {};
    }));
  }
  std::map<std::string, std::vector<Point>, std::less<>> points;
  BL_RETURN_IF_ERROR(for_each_row(batch, [&](const store::Row& row) -> Result<void> {
    const auto commit = commits.find(row.text(7));
    if (commit == commits.end()) return {};
    const auto sample = samples.find(row.integer(0));
    Point one;
    one.point.summary =
        summary_at(row, 10, row.text(8),
                   sample == samples.end() ? k_unread_samples : sample->second, options.mode);
    if (!one.point.summary.value) return {};
    one.point.result_timestamp = Timestamp{row.integer(5)};
    one.point.commit_timestamp = commit->second.time;
    one.point.result_id = texts.keep(row.text(13));
    one.result_no = row.integer(0);
    one.begins_change = row.integer(9) != 0;
    points[std::string(row.text(1))].push_back(std::move(one));
    return {};
  }));
  for (auto& [fingerprint, of] : points) {
    sort_points(of, options.of);
    std::vector<verdict::LookbackRow>& rows = values[fingerprint];
    for (const Point& one : of) {
      rows.push_back({one.point.commit_timestamp.micros, one.point.result_timestamp.micros,
                      *one.point.summary.value, one.begins_change});
    }
  }
  return values;
}

}  // namespace bl::results::replica
