#include "results/store_alert_history.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "results/series_judge.h"
#include "results/store/rows.h"
#include "results/store/verdict_points.h"
#include "results/store_verdict_refresh.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

struct Place {
  VerdictPlace place;
  std::string name, segments;
};

struct Places {
  std::vector<Place> series;
  bool verdicts_enabled = false, more = false;
};

Result<Places> read_places(store::Connection& connection, std::string_view repository,
                           std::size_t most) {
  Places places;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<
          "select s.series_no, s.history_fingerprint, s.hardware_hash, s.unit, s.name, v.segments, "
          "case when " BL_VERDICTS_ENABLED
          " then 1 else 0 end from @series s left join @series_verdict v "
          "on v.series_no = s.series_no where s.repository = $1 order by s.series_no limit $2">(),
      {repository, static_cast<std::int64_t>(most + 1)}, [&](const store::Row& row) {
        places.verdicts_enabled = row.integer(6) != 0;
        places.more = places.series.size() == most;
        if (places.more) return false;
        places.series.push_back({{row.integer(0), std::string(row.text(1)),
                                  std::string(row.text(2)), row.text_or_null(3)},
                                 std::string(row.text(4)),
                                 std::string(row.text(5))});
        return true;
      }));
  return places;
}

std::string text_of(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

double real_of(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_number() ? value->as_double() : 0;
}

/// `said` of the stored members of a picture (verdict_encode.h).
Result<std::vector<SaidVerdict>> stored_said(const std::string& segments) {
  std::vector<SaidVerdict> said;
  if (segments.empty()) return said;
  BL_TRY(const json::Value members, json::parse("{" + segments + "}"));
  const json::Value* list = members.find("said");
  if (list == nullptr || !list->is_array()) return said;
  for (const json::Value& one : list->items()) {
    const json::Value* worse = one.find("is_worse");
    said.push_back({text_of(one, "at_result_id"), text_of(one, "since_result_id"),
                    worse != nullptr && worse->is_bool() && worse->as_bool(),
                    real_of(one, "percent"), real_of(one, "confidence")});
  }
  return said;
}

/// What the detector says of the points when nobody has taught it, as far as it speaks of commits
/// that somebody taught of since.
std::vector<SaidVerdict> said_untaught(const std::vector<VerdictPoint>& points,
                                       const std::optional<std::string>& unit) {
  std::set<std::string_view> taught_commits;
  std::map<std::string_view, std::string_view> commit_of;
  std::vector<VerdictPoint> untaught = points;
  for (std::size_t i = 0; i < points.size(); ++i) {
    commit_of.emplace(points[i].result_id, points[i].commit_sha);
    if (points[i].lesson != verdict::Lesson::none) taught_commits.insert(points[i].commit_sha);
    untaught[i].lesson = verdict::Lesson::none;
  }
  std::vector<SaidVerdict> said;
  if (taught_commits.empty()) return said;
  for (SaidVerdict& one : judge_points(untaught, unit).said) {
    const auto commit = commit_of.find(one.since_result_id);
    if (commit != commit_of.end() && taught_commits.contains(commit->second))
      said.push_back(std::move(one));
  }
  return said;
}

void add_new(std::vector<SaidVerdict>& said, std::vector<SaidVerdict> more) {
  for (SaidVerdict& one : more) {
    const auto same = [&](const SaidVerdict& other) {
      return other.since_result_id == one.since_result_id && other.is_worse == one.is_worse;
    };
    if (std::ranges::none_of(said, same)) said.push_back(std::move(one));
  }
}

/// Those since then, and some before, which they are judged by.
void keep_newest(std::vector<VerdictPoint>& points, Timestamp since, std::size_t before) {
  const auto first = std::ranges::find_if(
      points, [&](const VerdictPoint& point) { return point.result_timestamp >= since; });
  const auto old = static_cast<std::size_t>(first - points.begin());
  if (old > before)
    points.erase(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(old - before));
}

Result<AlertHistorySeries> read_series(store::Connection& connection, const Place& place,
                                       Timestamp since, SummaryMode mode,
                                       const AlertHistoryLimits& limits) {
  AlertHistorySeries one{place.place.fingerprint, place.name, place.place.unit, {}, {}};
  BL_TRY(VerdictHistory history, verdict_history(connection, place.place, mode, WithMessages::no));
  one.points = std::move(history.points);
  // Without verdicts nothing was told, and nothing is now.
  if (!place.segments.empty()) {
    BL_TRY(one.said, stored_said(place.segments));
    add_new(one.said, said_untaught(one.points, one.unit));
  }
  keep_newest(one.points, since, limits.points_before);
  return one;
}

Result<void> read_commits(store::Connection& connection, std::string_view repository,
                          Timestamp since, const AlertHistoryLimits& limits,
                          AlertHistory& history) {
  const auto before = std::chrono::days(static_cast<std::int64_t>(limits.commits_before_days));
  history.commits.clear();
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<
          "select c.sha, c.message, @micros{c.timestamp} from \"commit\" c "
          "where c.repository = $1 and c.timestamp >= @time{$2} and c.sha = c.fork_point_sha "
          "order by c.timestamp desc, c.sha limit $3">(),
      {repository, (since - before).micros, static_cast<std::int64_t>(limits.commits_max + 1)},
      [&](const store::Row& row) {
        history.is_cut = history.is_cut || history.commits.size() == limits.commits_max;
        if (history.commits.size() == limits.commits_max) return false;
        history.commits.push_back(
            {std::string(row.text(0)), std::string(row.text(1)), Timestamp{row.integer(2)}});
        return true;
      }));
  std::ranges::reverse(history.commits);
  return {};
}

Result<void> read_opened(store::Connection& connection, std::string_view repository,
                         Timestamp since, const AlertHistoryLimits& limits, AlertHistory& history) {
  history.opened.clear();
  return connection.query(
      store::both_dialects<
          "select e.id, e.rule_id, r.name, e.commit_sha, @micros{e.created_at} "
          "from @alert_event e join @alert_rule r on r.id = e.rule_id "
          "where e.repository = $1 and e.kind = 'opened' and e.commit_sha is not null "
          "and e.created_at >= @time{$2} order by e.created_at, e.id limit $3">(),
      {repository, since.micros, static_cast<std::int64_t>(limits.opened_max + 1)},
      [&](const store::Row& row) {
        history.is_cut = history.is_cut || history.opened.size() == limits.opened_max;
        if (history.opened.size() == limits.opened_max) return false;
        history.opened.push_back({std::string(row.text(0)), std::string(row.text(1)),
                                  std::string(row.text(2)), std::string(row.text(3)),
                                  Timestamp{row.integer(4)}});
        return true;
      });
}

}  // namespace

Result<AlertHistory> alert_history(store::Database& database, std::string_view repository,
                                   Timestamp since, SummaryMode mode,
                                   const AlertHistoryLimits& limits) {
  AlertHistory history;
  Places places;
  BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(places, read_places(connection, repository, limits.series_max));
    history.is_cut = places.more;
    BL_RETURN_IF_ERROR(read_commits(connection, repository, since, limits, history));
    return read_opened(connection, repository, since, limits, history);
  }));
  if (places.series.empty()) {
    return Error{Code::not_found, "no series of the repository " + std::string(repository)};
  }
  history.verdicts_enabled = places.verdicts_enabled;
  std::size_t points = 0;
  // Each series by itself: a snapshot of minutes would hold what a store can let go of.
  for (const Place& place : places.series) {
    AlertHistorySeries one;
    BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) -> Result<void> {
      BL_TRY(one, read_series(connection, place, since, mode, limits));
      return {};
    }));
    points += one.points.size();
    if (points > limits.points_max) {
      history.is_cut = true;
      break;
    }
    history.series.push_back(std::move(one));
  }
  return history;
}

}  // namespace bl::results
