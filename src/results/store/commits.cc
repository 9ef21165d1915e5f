#include "results/store_commits.h"

#include <algorithm>

#include "base/utf8.h"
#include "results/store/dimensions.h"
#include "results/store/repair.h"
#include "results/store/rows.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

using store::Connection;
using store::Null;
using store::Param;
using store::param_of;
using State = EnrichmentJob::State;

constexpr std::size_t k_reason_bytes_max = 500;
constexpr std::int64_t k_candidates = 8;  // others may claim the first ones before us

State state_of(std::string_view name) {
  if (name == "backfill") return State::backfill;
  return name == "given up" ? State::given_up : State::waiting;
}

Param micros_of(const std::optional<Timestamp>& time) {
  return time ? Param(time->micros) : Param(Null{});
}

std::optional<Timestamp> time_of(const store::Row& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return Timestamp{row.integer(column)};
}

// Without the commit's columns, which stand before.
#define BL_JOB_COLUMNS                                                       \
  "e.state, e.attempts, h.pull_request, e.range_newest_sha, e.range_until, " \
  "e.range_oldest_sha, e.range_oldest_time, e.range_from, e.range_left"
#define BL_JOB_TABLES                                                   \
  " from @commit_enrichment e join \"commit\" c on c.id = e.commit_id " \
  "left join @commit_hint h on h.sha = c.sha and h.repository = c.repository "

EnrichmentJob job_of(const store::Row& row) {
  EnrichmentJob job;
  job.commit = commit_of(row, 0).value_or(StoredCommit{});
  const int at = k_commit_columns;
  job.state = state_of(row.text(at));
  job.attempts = row.integer(at + 1);
  job.pull_request = row.integer_or_null(at + 2);
  job.range.repository = job.commit.repository;
  job.range.newest_sha = row.text(at + 3);
  job.range.until = Timestamp{row.integer(at + 4)};
  job.range.oldest_sha = row.text_or_null(at + 5);
  job.range.oldest_time = time_of(row, at + 6);
  job.range_from = row.text(at + 7);
  job.range_left = row.integer(at + 8);
  return job;
}

// On PostgreSQL the row stays ours until the end: a submission that found the commit unknown (and
// holds the row by a key share) stores its result before we look for the commit's results.
Result<std::optional<StoredCommit>> commit_by_id(Connection& connection, std::string_view id) {
  std::optional<StoredCommit> found;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select " BL_COMMIT_COLUMNS
                           " from \"commit\" c where c.id = $1 @postgres{for update}">(),
      {id}, [&](const store::Row& row) {
        found = commit_of(row, 0);
        return true;
      }));
  return found;
}

Result<std::optional<StoredCommit>> commit_by_sha(Connection& connection,
                                                  std::string_view repository,
                                                  std::string_view sha) {
  std::optional<StoredCommit> found;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select " BL_COMMIT_COLUMNS
                           " from \"commit\" c where c.sha = $1 and c.repository = $2">(),
      {sha, repository}, [&](const store::Row& row) {
        found = commit_of(row, 0);
        return true;
      }));
  return found;
}

bool is_history_commit(const Commit& commit) {
  return commit.timestamp && commit.on_default_branch();
}

// What is known already stays. The condition is asked of the row itself: of two who fill in the
// same commit, one does.
Result<void> complete(Connection& connection, std::string_view id, const Commit& known) {
  BL_TRY(const auto before, commit_by_id(connection, id));
  if (!before) return {};
  BL_TRY(const auto changed,
         connection.execute(
             store::both_dialects<
                 "update \"commit\" set parent = coalesce(parent, $2), "
                 "message = case when message = '' then $3 else message end, "
                 "author_name = case when author_name = '' then $4 else author_name end, "
                 "author_login = coalesce(author_login, $5), "
                 "author_avatar = coalesce(author_avatar, $6), "
                 "timestamp = coalesce(timestamp, @time{$7}), branch = coalesce(branch, $8), "
                 "fork_point_sha = coalesce(fork_point_sha, $9) "
                 "where id = $1 and (timestamp is null or fork_point_sha is null)">(),
             {id, param_of(known.parent), std::string_view(known.message),
              std::string_view(known.author_name), param_of(known.author_login),
              param_of(known.author_avatar), micros_of(known.timestamp), param_of(known.branch),
              param_of(known.fork_point_sha)}));
  if (changed == 0) return {};
  BL_RETURN_IF_ERROR(log_known_commit(connection, id));
  if (is_history_commit(*before)) return {};
  BL_TRY(const auto after, commit_by_id(connection, id));
  if (!after || !is_history_commit(*after)) return {};
  return add_repaired_history(connection, id);
}

enum class Added : unsigned char { is_new, completed, was_known };

Result<Added> add_default_branch_commit(Connection& connection, IdSource& ids,
                                        const Commit& commit) {
  BL_TRY(const auto there, commit_by_sha(connection, commit.repository, commit.sha));
  if (there && is_history_commit(*there)) return Added::was_known;
  if (there) {
    BL_RETURN_IF_ERROR(complete(connection, there->id, commit));
    return Added::completed;
  }
  BL_TRY(const CommitPlace place, find_or_create_commit(connection, ids, commit));
  if (place.repaired) {
    BL_RETURN_IF_ERROR(add_repaired_history(connection, place.id));
  } else {
    BL_RETURN_IF_ERROR(log_known_commit(connection, place.id));
  }
  return Added::is_new;
}

// The newest commit of the default branch that is known and earlier.
Result<void> find_oldest(Connection& connection, CommitRange& range, Timestamp newest_time) {
  return connection.query(
      store::both_dialects<
          "select sha, @micros{timestamp} from \"commit\" where repository = $1 and "
          "timestamp < @time{$2} and sha = fork_point_sha "
          "order by timestamp desc limit 1">(),
      {std::string_view(range.repository), newest_time.micros}, [&](const store::Row& row) {
        range.oldest_sha = row.text(0);
        range.oldest_time = Timestamp{row.integer(1)};
        return false;
      });
}

// What lies between this commit of the default branch and the one known before it.
Result<std::optional<CommitRange>> range_below(Connection& connection, const Commit& newest,
                                               const std::optional<Timestamp>& until) {
  if (!newest.timestamp || !newest.parent) return std::optional<CommitRange>();
  BL_TRY(const auto parent, commit_by_sha(connection, newest.repository, *newest.parent));
  if (parent && is_history_commit(*parent)) return std::optional<CommitRange>();
  CommitRange range;
  range.repository = newest.repository;
  range.newest_sha = newest.sha;
  range.until = until.value_or(*newest.timestamp);
  BL_RETURN_IF_ERROR(find_oldest(connection, range, *newest.timestamp));
  return std::optional<CommitRange>(std::move(range));
}

Result<void> forget(Connection& connection, std::string_view commit_id) {
  BL_TRY(
      [[maybe_unused]] auto hints,
      connection.execute(
          store::both_dialects<"delete from @commit_hint where exists (select 1 from \"commit\" c "
                               "where c.id = $1 and c.sha = @commit_hint.sha and "
                               "c.repository = @commit_hint.repository)">(),
          {commit_id}));
  BL_TRY([[maybe_unused]] auto rows,
         connection.execute(
             store::both_dialects<"delete from @commit_enrichment where commit_id = $1">(),
             {commit_id}));
  return {};
}

Result<void> queue(Connection& connection, std::string_view commit_id, Timestamp now) {
  BL_TRY([[maybe_unused]] auto inserted,
         connection.execute(
             store::both_dialects<"insert into @commit_enrichment (commit_id, state, attempts, "
                                  "next_try_at, lease_owner, lease_until, reason, range_from, "
                                  "range_left) values ($1, 'waiting', 0, $2, '', 0, '', '', 0) "
                                  "on conflict do nothing">(),
             {commit_id, now.micros}));
  return {};
}

// Somebody else completed the commit, or made its parent known.
Result<bool> is_needless(Connection& connection, const EnrichmentJob& job) {
  if (job.state == State::waiting) return job.is_complete();
  if (!job.range_from.empty()) return false;
  BL_TRY(const auto newest, commit_by_sha(connection, job.range.repository, job.range.newest_sha));
  if (!newest) return false;
  BL_TRY(const auto range, range_below(connection, *newest, {}));
  return !range.has_value();
}

Result<void> set_given_up(Connection& connection, std::string_view commit_id,
                          std::string_view reason) {
  BL_TRY(
      [[maybe_unused]] auto updated,
      connection.execute(
          store::both_dialects<"update @commit_enrichment set attempts = attempts + 1, "
                               "state = 'given up', reason = $2, lease_owner = '', lease_until = 0 "
                               "where commit_id = $1">(),
          {commit_id, prefix_of_bytes(reason, k_reason_bytes_max)}));
  return {};
}

}  // namespace

Result<StoreCommits::Discovered> StoreCommits::discover(
    std::string_view after, std::size_t count_max,
    const std::function<bool(std::string_view repository)>& wanted, Timestamp now) {
  Discovered found;
  std::vector<std::string> fresh;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) {
    found = {};
    fresh.clear();
    return connection.query(
        store::both_dialects<"select c.id, c.repository from \"commit\" c where c.id > $1 and "
                             "(c.timestamp is null or c.fork_point_sha is null) and not exists "
                             "(select 1 from @commit_enrichment e where e.commit_id = c.id) "
                             "order by c.id limit $2">(),
        {after, static_cast<std::int64_t>(count_max)}, [&](const store::Row& row) {
          ++found.looked;
          found.last_id = row.text(0);
          if (wanted(row.text(1))) fresh.emplace_back(row.text(0));
          return true;
        });
  }));
  found.queued = fresh.size();
  if (fresh.empty()) return found;
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    for (const std::string& id : fresh) BL_RETURN_IF_ERROR(queue(connection, id, now));
    return {};
  }));
  return found;
}

Result<bool> StoreCommits::lease(Connection& connection, std::string_view commit_id, Timestamp now,
                                 Timestamp until) {
  BL_TRY(const auto claimed,
         connection.execute(store::both_dialects<"update @commit_enrichment set lease_owner = $2, "
                                                 "lease_until = $4 where commit_id = $1 and "
                                                 "lease_until <= $3">(),
                            {commit_id, std::string_view(owner_), now.micros, until.micros}));
  return claimed == 1;
}

Result<std::optional<EnrichmentJob>> StoreCommits::claim(Timestamp now,
                                                         std::chrono::milliseconds lease_time) {
  for (;;) {
    BL_TRY(const std::vector<EnrichmentJob> candidates, due(now));
    std::optional<EnrichmentJob> mine;
    if (candidates.empty()) return mine;
    bool dropped = false;
    BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
      mine.reset();
      dropped = false;
      for (const EnrichmentJob& job : candidates) {
        BL_TRY(const bool claimed, lease(connection, job.commit.id, now, now + lease_time));
        if (!claimed) continue;
        BL_TRY(const bool needless, is_needless(connection, job));
        if (!needless) {
          mine = job;
          return {};
        }
        BL_RETURN_IF_ERROR(forget(connection, job.commit.id));
        dropped = true;
      }
      return {};
    }));
    if (mine || !dropped) return mine;
  }
}

Result<std::vector<EnrichmentJob>> StoreCommits::due(Timestamp now) {
  std::vector<EnrichmentJob> candidates;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) {
    candidates.clear();
    return connection.query(
        store::both_dialects<
            "select " BL_COMMIT_COLUMNS ", " BL_JOB_COLUMNS BL_JOB_TABLES
            "where e.state in ('waiting', 'backfill') and e.next_try_at <= $1 and "
            "e.lease_until <= $1 order by e.state desc, e.commit_id desc limit $2">(),
        {now.micros, k_candidates}, [&](const store::Row& row) {
          candidates.push_back(job_of(row));
          return true;
        });
  }));
  return candidates;
}

Result<std::optional<EnrichmentJob>> StoreCommits::claim_commit(
    std::string_view commit_id, Timestamp now, std::chrono::milliseconds lease_time) {
  std::optional<EnrichmentJob> mine;
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    mine.reset();
    BL_TRY(const auto commit, commit_by_id(connection, commit_id));
    if (!commit) return Error{Code::not_found, "no such commit: " + std::string(commit_id)};
    if (commit->timestamp && commit->fork_point_sha) return {};
    BL_RETURN_IF_ERROR(queue(connection, commit_id, now));
    BL_TRY(const bool claimed, lease(connection, commit_id, now, now + lease_time));
    if (!claimed) return {};
    return connection.query(
        store::both_dialects<"select " BL_COMMIT_COLUMNS ", " BL_JOB_COLUMNS BL_JOB_TABLES
                             "where e.commit_id = $1">(),
        {commit_id}, [&](const store::Row& row) {
          mine = job_of(row);
          return false;
        });
  }));
  return mine;
}

Result<std::optional<EnrichmentJob>> StoreCommits::keep(const EnrichmentJob& job,
                                                        const KnownCommit& known,
                                                        std::int64_t backfill_max, Timestamp now) {
  std::optional<EnrichmentJob> next;
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    next.reset();
    BL_RETURN_IF_ERROR(complete(connection, job.commit.id, known.commit));
    if (!known.commit.fork_point_sha) {
      return set_given_up(connection, job.commit.id, known.why_no_fork_point);
    }
    if (known.fork_point) {
      BL_TRY([[maybe_unused]] const Added added,
             add_default_branch_commit(connection, ids_, *known.fork_point));
    }
    const bool on_default = known.commit.on_default_branch();
    const Commit* newest = on_default ? &known.commit : nullptr;
    if (known.fork_point) newest = &*known.fork_point;
    std::optional<CommitRange> range;
    if (newest != nullptr && backfill_max > 0) {
      BL_TRY(range, range_below(connection, *newest, known.range_until));
    }
    if (!range) return forget(connection, job.commit.id);
    next = job;
    next->state = State::backfill;
    next->attempts = 0;
    next->range = *range;
    next->range_from.clear();
    next->range_left = backfill_max;
    BL_TRY(
        [[maybe_unused]] auto updated,
        connection.execute(
            store::both_dialects<"update @commit_enrichment set state = 'backfill', attempts = 0, "
                                 "next_try_at = $2, reason = '', range_newest_sha = $3, "
                                 "range_until = $4, range_oldest_sha = $5, "
                                 "range_oldest_time = $6, range_from = '', range_left = $7 "
                                 "where commit_id = $1">(),
            {std::string_view(job.commit.id), now.micros, std::string_view(range->newest_sha),
             range->until.micros, param_of(range->oldest_sha), micros_of(range->oldest_time),
             backfill_max}));
    return {};
  }));
  return next;
}

Result<StoreCommits::Backfilled> StoreCommits::keep_page(EnrichmentJob& job,
                                                         const CommitPage& page) {
  Backfilled outcome;
  std::int64_t left = 0;
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    outcome = {};
    outcome.done = !page.next;
    left = job.range_left;
    for (const Commit& commit : page.commits) {
      if (is_same_commit(job.range.newest_sha, commit.sha)) continue;
      if (left == 0 || commit.sha == job.range.oldest_sha) {
        outcome.done = true;
        break;
      }
      BL_TRY(const Added added, add_default_branch_commit(connection, ids_, commit));
      if (added == Added::was_known) {
        outcome.done = true;
        break;
      }
      --left;
      ++outcome.added;
    }
    if (left == 0) outcome.done = true;
    if (outcome.done) return forget(connection, job.commit.id);
    BL_TRY(
        [[maybe_unused]] auto updated,
        connection.execute(
            store::both_dialects<"update @commit_enrichment set range_from = $2, range_left = $3, "
                                 "attempts = 0 where commit_id = $1">(),
            {std::string_view(job.commit.id), std::string_view(*page.next), left}));
    return {};
  }));
  job.range_from = page.next.value_or("");
  job.range_left = left;
  return outcome;
}

Result<void> StoreCommits::postpone(const EnrichmentJob& job, std::string_view reason,
                                    Timestamp next_try_at) {
  return database_.write([&](Connection& connection) -> Result<void> {
    const std::string_view shown = prefix_of_bytes(reason, k_reason_bytes_max);
    BL_TRY(
        [[maybe_unused]] auto updated,
        connection.execute(
            store::both_dialects<"update @commit_enrichment set attempts = attempts + 1, "
                                 "next_try_at = $3, reason = $4, lease_owner = '', lease_until = 0 "
                                 "where commit_id = $1 and lease_owner = $2">(),
            {std::string_view(job.commit.id), std::string_view(owner_), next_try_at.micros,
             shown}));
    return {};
  });
}

Result<void> StoreCommits::give_up(const EnrichmentJob& job, std::string_view reason) {
  return database_.write(
      [&](Connection& connection) { return set_given_up(connection, job.commit.id, reason); });
}

Result<void> StoreCommits::release(const EnrichmentJob& job) {
  return database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY(
        [[maybe_unused]] auto updated,
        connection.execute(
            store::both_dialects<"update @commit_enrichment set lease_owner = '', lease_until = 0 "
                                 "where commit_id = $1 and lease_owner = $2">(),
            {std::string_view(job.commit.id), std::string_view(owner_)}));
    return {};
  });
}

Result<void> StoreCommits::note_pull_request(std::string_view sha, std::string_view repository,
                                             std::int64_t pull_request) {
  return database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY([[maybe_unused]] auto inserted,
           connection.execute(
               store::both_dialects<"insert into @commit_hint (sha, repository, pull_request) "
                                    "values ($1, $2, $3) on conflict do nothing">(),
               {sha, repository, pull_request}));
    return {};
  });
}

Result<void> StoreCommits::take_over(Timestamp now) {
  return database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY(
        [[maybe_unused]] auto hastened,
        connection.execute(store::both_dialects<"update @commit_enrichment set next_try_at = $1 "
                                                "where state <> 'given up' and next_try_at > $1">(),
                           {now.micros}));
    if (connection.dialect() != store::Dialect::sqlite) return {};
    BL_TRY([[maybe_unused]] auto freed,
           connection.execute("update bl_commit_enrichment set lease_owner = '', lease_until = 0 "
                              "where lease_until <> 0",
                              {}));
    return {};
  });
}

Result<void> StoreCommits::drop_complete() {
  return database_.write([](Connection& connection) -> Result<void> {
    BL_TRY([[maybe_unused]] auto dropped,
           connection.execute(
               store::both_dialects<"delete from @commit_enrichment where state <> 'backfill' and "
                                    "exists (select 1 from \"commit\" c where "
                                    "c.id = commit_id and c.timestamp is not null and "
                                    "c.fork_point_sha is not null)">(),
               {}));
    return {};
  });
}

Result<std::vector<IncompleteCommit>> StoreCommits::incomplete(const IncompleteFilter& filter) {
  std::vector<IncompleteCommit> found;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) {
    found.clear();
    return connection.query(
        store::both_dialects<"select " BL_COMMIT_COLUMNS
                             ", e.state, e.reason, e.attempts, e.next_try_at from \"commit\" c "
                             "left join @commit_enrichment e on e.commit_id = c.id where "
                             "(c.timestamp is null or c.fork_point_sha is null) and "
                             "($1 = '' or c.repository = $1) and ($2 = '' or c.id < $2) "
                             "order by c.id desc limit $3">(),
        {std::string_view(filter.repository ? *filter.repository : std::string_view()),
         std::string_view(filter.before_id ? *filter.before_id : std::string_view()),
         static_cast<std::int64_t>(filter.count_max)},
        [&](const store::Row& row) {
          IncompleteCommit one;
          one.commit = commit_of(row, 0).value_or(StoredCommit{});
          const int at = k_commit_columns;
          one.state = row.is_null(at) ? "new" : row.text(at);
          one.reason = row.text(at + 1);
          one.attempts = row.integer(at + 2);
          if (one.state == "waiting") one.next_try_at = time_of(row, at + 3);
          found.push_back(std::move(one));
          return true;
        });
  }));
  return found;
}

Result<EnrichmentCounts> StoreCommits::counts() {
  EnrichmentCounts counts;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
    counts = {};
    BL_RETURN_IF_ERROR(connection.query(
        store::both_dialects<"select count(*) from \"commit\" "
                             "where timestamp is null or fork_point_sha is null">(),
        {}, [&](const store::Row& row) {
          counts.incomplete = row.integer(0);
          return false;
        }));
    return connection.query(
        store::both_dialects<"select state, count(*) from @commit_enrichment group by state">(), {},
        [&](const store::Row& row) {
          const State state = state_of(row.text(0));
          (state == State::waiting    ? counts.waiting
           : state == State::backfill ? counts.backfill
                                      : counts.given_up) = row.integer(1);
          return true;
        });
  }));
  return counts;
}

}  // namespace bl::results
