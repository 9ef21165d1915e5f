#include "results/lake_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "columns/table.h"
#include "results/replica/lake_rows.h"
#include "results/replica/store_rows.h"
#include "results/store/rows.h"

namespace bl::results {
namespace {

using replica::Shape;

// A text of the lake where the store's readers of documents want a row.
class TextRow final : public store::Row {
 public:
  explicit TextRow(std::optional<std::string_view> text) : text_(text) {}
  bool is_null(int) const override { return !text_; }
  std::int64_t integer(int) const override { return 0; }
  double real(int) const override { return 0; }
  std::string_view text(int) const override { return text_.value_or(""); }

 private:
  std::optional<std::string_view> text_;
};

// Tables of the replica as one query reads them, all pinned before the first is read. Results
// first: whatever they name is in the others then.
class Sources {
 public:
  static Result<std::unique_ptr<Sources>> open(lake::Lake& lake) {
    std::unique_ptr<Sources> sources(new Sources(lake));
    BL_TRY(sources->connection_, lake.engine().connect());
    return sources;
  }

  /// Makes `{name}` of the query's text a table: the files that may hold rows within the ranges.
  Result<void> add(const Shape& shape, std::vector<lake::ColumnRange> ranges = {}) {
    BL_TRY(const auto table, lake_.table(std::string(shape.name)));
    snapshots_.push_back(table->snapshot());
    const lake::Snapshot& snapshot = snapshots_.back();
    const auto files = snapshot.files().may_hold(ranges);
    BL_TRY(const auto paths, replica::paths_of(lake_, files));
    BL_TRY(auto relation, lake::relation_of(*connection_, snapshot, files, paths,
                                            "tail_of_" + std::string(shape.name)));
    with_ += with_.empty() ? "WITH " : ", ";
    with_ += fmt::format("{} AS (SELECT * FROM {})", duck::quoted_name(shape.name), relation.sql);
    relations_.push_back(std::move(relation));
    return {};
  }

  Result<columns::Batch> query(std::string_view select, const duck::Values& values) {
    BL_TRY(duck::Answer answer, connection_->query(fmt::format("{} {}", with_, select), values));
    return answer.all();
  }

 private:
  explicit Sources(lake::Lake& lake) : lake_(lake) {}
  lake::Lake& lake_;
  std::unique_ptr<duck::Connection> connection_;
  std::vector<lake::Snapshot> snapshots_;
  std::vector<lake::Relation> relations_;
  std::string with_;
};

std::vector<lake::ColumnRange> of_series(std::int64_t key) {
  return {{"fingerprint64", lake::Bound(key), lake::Bound(key)}};
}

Error no_series(std::string_view fingerprint) {
  return Error{Code::not_found, "no series has the fingerprint " + std::string(fingerprint)};
}

using PointRows = columns::Table<
    columns::Is<"id_high", std::optional<std::int64_t>>,
    columns::Is<"id_low", std::optional<std::int64_t>>,
    columns::Is<"id_text", std::optional<std::string_view>>,
    columns::Is<"run_id", std::string_view>, columns::Is<"at", Timestamp>,
    columns::Is<"result_no", std::int64_t>, columns::Is<"min", std::optional<double>>,
    columns::Is<"max", std::optional<double>>, columns::Is<"mean", std::optional<double>>,
    columns::Is<"summary_mean", std::optional<double>>, columns::Is<"unit", std::string_view>,
    columns::Is<"run_tags", std::string_view>, columns::Is<"info_id", std::string_view>,
    columns::Is<"begins_change", bool>, columns::Is<"data", std::string_view>,
    columns::Is<"change_annotations", std::optional<std::string_view>>,
    columns::Is<"commit_at", Timestamp>, columns::Is<"sha", std::string_view>,
    columns::Is<"message", std::string_view>>;

constexpr std::string_view k_points =
    "SELECT r.id_high, r.id_low, r.id_text, r.run_id, r.timestamp AS at, r.result_no, r.min, "
    "r.max, r.mean, r.summary_mean, r.unit, r.run_tags, r.info_id, r.begins_change, s.data, "
    "s.change_annotations, c.timestamp AS commit_at, c.sha, c.message FROM results r "
    "JOIN result_samples s ON s.result_no = r.result_no AND s.fingerprint64 = $1 "
    "JOIN commits c ON c.id = r.commit_id "
    "WHERE r.fingerprint64 = $1 AND r.history_fingerprint = $2 AND NOT r.failed "
    "AND c.sha = c.fork_point_sha AND c.timestamp IS NOT NULL";

struct Point {
  HistoryPoint point;
  std::int64_t result_no = 0;
  bool begins_change = false;
};

std::string id_at(const PointRows::Rows& rows, std::int64_t row) {
  const auto high = rows.column<"id_high">().get(row);
  if (!high) return std::string(rows.column<"id_text">().get(row).value_or(""));
  return replica::id_of({*high, rows.column<"id_low">()[row]});
}

// Nothing where no double holds the value.
Result<std::optional<Point>> point_of(const PointRows::Rows& rows, std::int64_t row,
                                      SummaryMode mode, TextArena& texts) {
  Point one;
  HistoryPoint& point = one.point;
  const std::string_view unit = rows.column<"unit">()[row];
  const std::string_view data = rows.column<"data">()[row];
  const SummaryColumns columns{std::string(unit),
                               false,
                               rows.column<"min">().get(row),
                               rows.column<"max">().get(row),
                               rows.column<"mean">().get(row),
                               data};
  point.summary = mode == SummaryMode::mean
                      ? Summary{rows.column<"summary_mean">().get(row), summary_type(unit, mode)}
                      : summary_of(columns, mode);
  if (!point.summary.value || !std::isfinite(*point.summary.value)) return std::optional<Point>();
  point.mean = columns.mean;
  point.unit = texts.keep(unit);
  point.summary.type = summary_type(point.unit, mode);
  point.result_id = texts.keep(id_at(rows, row));
  point.run_id = texts.keep(rows.column<"run_id">()[row]);
  point.result_timestamp = rows.column<"at">()[row];
  point.commit_timestamp = rows.column<"commit_at">()[row];
  point.commit_sha = texts.keep(rows.column<"sha">()[row]);
  point.commit_message = texts.keep(rows.column<"message">()[row]);
  point.data_json = texts.keep(data);
  BL_TRY(const std::string tags, object_text_of(TextRow(rows.column<"run_tags">()[row]), 0));
  point.run_tags_json = texts.keep(tags);
  BL_TRY(const std::string annotations,
         object_text_of(TextRow(rows.column<"change_annotations">().get(row)), 0));
  point.change_annotations_json = texts.keep(annotations);
  point.info_id = texts.keep(rows.column<"info_id">()[row]);
  one.result_no = rows.column<"result_no">()[row];
  one.begins_change = rows.column<"begins_change">()[row];
  return std::optional<Point>(std::move(one));
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

Result<void> read_infos(lake::Lake& lake, History& history) {
  std::vector<std::string> ids;
  for (const HistoryPoint& point : history.points) {
    if (history.infos.try_emplace(std::string(point.info_id)).second) {
      ids.emplace_back(point.info_id);
    }
  }
  if (ids.empty()) return {};
  const auto [least, most] = std::ranges::minmax(ids);
  BL_TRY(const auto sources, Sources::open(lake));
  BL_RETURN_IF_ERROR(
      sources->add(replica::infos_shape(), {{"id", lake::Bound(least), lake::Bound(most)}}));
  BL_TRY(const columns::Batch batch,
         sources->query("SELECT id, tags FROM infos WHERE id IN (SELECT unnest($1))",
                        {duck::Value(ids)}));
  BL_TRY(const auto names, batch.column(0).as<std::string_view>());
  BL_TRY(const auto tags, batch.column(1).as<std::string_view>());
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    BL_TRY(history.infos[std::string(names[i])], object_text_of(TextRow(tags.get(i)), 0));
  }
  return {};
}

}  // namespace

Result<History> LakeHistoryReader::history(std::string_view fingerprint) {
  History history;
  history.fingerprint = fingerprint;
  const std::int64_t key = replica::key_of(fingerprint);
  const duck::Values of{duck::Value(key), duck::Value(std::string(fingerprint))};
  BL_TRY(const auto sources, Sources::open(lake_));
  BL_RETURN_IF_ERROR(sources->add(replica::results_shape(), of_series(key)));
  BL_RETURN_IF_ERROR(sources->add(replica::samples_shape(), of_series(key)));
  BL_RETURN_IF_ERROR(sources->add(replica::commits_shape()));
  BL_RETURN_IF_ERROR(sources->add(replica::series_shape(), of_series(key)));
  BL_TRY(const columns::Batch series,
         sources->query("SELECT repository, hardware_hash FROM series WHERE fingerprint64 = $1 AND "
                        "history_fingerprint = $2",
                        of));
  if (series.rows() == 0) return no_series(fingerprint);
  BL_TRY(const auto repository, series.column(0).as<std::string_view>());
  BL_TRY(const auto hash, series.column(1).as<std::string_view>());
  history.repository = repository[0];
  history.hardware_hash = hash[0];

  BL_TRY(const columns::Batch batch, sources->query(k_points, of));
  BL_TRY(const auto rows, PointRows::read(batch));
  std::vector<Point> points;
  for (std::int64_t i = 0; i < rows.size(); ++i) {
    BL_TRY(auto point, point_of(rows, i, mode_, history.texts));
    if (point) points.push_back(*std::move(point));
  }
  sort_points(points, of_);
  std::vector<verdict::LookbackRow> lookback;
  for (const Point& one : points) {
    history.points.push_back(one.point);
    lookback.push_back({one.point.commit_timestamp.micros, one.point.result_timestamp.micros,
                        *one.point.summary.value, one.begins_change});
  }
  const auto stats = verdict::lookback(lookback, {.commits = commits_});
  for (std::size_t i = 0; i < stats.size(); ++i) history.points[i].lookback = stats[i];
  BL_RETURN_IF_ERROR(read_infos(lake_, history));
  return history;
}

Result<HistoryDetails> LakeHistoryReader::details(std::string_view fingerprint) {
  HistoryDetails details;
  const std::int64_t key = replica::key_of(fingerprint);
  BL_TRY(const auto sources, Sources::open(lake_));
  BL_RETURN_IF_ERROR(sources->add(replica::results_shape(), of_series(key)));
  BL_RETURN_IF_ERROR(sources->add(replica::samples_shape(), of_series(key)));
  BL_RETURN_IF_ERROR(sources->add(replica::commits_shape()));
  const std::string_view wanted =
      of_ == store::Dialect::sqlite
          ? "NOT r.failed AND c.sha = c.fork_point_sha AND c.timestamp IS NOT NULL"
          : "NOT r.has_error";
  BL_TRY(const columns::Batch batch,
         sources->query(
             fmt::format("SELECT r.id_high, r.id_low, r.id_text, r.case_id, r.context_id, s.times "
                         "FROM results r JOIN result_samples s ON s.result_no = r.result_no AND "
                         "s.fingerprint64 = $1 LEFT JOIN commits c ON c.id = r.commit_id WHERE "
                         "r.fingerprint64 = $1 AND r.history_fingerprint = $2 AND {}",
                         wanted),
             {duck::Value(key), duck::Value(std::string(fingerprint))}));
  BL_TRY(const auto high, batch.column(0).as<std::int64_t>());
  BL_TRY(const auto low, batch.column(1).as<std::int64_t>());
  BL_TRY(const auto odd, batch.column(2).as<std::string_view>());
  BL_TRY(const auto cases, batch.column(3).as<std::string_view>());
  BL_TRY(const auto contexts, batch.column(4).as<std::string_view>());
  BL_TRY(const auto times, batch.column(5).as<std::string_view>());
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    details.case_id = cases[i];
    details.context_id = contexts[i];
    const std::string id =
        high.is_null(i) ? std::string(odd.get(i).value_or("")) : replica::id_of({high[i], low[i]});
    details.times_jsons[id] = times.get(i).value_or("[]");
  }
  return details;
}

Result<std::string> LakeHistoryReader::fingerprint_of(std::string_view result_id) {
  BL_TRY(const auto sources, Sources::open(lake_));
  const auto bits = replica::bits_of(result_id);
  duck::Values of;
  std::string_view where;
  if (bits) {
    BL_RETURN_IF_ERROR(sources->add(
        replica::results_shape(), {{"id_high", lake::Bound(bits->high), lake::Bound(bits->high)}}));
    where = "id_high = $1 AND id_low = $2";
    of = {duck::Value(bits->high), duck::Value(bits->low)};
  } else {
    const std::string id(result_id);
    BL_RETURN_IF_ERROR(
        sources->add(replica::results_shape(), {{"id_text", lake::Bound(id), lake::Bound(id)}}));
    where = "id_text = $1";
    of = {duck::Value(id)};
  }
  BL_TRY(
      const columns::Batch batch,
      sources->query(fmt::format("SELECT history_fingerprint FROM results WHERE {}", where), of));
  if (batch.rows() == 0) {
    return Error{Code::not_found, "no benchmark result has the id " + std::string(result_id)};
  }
  BL_TRY(const auto found, batch.column(0).as<std::string_view>());
  return std::string(found[0]);
}

}  // namespace bl::results
