#include "bigquery/jobs/job_store.h"

#include <fmt/format.h>

#include <array>

#include "bigquery/jobs/job_document.h"
#include "store/both_dialects.h"

namespace bl::bigquery {
namespace {

constexpr std::size_t k_written_at_once = 256;

constexpr std::string_view k_jobs_sqlite = R"sql(
create table bl_bq_jobs (
  project text not null,
  id text not null,
  created integer not null,
  state text not null,
  document text not null,
  primary key (project, id)
) strict, without rowid;
create index bl_bq_jobs_created on bl_bq_jobs (project, created, id);
create index bl_bq_jobs_running on bl_bq_jobs (state) where state <> 'DONE';
)sql";

constexpr std::string_view k_jobs_postgres = R"sql(
create table benchlake.bq_jobs (
  project text collate "C" not null,
  id text collate "C" not null,
  created bigint not null,
  state text not null,
  document text not null,
  primary key (project, id)
);
create index bq_jobs_created on benchlake.bq_jobs (project, created, id);
create index bq_jobs_running on benchlake.bq_jobs (state) where state <> 'DONE';
)sql";

constexpr std::array k_migrations = {
    store::Migration{20, "bigquery_jobs", k_jobs_sqlite, k_jobs_postgres},
};

Result<std::int64_t> insert(store::Connection& connection, const JobView& job, bool replaces) {
  static const store::Sql k_add = store::both_dialects<
      "insert into @bq_jobs (project, id, created, state, document) values ($1, $2, $3, $4, $5) "
      "on conflict (project, id) do nothing">();
  static const store::Sql k_put = store::both_dialects<
      "insert into @bq_jobs (project, id, created, state, document) values ($1, $2, $3, $4, $5) "
      "on conflict (project, id) do update set state = excluded.state, document = "
      "excluded.document">();
  const std::string document = document_of(job);
  return connection.execute(
      replaces ? k_put : k_add,
      {std::string_view(job.project), std::string_view(job.id), job.created.micros,
       std::string_view(name_of(job.state)), std::string_view(document)});
}

}  // namespace

std::span<const store::Migration> job_migrations() {
  return k_migrations;
}

JobStore::JobStore(store::Database& database, Log& log, std::size_t behind_max)
    : database_(database), log_(log), behind_max_(behind_max) {
  writer_ = std::thread([this] { work(); });
}

JobStore::~JobStore() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
  }
  changed_.notify_all();
  writer_.join();
}

Result<void> JobStore::write(std::span<const JobView> jobs) {
  return database_.write([&](store::Connection& connection) -> Result<void> {
    for (const JobView& job : jobs) BL_RETURN_IF_ERROR(insert(connection, job, true));
    return {};
  });
}

void JobStore::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stops_ || !behind_.empty(); });
    if (behind_.empty()) return;
    std::vector<JobView> jobs;
    while (!behind_.empty() && jobs.size() < k_written_at_once) {
      jobs.push_back(std::move(behind_.front()));
      behind_.pop_front();
    }
    lock.unlock();
    if (const auto done = write(jobs); !done.ok()) {
      log_.error("bigquery_jobs", {{"not_stored", jobs.size()}, {"error", done.error().message}});
    }
    lock.lock();
    written_ += jobs.size();
    changed_.notify_all();
  }
}

Result<void> JobStore::add(const JobView& job) {
  std::int64_t added = 0;
  BL_RETURN_IF_ERROR(database_.write([&](store::Connection& connection) -> Result<void> {
    BL_TRY(added, insert(connection, job, false));
    return {};
  }));
  if (added > 0) return {};
  return Error{Code::conflict,
               fmt::format("Already Exists: Job {}:{}.{}", job.project, job.location, job.id)};
}

Result<void> JobStore::put(const JobView& job) {
  flush();
  return write(std::span(&job, 1));
}

void JobStore::put_later(JobView job) {
  job.rows = nullptr;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return behind_.size() < behind_max_; });
    behind_.push_back(std::move(job));
    ++given_;
  }
  changed_.notify_all();
}

void JobStore::flush() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&, until = given_] { return written_ >= until; });
}

Result<std::vector<JobView>> JobStore::rows(const std::string& where,
                                            std::span<const store::Param> params,
                                            const std::string& tail) {
  std::vector<JobView> jobs;
  const std::string text = fmt::format(
      "select project, id, created, state, document from @bq_jobs where {} {}", where, tail);
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    jobs.clear();
    Result<void> read;
    BL_RETURN_IF_ERROR(connection.query_text(
        store::in_dialect(text, connection.dialect()), params, [&](const store::Row& row) {
          JobView job;
          job.project = row.text(0);
          job.id = row.text(1);
          job.created = {row.integer(2)};
          job.state = job_state_named(row.text(3)).value_or(JobState::done);
          read = read_document(row.text(4), job);
          jobs.push_back(std::move(job));
          return read.ok();
        }));
    return read;
  }));
  return jobs;
}

Result<std::optional<JobView>> JobStore::find(const std::string& project, const std::string& id) {
  const std::array<store::Param, 2> params = {std::string_view(project), std::string_view(id)};
  BL_TRY(auto found, rows("project = $1 and id = $2", params, ""));
  if (found.empty()) return std::optional<JobView>();
  return std::optional(std::move(found[0]));
}

Result<std::vector<JobView>> JobStore::list(const JobFilter& filter) {
  flush();
  std::vector<store::Param> params = {std::string_view(filter.project)};
  std::string where = "project = $1";
  const auto add = [&](const char* condition, store::Param value) {
    params.push_back(value);
    where += fmt::format(fmt::runtime(condition), params.size());
  };
  if (filter.created_min) add(" and created >= ${}", filter.created_min->micros);
  if (filter.created_max) add(" and created <= ${}", filter.created_max->micros);
  if (!filter.before_id.empty()) {
    add(" and (created, id) < (select created, id from @bq_jobs as b where b.project = $1 and "
        "b.id = ${})",
        std::string_view(filter.before_id));
  }
  if (!filter.states.empty()) {
    std::string states;
    for (const JobState state : filter.states) {
      states += fmt::format("{}'{}'", states.empty() ? "" : ", ", name_of(state));
    }
    where += fmt::format(" and state in ({})", states);
  }
  params.push_back(static_cast<std::int64_t>(filter.count_max));
  return rows(where, params,
              fmt::format("order by created desc, id desc limit ${}", params.size()));
}

Result<void> JobStore::remove(const std::string& project, const std::string& id) {
  flush();
  return database_.write([&](store::Connection& connection) -> Result<void> {
    static const store::Sql k_remove =
        store::both_dialects<"delete from @bq_jobs where project = $1 and id = $2">();
    BL_RETURN_IF_ERROR(
        connection.execute(k_remove, {std::string_view(project), std::string_view(id)}));
    return {};
  });
}

Result<std::vector<JobView>> JobStore::running() {
  return rows("state <> 'DONE'", {}, "order by created");
}

Result<std::vector<JobView>> JobStore::created_since(Timestamp since) {
  const std::array<store::Param, 1> params = {since.micros};
  return rows("created >= $1", params, "order by created desc limit 10000");
}

Result<void> JobStore::remove_before(Timestamp before) {
  return database_.write([&](store::Connection& connection) -> Result<void> {
    static const store::Sql k_remove =
        store::both_dialects<"delete from @bq_jobs where created < $1 and state = 'DONE'">();
    BL_RETURN_IF_ERROR(connection.execute(k_remove, {before.micros}));
    return {};
  });
}

}  // namespace bl::bigquery
