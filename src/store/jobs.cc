#include "store/jobs.h"

#include "base/utf8.h"
#include "store/both_dialects.h"

namespace bl::store {

Result<bool> Jobs::claim(std::string_view name, std::chrono::milliseconds lease) {
  const Timestamp now = clock_.now();
  const Timestamp until = now + lease;
  std::int64_t claimed = 0;
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY([[maybe_unused]] const auto added,
           connection.execute(
               both_dialects<"insert into @job (name, owner, lease_until, outcome, detail, runs, "
                             "failures) values ($1, '', 0, '', '', 0, 0) on conflict do nothing">(),
               {name}));
    // What is held already goes on: its start stays.
    BL_TRY(claimed, connection.execute(
                        both_dialects<"update @job set started_at = case when owner = $2 and "
                                      "lease_until > $3 then started_at else $3 end, owner = $2, "
                                      "lease_until = $4 where name = $1 and (lease_until <= $3 or "
                                      "owner = $2)">(),
                        {name, std::string_view(owner_), now.micros, until.micros}));
    return {};
  }));
  return claimed == 1;
}

Result<void> Jobs::finish(std::string_view name, Outcome outcome, std::string_view detail) {
  const Timestamp now = clock_.now();
  const bool failed = outcome == Outcome::failed;
  return database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY(
        [[maybe_unused]] const auto finished,
        connection.execute(
            both_dialects<"update @job set lease_until = 0, ended_at = $3, outcome = $4, "
                          "detail = $5, runs = runs + 1, failures = failures + $6 "
                          "where name = $1 and owner = $2 and lease_until <> 0">(),
            {name, std::string_view(owner_), now.micros, std::string_view(failed ? "failed" : "ok"),
             prefix_of_bytes(detail, detail_bytes_max), std::int64_t{failed ? 1 : 0}}));
    return {};
  });
}

Result<bool> Jobs::progress(std::string_view name, std::chrono::milliseconds lease,
                            std::string_view detail) {
  BL_TRY(const bool mine, claim(name, lease));
  if (!mine) return false;
  BL_RETURN_IF_ERROR(database_.write([&](Connection& connection) -> Result<void> {
    BL_TRY([[maybe_unused]] const auto noted,
           connection.execute(
               both_dialects<"update @job set detail = $3 where name = $1 and "
                             "owner = $2 and lease_until <> 0">(),
               {name, std::string_view(owner_), prefix_of_bytes(detail, detail_bytes_max)}));
    return {};
  }));
  return true;
}

Result<std::vector<JobState>> Jobs::list() {
  std::vector<JobState> found;
  const Timestamp now = clock_.now();
  const auto time_of = [](const Row& row, int column) -> std::optional<Timestamp> {
    if (row.is_null(column)) return std::nullopt;
    return Timestamp{row.integer(column)};
  };
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) {
    found.clear();
    return connection.query(
        both_dialects<"select name, owner, lease_until, started_at, ended_at, outcome, detail, "
                      "runs, failures from @job order by name">(),
        {}, [&](const Row& row) {
          JobState& job = found.emplace_back();
          job.name = row.text(0);
          job.owner = row.text(1);
          if (row.integer(2) > now.micros) job.lease_until = Timestamp{row.integer(2)};
          job.abandoned = row.integer(2) != 0 && row.integer(2) <= now.micros;
          job.started_at = time_of(row, 3);
          job.ended_at = time_of(row, 4);
          job.outcome = row.text(5);
          job.detail = row.text(6);
          job.runs = row.integer(7);
          job.failures = row.integer(8);
          return true;
        });
  }));
  return found;
}

Result<std::int64_t> abandoned_jobs(Database& database, Timestamp before) {
  std::int64_t count = 0;
  BL_RETURN_IF_ERROR(database.read([&](Connection& connection) {
    return connection.query(
        both_dialects<"select count(*) from @job where lease_until <> 0 and lease_until < $1">(),
        {before.micros}, [&](const Row& row) {
          count = row.integer(0);
          return true;
        });
  }));
  return count;
}

}  // namespace bl::store
