#include "results/store_verdicts.h"

#include <algorithm>

#include "results/series_judge.h"
#include "results/store/rows.h"
#include "results/store/text_array.h"
#include "results/store/verdict_points.h"
#include "results/store_verdict_refresh.h"
#include "results/verdict_encode.h"
#include "store/both_dialects.h"
#include "verdict/merge.h"

namespace bl::results {
namespace {

struct PicturePlace {
  VerdictPlace place;
  VerdictPicture picture;
};

Result<std::optional<PicturePlace>> find_place(store::Connection& connection,
                                               std::string_view fingerprint) {
  std::optional<PicturePlace> found;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<
          "select s.series_no, s.hardware_hash, s.unit, s.repository, v.verdict, v.segments, "
          "v.judged_at, w.series_no is not null, v.series_no is not null and "
          "(v.change_count <> s.change_count or v.detector <> $2 or v.version <> $3) "
          "from @series s left join @series_verdict v on v.series_no = s.series_no "
          "left join @verdict_due w on w.series_no = s.series_no "
          "where s.history_fingerprint = $1">(),
      {fingerprint, verdict::k_detector_name,
       static_cast<std::int64_t>(verdict::k_detector_version)},
      [&](const store::Row& row) {
        PicturePlace& one = found.emplace();
        one.place = {row.integer(0), std::string(fingerprint), std::string(row.text(1)),
                     row.text_or_null(2)};
        one.picture.history_fingerprint = fingerprint;
        one.picture.unit = one.place.unit;
        one.picture.repository = row.text(3);
        one.picture.verdict_json = row.text(4);
        one.picture.segments_json = row.text(5);
        if (!row.is_null(6)) one.picture.judged_at = Timestamp{row.integer(6)};
        one.picture.is_stale = row.integer(7) != 0 || row.integer(8) != 0;
        return true;
      }));
  return found;
}

// Runs ---------------------------------------------------------------------------------------

static_assert(static_cast<int>(VerdictDecision::slower) == 2);

// A commit -----------------------------------------------------------------------------------

Result<std::optional<std::string>> find_commit(store::Connection& connection,
                                               std::string_view repository, std::string_view sha) {
  std::optional<std::string> id;
  BL_RETURN_IF_ERROR(
      connection.query("select id from \"commit\" where sha = $1 and repository = $2",
                       {sha, repository}, [&](const store::Row& row) {
                         id = row.text(0);
                         return true;
                       }));
  return id;
}

Result<std::int64_t> series_at(store::Connection& connection, std::string_view commit_id) {
  std::int64_t series = 0;
  BL_RETURN_IF_ERROR(connection.query(
      store::Sql("select count(distinct series_no) from bl_commit_series where commit_id = $1",
                 "select count(distinct history_fingerprint) from benchmark_result "
                 "where commit_id = $1"),
      {commit_id}, [&](const store::Row& row) {
        series = row.integer(0);
        return true;
      }));
  return series;
}

Result<bool> is_enabled(store::Connection& connection, std::string_view repository) {
  bool enabled = false;
  BL_RETURN_IF_ERROR(
      connection.query(store::both_dialects<"select " BL_VERDICTS_ENABLED
                                            " from (select cast($1 as text) as repository) s">(),
                       {repository}, [&](const store::Row& row) {
                         enabled = row.integer(0) != 0;
                         return false;
                       }));
  return enabled;
}

// What series say of the commit, and where their rows are.
struct Changes {
  std::vector<verdict::SeriesVerdict> said;
  std::vector<std::pair<std::int64_t, std::string>> rows;  // series_no, result_id
};

Result<Changes> changes_at(store::Connection& connection, std::string_view repository,
                           std::string_view sha, std::int64_t most) {
  Changes changes;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select series_no, result_id, confidence, relative_change, is_worse "
                           "from @series_change where commit_sha = $1 and repository = $2 "
                           "order by confidence desc, series_no, result_id limit $3">(),
      {sha, repository, most}, [&](const store::Row& row) {
        changes.rows.emplace_back(row.integer(0), row.text(1));
        changes.said.push_back({row.real(2), row.real(3), row.integer(4) != 0});
        return true;
      }));
  return changes;
}

Result<std::vector<CommitVerdictRow>> rows_of(store::Connection& connection, const Changes& changes,
                                              std::span<const std::size_t> believed,
                                              std::size_t most) {
  std::vector<CommitVerdictRow> rows;
  const std::size_t shown = std::min(believed.size(), most);
  if (shown == 0) return rows;
  rows.resize(shown);
  store::ParamRows keys(2);
  for (const std::size_t i : believed.first(shown)) {
    keys.add({changes.rows[i].first, std::string_view(changes.rows[i].second)});
  }
  BL_RETURN_IF_ERROR(connection.query_many(
      store::both_dialects<
          "select s.history_fingerprint, s.name, s.tags, s.hardware_name, s.unit, v.detector, "
          "v.version, c.change from @series_change c join @series s on s.series_no = c.series_no "
          "join @series_verdict v on v.series_no = c.series_no "
          "where c.series_no = $1 and c.result_id = $2">(),
      keys, [&](std::size_t i, const store::Row& row) {
        CommitVerdictRow& one = rows[i];
        one.history_fingerprint = row.text(0);
        one.name = row.text(1);
        one.tags_json = row.text(2);
        one.hardware = row.text(3);
        one.unit = row.text_or_null(4);
        one.detector = row.text(5);
        one.version = static_cast<int>(row.integer(6));
        one.change_json = row.text(7);
      }));
  return rows;
}

}  // namespace

Result<VerdictPicture> StoreVerdictReader::picture(std::string_view fingerprint, int points_max) {
  std::optional<PicturePlace> found;
  VerdictHistory history;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(found, find_place(connection, fingerprint));
    if (!found) return {};
    BL_TRY(history, verdict_history(connection, found->place, mode_, WithMessages::yes));
    return {};
  }));
  if (!found) {
    return Error{Code::not_found, "no series has the fingerprint " + std::string(fingerprint)};
  }
  VerdictPicture picture = std::move(found->picture);
  picture.environments = std::move(history.environments);
  const auto most = static_cast<std::size_t>(std::clamp(points_max, 1, limits_.points_max));
  if (history.points.size() > most) {
    picture.more_points = true;
    history.points.erase(history.points.begin(),
                         history.points.end() - static_cast<std::ptrdiff_t>(most));
  }
  picture.points = std::move(history.points);
  return picture;
}

Result<StoredVerdicts> StoreVerdictReader::verdicts(
    std::span<const std::string_view> fingerprints) {
  StoredVerdicts found;
  if (fingerprints.empty()) return found;
  const std::string array = text_array(fingerprints, database_.dialect());
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) {
    found.clear();
    return connection.query(
        store::Sql(
            "select s.history_fingerprint, v.decision, v.badness, v.verdict from bl_series s "
            "join bl_series_verdict v on v.series_no = s.series_no "
            "where s.history_fingerprint " BL_ONE_OF_SQLITE,
            "select s.history_fingerprint, v.decision, v.badness, v.verdict from benchlake.series "
            "s "
            "join benchlake.series_verdict v on v.series_no = s.series_no "
            "where s.history_fingerprint " BL_ONE_OF_POSTGRES),
        {std::string_view(array)}, [&](const store::Row& row) {
          found.emplace(row.text(0), StoredVerdict{static_cast<VerdictDecision>(row.integer(1)),
                                                   row.real(2), std::string(row.text(3))});
          return true;
        });
  }));
  return found;
}

Result<std::vector<RunVerdict>> StoreVerdictReader::runs(std::span<const RunKey> runs) {
  std::vector<RunVerdict> verdicts(runs.size());
  if (runs.empty()) return verdicts;
  store::ParamRows keys(2);
  for (const RunKey& run : runs) keys.add({run.run_id, run.repository});
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    verdicts.assign(runs.size(), {});
    BL_RETURN_IF_ERROR(connection.query_many(
        store::both_dialects<"select v.decision, count(*) from @run u join @series_verdict v "
                             "on v.run_no = u.run_no where u.run_id = $1 and u.repository = $2 "
                             "group by v.decision">(),
        keys, [&](std::size_t i, const store::Row& row) {
          verdicts[i].count(static_cast<VerdictDecision>(row.integer(0)), row.integer(1));
        }));
    return connection.query_many(
        store::both_dialects<"select s.history_fingerprint, s.name, v.verdict from @run u "
                             "join @series_verdict v on v.run_no = u.run_no and v.decision = 2 "
                             "join @series s on s.series_no = v.series_no "
                             "where u.run_id = $1 and u.repository = $2 "
                             "order by v.badness limit 1">(),
        keys, [&](std::size_t i, const store::Row& row) {
          verdicts[i].worst = worst_of(row.text(0), row.text(1), row.text(2));
        });
  }));
  return verdicts;
}

Result<CommitVerdict> StoreVerdictReader::commit(std::string_view repository,
                                                 std::string_view sha) {
  CommitVerdict verdict;
  bool found = false;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    verdict = {};
    BL_TRY(const auto commit_id, find_commit(connection, repository, sha));
    found = commit_id.has_value();
    if (!found) return {};
    BL_TRY(verdict.enabled, is_enabled(connection, repository));
    BL_TRY(verdict.series, series_at(connection, *commit_id));
    BL_TRY(const Changes changes, changes_at(connection, repository, sha, limits_.merged_max));
    const verdict::CommitStatement statement = verdict::merge(changes.said);
    verdict.slower = static_cast<std::int64_t>(statement.regressions);
    verdict.faster = static_cast<std::int64_t>(statement.improvements);
    verdict.doubtful = static_cast<std::int64_t>(changes.said.size() - statement.changed.size());
    verdict.false_share = statement.false_share;
    verdict.common_cause = statement.common_cause;
    if (statement.common_cause) verdict.common_percent = statement.common_change * 100;
    BL_TRY(verdict.changed, rows_of(connection, changes, statement.changed, limits_.changed_max));
    return {};
  }));
  if (!found) {
    return Error{Code::not_found,
                 "no commit of " + std::string(repository) + " has the hash " + std::string(sha)};
  }
  verdict.repository = repository;
  verdict.commit_sha = sha;
  verdict.sentence = sentence_of(verdict);
  return verdict;
}

}  // namespace bl::results
