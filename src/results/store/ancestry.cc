#include "results/store/ancestry.h"

#include "store/both_dialects.h"

namespace bl::results {
namespace {

struct ForkPoint {
  bool is_there = false;
  std::optional<Timestamp> time;
};

Result<ForkPoint> fork_point_of(store::Connection& connection, const StoredCommit& commit) {
  if (commit.on_default_branch()) return ForkPoint{true, commit.timestamp};
  ForkPoint found;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select @micros{timestamp} from \"commit\" where sha = $1 and "
                           "repository = $2">(),
      {std::string_view(*commit.fork_point_sha), std::string_view(commit.repository)},
      [&](const store::Row& row) {
        found.is_there = true;
        if (!row.is_null(0)) found.time = Timestamp{row.integer(0)};
        return true;
      }));
  return found;
}

#define BL_DEFAULT_BRANCH                            \
  "from \"commit\" where repository = $1 and "       \
  "sha = fork_point_sha and timestamp <= @time{$2} " \
  "order by timestamp desc"

// Those of one time are in the order of their hashes. PostgreSQL takes commits of the default
// branch for few and would read and sort all of them: the times alone are an index's order.
const store::Sql& default_branch_sql() {
  static const std::string k_sqlite = store::in_dialect(
      "select id, sha, timestamp " BL_DEFAULT_BRANCH ", sha limit $3", store::Dialect::sqlite);
  static const std::string k_postgres = store::in_dialect(
      "select id, sha, @micros{timestamp} from (select id, sha, timestamp " BL_DEFAULT_BRANCH
      " fetch first ($3::bigint) rows with ties) as newest "
      "order by timestamp desc, @binary{sha} limit $3::bigint",
      store::Dialect::postgres);
  static const store::Sql k_sql(k_sqlite.c_str(), k_postgres.c_str());
  return k_sql;
}

}  // namespace

Result<Ancestry> ancestry_of(store::Connection& connection, const StoredCommit& commit,
                             std::int64_t count_max) {
  Ancestry ancestry;
  const auto none = [&](const char* reason) {
    ancestry.reason = reason;
    return ancestry;
  };
  if (!commit.timestamp) return none("commit timestamp is null");
  if (!commit.fork_point_sha) return none("commit fork_point_sha is null");
  if (!commit.on_default_branch() && !commit.branch) return none("commit branch is null");
  BL_TRY(const ForkPoint fork_point, fork_point_of(connection, commit));
  if (!fork_point.is_there) return none("the fork point commit isn't in the db");
  if (!fork_point.time) return none("fork_point_commit timestamp is null");
  const auto take = [&](const store::Row& row) {
    ancestry.commits.push_back(
        {std::string(row.text(0)), std::string(row.text(1)), row.integer(2)});
    return true;
  };
  if (!commit.on_default_branch()) {
    BL_RETURN_IF_ERROR(connection.query(
        store::both_dialects<
            "select id, sha, @micros{timestamp} from \"commit\" where repository = $1 and "
            "branch = $2 and fork_point_sha = $3 and sha <> fork_point_sha and "
            "timestamp <= @time{$4} order by timestamp desc, @binary{sha} limit $5">(),
        {std::string_view(commit.repository), std::string_view(*commit.branch),
         std::string_view(*commit.fork_point_sha), commit.timestamp->micros, count_max},
        take));
  }
  const auto room = count_max - static_cast<std::int64_t>(ancestry.commits.size());
  BL_RETURN_IF_ERROR(
      connection.query(default_branch_sql(),
                       {std::string_view(commit.repository), fork_point.time->micros, room}, take));
  return ancestry;
}

}  // namespace bl::results
