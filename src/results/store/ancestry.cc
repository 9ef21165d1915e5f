#include "results/store/ancestry.h"

#include "store/both_dialects.h"

namespace bl::results {
namespace {

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

class StoredCommits final : public AncestryCommits {
 public:
  explicit StoredCommits(store::Connection& connection) : connection_(connection) {}

  Result<ForkPoint> fork_point(const StoredCommit& commit) override {
    ForkPoint found;
    BL_RETURN_IF_ERROR(connection_.query(
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

  Result<void> add_branch(const StoredCommit& commit, std::int64_t count_max,
                          std::vector<Ancestor>& into) override {
    return connection_.query(
        store::both_dialects<
            "select id, sha, @micros{timestamp} from \"commit\" where repository = $1 and "
            "branch = $2 and fork_point_sha = $3 and sha <> fork_point_sha and "
            "timestamp <= @time{$4} order by timestamp desc, @binary{sha} limit $5">(),
        {std::string_view(commit.repository), std::string_view(*commit.branch),
         std::string_view(*commit.fork_point_sha), commit.timestamp->micros, count_max},
        taken_into(into));
  }

  Result<void> add_default_branch(std::string_view repository, Timestamp until,
                                  std::int64_t count_max, std::vector<Ancestor>& into) override {
    return connection_.query(default_branch_sql(), {repository, until.micros, count_max},
                             taken_into(into));
  }

 private:
  static std::function<bool(const store::Row&)> taken_into(std::vector<Ancestor>& into) {
    return [&into](const store::Row& row) {
      into.push_back({std::string(row.text(0)), std::string(row.text(1)), row.integer(2)});
      return true;
    };
  }

  store::Connection& connection_;
};

}  // namespace

Result<Ancestry> ancestry_of(AncestryCommits& commits, const StoredCommit& commit,
                             std::int64_t count_max) {
  Ancestry ancestry;
  const auto none = [&](const char* reason) {
    ancestry.reason = reason;
    return ancestry;
  };
  if (!commit.timestamp) return none("commit timestamp is null");
  if (!commit.fork_point_sha) return none("commit fork_point_sha is null");
  if (!commit.on_default_branch() && !commit.branch) return none("commit branch is null");
  ForkPoint fork_point{true, commit.timestamp};
  if (!commit.on_default_branch()) {
    BL_TRY(fork_point, commits.fork_point(commit));
  }
  if (!fork_point.is_there) return none("the fork point commit isn't in the db");
  if (!fork_point.time) return none("fork_point_commit timestamp is null");
  if (!commit.on_default_branch()) {
    BL_RETURN_IF_ERROR(commits.add_branch(commit, count_max, ancestry.commits));
  }
  const auto room = count_max - static_cast<std::int64_t>(ancestry.commits.size());
  BL_RETURN_IF_ERROR(
      commits.add_default_branch(commit.repository, *fork_point.time, room, ancestry.commits));
  return ancestry;
}

Result<Ancestry> ancestry_of(store::Connection& connection, const StoredCommit& commit,
                             std::int64_t count_max) {
  StoredCommits commits(connection);
  return ancestry_of(commits, commit, count_max);
}

}  // namespace bl::results
