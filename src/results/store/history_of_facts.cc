#include "results/store/history_of_facts.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <unordered_map>

#include "base/numbers.h"
#include "results/store/rows.h"
#include "results/store/sent_time.h"
#include "results/store/summary_sql.h"
#include "results/store/text_array.h"

// A history is hundreds of rows, each of another commit, so what a row costs counts: values come as
// they lie in their columns, samples as PostgreSQL writes arrays, annotations only where there are
// any. To look each commit up by its id cost as much as all the facts; most of them are the newest
// of the default branch, which lie beside each other in an index.
namespace bl::results {
namespace {

// The mean of a few samples is PostgreSQL's own, to the digit; `coalesce` asks for it only where
// the column is null. `{}` is 8 bytes at most.
const std::string& facts_sql(SummaryMode mode) {
  static const auto text_for = [](SummaryMode summary) {
    return "select r.commit_id, timestamp_send(r.timestamp), " + summary_on_postgres(summary) +
           ", r.mean, r.unit, r.id, r.run_id, r.data, r.run_tags, "
           "case when pg_column_size(r.change_annotations) > 8 then r.change_annotations end, "
           "r.info_id from benchmark_result r where r.history_fingerprint = $1 "
           "and r.error is null and r.unit is not null and r.commit_id is not null "
           "and cardinality(r.data) > 0 and num_nulls(variadic r.data) = 0";
  };
  static const std::string k_best = text_for(SummaryMode::best);
  static const std::string k_mean = text_for(SummaryMode::mean);
  return mode == SummaryMode::best ? k_best : k_mean;
}

// `{1,2.5}` -> `[1,2.5]`. What JSON has no number for is a text, as PostgreSQL's own JSON has it.
std::string json_of_array(std::string_view array) {
  const std::size_t bounds = array.find("]={");  // `[0:1]={1,2}`: does not begin at 1
  if (bounds != std::string_view::npos) array.remove_prefix(bounds + 2);
  std::string json(array);
  bool has_words = false;  // NaN, Infinity
  for (char& c : json) {
    has_words |= c >= 'A' && c <= 'Z';
    if (c == '{') c = '[';
    if (c == '}') c = ']';
  }
  if (!has_words) return json;
  std::string quoted;
  for (std::size_t at = 0; at < json.size();) {
    const std::size_t end = std::min(json.find_first_of("[,]", at), json.size());
    const std::string_view number = std::string_view(json).substr(at, end - at);
    const bool is_word = number.find_first_of("NI") != std::string_view::npos;
    if (is_word) quoted += '"';
    quoted += number;
    if (is_word) quoted += '"';
    if (end < json.size()) quoted += json[end];
    at = end + 1;
  }
  return quoted;
}

std::optional<double> double_or_null(const store::Row& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return parse_double(row.text(column));
}

// A fact whose commit is not yet known.
struct Fact {
  HistoryPoint point;
  std::string_view commit_id;
  bool begins_change = false;
};

Result<void> read_annotations(const store::Row& row, int column, Fact& fact, TextArena& texts) {
  if (row.is_null(column)) {
    fact.point.change_annotations_json = "{}";
    return {};
  }
  BL_TRY(const json::Value annotations, object_of(row, column));
  fact.point.change_annotations_json = texts.keep(json::to_stored_text(annotations));
  const json::Value* const begins = annotations.find("begins_distribution_change");
  fact.begins_change = begins != nullptr && begins->is_bool() && begins->as_bool();
  return {};
}

Result<Fact> fact_of(const store::Row& row, double value, SummaryMode mode, TextArena& texts) {
  Fact fact;
  HistoryPoint& point = fact.point;
  fact.commit_id = texts.keep(row.text(0));
  BL_TRY(point.result_timestamp, sent_time_of(row, 1));
  point.mean = double_or_null(row, 3);
  point.unit = texts.keep(row.text(4));
  point.summary = {value, summary_type(point.unit, mode)};
  point.result_id = texts.keep(row.text(5));
  point.run_id = texts.keep(row.text(6));
  point.data_json = texts.keep(json_of_array(row.text(7)));
  BL_TRY(const std::string run_tags, object_text_of(row, 8));
  point.run_tags_json = texts.keep(run_tags);
  BL_RETURN_IF_ERROR(read_annotations(row, 9, fact, texts));
  point.info_id = texts.keep(row.text(10));
  return fact;
}

// What a point shows of its commit.
struct PointCommit {
  Timestamp time;
  std::string_view sha, message;
};

/// The commits of facts, as far as they are on the default branch.
class PointCommits {
 public:
  PointCommits(store::Connection& connection, TextArena& texts)
      : connection_(connection), texts_(texts) {}

  Result<void> read(std::string_view repository, std::span<const Fact> facts) {
    const store::Param newest[] = {repository, 2 * static_cast<std::int64_t>(facts.size()) + 64};
    BL_RETURN_IF_ERROR(read("\"commit\"",
                            "repository = $1 and sha = fork_point_sha and timestamp is not null "
                            "order by timestamp desc limit $2",
                            newest));
    std::vector<std::string_view> missing;
    for (const Fact& fact : facts) {
      if (!commits_.contains(fact.commit_id)) missing.push_back(fact.commit_id);
    }
    if (missing.empty()) return {};
    const std::string ids = text_array(missing, store::Dialect::postgres);
    const store::Param ids_param = std::string_view(ids);
    // By their ids: PostgreSQL takes those of the default branch for few, and would read them all.
    return read("(select * from \"commit\" where id = any ($1::text[]) offset 0) as named",
                "sha = fork_point_sha and timestamp is not null", std::span(&ids_param, 1));
  }
  const PointCommit* find(std::string_view id) const {
    const auto found = commits_.find(id);
    return found == commits_.end() ? nullptr : &found->second;
  }

 private:
  Result<void> read(std::string_view from, std::string_view where,
                    std::span<const store::Param> params) {
    std::string sql = "select id, timestamp_send(timestamp), sha, message from ";
    sql.append(from).append(" where ").append(where);
    std::optional<Error> fault;
    BL_RETURN_IF_ERROR(connection_.query_text(sql, params, [&](const store::Row& row) {
      auto time = sent_time_of(row, 1);
      if (!time.ok()) {
        fault = std::move(time).error();
        return false;
      }
      commits_.emplace(
          texts_.keep(row.text(0)),
          PointCommit{std::move(time).value(), texts_.keep(row.text(2)), texts_.keep(row.text(3))});
      return true;
    }));
    if (fault) return std::move(*fault);
    return {};
  }

  store::Connection& connection_;
  TextArena& texts_;
  std::unordered_map<std::string_view, PointCommit> commits_;
};

Result<std::vector<Fact>> read_facts(store::Connection& connection, std::string_view fingerprint,
                                     SummaryMode mode, TextArena& texts) {
  std::vector<Fact> facts;
  std::optional<Error> fault;
  const store::Param series = fingerprint;
  BL_RETURN_IF_ERROR(
      connection.query_text(facts_sql(mode), std::span(&series, 1), [&](const store::Row& row) {
        const auto value = double_or_null(row, 2);
        if (!value || !std::isfinite(*value)) return true;  // no double holds it
        auto fact = fact_of(row, *value, mode, texts);
        if (!fact.ok()) {
          fault = std::move(fact).error();
          return false;
        }
        facts.push_back(*fact);
        return true;
      }));
  if (fault) return std::move(*fault);
  return facts;
}

}  // namespace

Result<std::vector<verdict::LookbackRow>> read_points_of_facts(store::Connection& connection,
                                                               std::string_view fingerprint,
                                                               SummaryMode mode, History& history) {
  BL_TRY(std::vector<Fact> facts, read_facts(connection, fingerprint, mode, history.texts));
  if (facts.empty()) return std::vector<verdict::LookbackRow>();
  PointCommits commits(connection, history.texts);
  BL_RETURN_IF_ERROR(commits.read(history.repository, facts));
  std::erase_if(facts, [&](Fact& fact) {
    const PointCommit* const commit = commits.find(fact.commit_id);
    if (commit == nullptr) return true;
    fact.point.commit_timestamp = commit->time;
    fact.point.commit_sha = commit->sha;
    fact.point.commit_message = commit->message;
    return false;
  });
  const auto by_time = [](const Fact& a, const Fact& b) {
    const HistoryPoint &one = a.point, &other = b.point;
    return std::tie(one.commit_timestamp, one.result_timestamp, one.result_id) <
           std::tie(other.commit_timestamp, other.result_timestamp, other.result_id);
  };
  if (!std::ranges::is_sorted(facts, by_time)) std::ranges::sort(facts, by_time);
  std::vector<verdict::LookbackRow> rows;
  rows.reserve(facts.size());
  history.points.reserve(facts.size());
  for (const Fact& fact : facts) {
    history.points.push_back(fact.point);
    rows.push_back({fact.point.commit_timestamp.micros, fact.point.result_timestamp.micros,
                    *fact.point.summary.value, fact.begins_change});
  }
  return rows;
}

}  // namespace bl::results
