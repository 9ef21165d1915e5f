#include "results/store_baselines.h"

#include <algorithm>

#include "results/store/ancestry.h"
#include "results/store/rows.h"
#include "store/both_dialects.h"

namespace bl::results {

const char* name_of(BaselineKind kind) {
  switch (kind) {
    case BaselineKind::parent:
      return "parent";
    case BaselineKind::fork_point:
      return "fork_point";
    case BaselineKind::latest_default:
      return "latest_default";
  }
  return "parent";
}

const char* name_of(NoBaseline reason) {
  switch (reason) {
    case NoBaseline::no_commit:
      return "no_commit";
    case NoBaseline::on_default_branch:
      return "on_default_branch";
    case NoBaseline::commit_unknown:
      return "commit_unknown";
    case NoBaseline::no_ancestry:
      return "no_ancestry";
    case NoBaseline::no_matching_run:
      return "no_matching_run";
  }
  return "no_matching_run";
}

namespace {

using store::param_of;

BaselineRun none(BaselineRun search, NoBaseline why_not, std::string message) {
  search.why_not = why_not;
  search.message = std::move(message);
  return search;
}

Result<std::optional<StoredCommit>> commit_by_sha(store::Connection& connection,
                                                  const std::optional<std::string>& sha,
                                                  std::string_view repository) {
  std::optional<StoredCommit> found;
  if (!sha) return found;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select " BL_COMMIT_COLUMNS
                           " from \"commit\" c where c.sha = $1 and c.repository = $2">(),
      {std::string_view(*sha), repository}, [&](const store::Row& row) {
        found = commit_of(row, 0);
        return true;
      }));
  return found;
}

Result<std::optional<StoredCommit>> newest_default_commit(store::Connection& connection,
                                                          std::string_view repository) {
  std::optional<StoredCommit> found;
  BL_RETURN_IF_ERROR(
      connection.query(store::both_dialects<"select " BL_COMMIT_COLUMNS
                                            " from \"commit\" c where c.repository = $1 and "
                                            "c.sha = c.fork_point_sha and c.timestamp is not null "
                                            "order by c.timestamp desc, @binary{c.sha} limit 1">(),
                       {repository}, [&](const store::Row& row) {
                         found = commit_of(row, 0);
                         return true;
                       }));
  return found;
}

Result<std::optional<StoredCommit>> commit_to_begin_from(store::Connection& connection,
                                                         const StoredCommit& of,
                                                         BaselineKind kind) {
  switch (kind) {
    case BaselineKind::parent:
      return commit_by_sha(connection, of.parent, of.repository);
    case BaselineKind::fork_point:
      return commit_by_sha(connection, of.fork_point_sha, of.repository);
    case BaselineKind::latest_default:
      return newest_default_commit(connection, of.repository);
  }
  return std::optional<StoredCommit>();
}

struct Match {
  std::string run_id;
  bool has_same_reason = false;
};

// The contender's series are found by its results; on SQLite, which has no index of results by
// commit, by the tables that stand for one. On PostgreSQL they are a set that is hashed once, and
// `is true` keeps them one: as a join, also behind `offset 0`, the limit may be planned as a nested
// loop, which looks at the square of a run's size where nothing matches.
#define BL_MATCH_SELECT "select r.run_id, r.run_reason is not distinct from $3@postgres{::text} "
#define BL_MATCH_REST                                                                       \
  "and r.run_id <> $2 and r.timestamp >= @time{$4} "                                        \
  "order by r.run_reason is not distinct from $3@postgres{::text} desc, r.timestamp desc, " \
  "@binary{r.id} desc limit 1"

const store::Sql& match_sql() {
  static const std::string k_sqlite = store::in_dialect(
      BL_MATCH_SELECT
      "from bl_commit_series o cross join bl_result_number n on n.no = o.result_no "
      "cross join benchmark_result r on r.id = n.id where o.commit_id = $1 and "
      "o.series_no in (select s.series_no from bl_run u join bl_run_series s "
      "on s.run_no = u.run_no where u.run_id = $2) " BL_MATCH_REST,
      store::Dialect::sqlite);
  static const std::string k_postgres =
      store::in_dialect(BL_MATCH_SELECT
                        "from benchmark_result r where r.commit_id = $1 and "
                        "(r.history_fingerprint in "
                        "(select history_fingerprint from benchmark_result where run_id = $2)) is "
                        "true " BL_MATCH_REST,
                        store::Dialect::postgres);
  static const store::Sql k_sql(k_sqlite.c_str(), k_postgres.c_str());
  return k_sql;
}

// Of one commit.
Result<std::optional<Match>> match_on(store::Connection& connection, const Ancestor& commit,
                                      const ContenderRun& contender, std::int64_t not_before) {
  std::optional<Match> match;
  BL_RETURN_IF_ERROR(
      connection.query(match_sql(),
                       {std::string_view(commit.commit_id), std::string_view(contender.run_id),
                        param_of(contender.run_reason), not_before},
                       [&](const store::Row& row) {
                         match = {std::string(row.text(0)), row.integer(1) != 0};
                         return true;
                       }));
  return match;
}

struct Found {
  Match match;
  std::size_t commit = 0;  // its place in the ancestry
};

// The first commit that has the same run reason, else the first that has any.
Result<std::optional<Found>> search(store::Connection& connection, const Ancestry& ancestry,
                                    const ContenderRun& contender) {
  std::int64_t not_before = ancestry.commits.front().commit_time;
  for (const Ancestor& commit : ancestry.commits) {
    not_before = std::min(not_before, commit.commit_time);
  }
  std::optional<Found> other;
  for (std::size_t i = 0; i < ancestry.commits.size(); ++i) {
    BL_TRY(const auto match, match_on(connection, ancestry.commits[i], contender, not_before));
    if (!match) continue;
    if (match->has_same_reason) return std::optional<Found>(Found{*match, i});
    if (!other) other = Found{*match, i};
  }
  return other;
}

}  // namespace

Result<ContenderRun> contender_run(store::Connection& connection, std::string_view run_id) {
  std::optional<ContenderRun> run;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select r.run_reason, " BL_COMMIT_COLUMNS
                           " from benchmark_result r left join \"commit\" c "
                           "on c.id = r.commit_id where r.run_id = $1 "
                           "order by r.timestamp, @binary{r.id} limit 1">(),
      {run_id}, [&](const store::Row& row) {
        run = ContenderRun{std::string(run_id), row.text_or_null(0), commit_of(row, 1)};
        return true;
      }));
  if (!run) return Error{Code::not_found, "no run has the id " + std::string(run_id)};
  return std::move(*run);
}

Result<BaselineRun> find_baseline(store::Connection& connection, const ContenderRun& contender,
                                  BaselineKind kind) {
  BaselineRun found{.kind = kind};
  if (!contender.commit) {
    return none(std::move(found), NoBaseline::no_commit,
                "the contender run is not connected to the git graph");
  }
  if (kind == BaselineKind::fork_point && contender.commit->on_default_branch()) {
    return none(std::move(found), NoBaseline::on_default_branch,
                "the contender run is already on the default branch");
  }
  BL_TRY(found.searched_from, commit_to_begin_from(connection, *contender.commit, kind));
  if (!found.searched_from) {
    return none(std::move(found), NoBaseline::commit_unknown,
                "this baseline commit type does not exist for this run");
  }
  BL_TRY(const Ancestry ancestry,
         ancestry_of(connection, *found.searched_from, k_baseline_commits_max));
  if (ancestry.commits.empty()) {
    return none(std::move(found), NoBaseline::no_ancestry,
                std::string("could not find the baseline commit's ancestry because ")
                    .append(ancestry.reason));
  }
  for (const Ancestor& commit : ancestry.commits) found.searched_commits.push_back(commit.sha);
  BL_TRY(const auto at, search(connection, ancestry, contender));
  if (!at) {
    return none(std::move(found), NoBaseline::no_matching_run,
                "no matching baseline run was found");
  }
  found.run_id = at->match.run_id;
  found.commits_skipped.assign(
      found.searched_commits.begin(),
      found.searched_commits.begin() + static_cast<std::ptrdiff_t>(at->commit));
  BL_TRY(found.commit, commit_by_sha(connection, found.searched_commits[at->commit],
                                     found.searched_from->repository));
  return found;
}

Result<BaselineRun> StoreBaselineReader::baseline(std::string_view run_id, BaselineKind kind) {
  BaselineRun found;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(const ContenderRun contender, contender_run(connection, run_id));
    BL_TRY(found, find_baseline(connection, contender, kind));
    return {};
  }));
  return found;
}

Result<RunBaselines> StoreBaselineReader::baselines(std::string_view run_id) {
  RunBaselines found;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(found.contender, contender_run(connection, run_id));
    found.candidates.clear();
    for (const BaselineKind kind : k_baseline_kinds) {
      BL_TRY(auto candidate, find_baseline(connection, found.contender, kind));
      found.candidates.push_back(std::move(candidate));
    }
    return {};
  }));
  return found;
}

}  // namespace bl::results
