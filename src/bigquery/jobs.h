#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/log.h"
#include "base/metrics.h"
#include "bigquery/loads.h"
#include "bigquery/queries.h"
#include "store/database.h"

/// Jobs: statements, loads and copies that have a name, run on threads of their own, and are known
/// after they have ended (spec 2.2, 2.7).
namespace bl::bigquery {

enum class JobState : unsigned char { pending, running, done };
/// `PENDING`, `RUNNING`, `DONE`.
std::string_view name_of(JobState state);
std::optional<JobState> job_state_named(std::string_view name);

/// Why a job failed, as clients see it (spec 2.7): a reason of BigQuery's and a sentence.
struct JobError {
  std::string reason, message;
  std::string location;  ///< `query` of a fault in SQL, else empty
};
/// Never `internalError` for what the user's SQL or rows did. `invalid` is what a fault of the
/// request is called: `invalidQuery` of statements.
JobError job_error(const Error& error, std::string_view invalid = "invalidQuery");
/// Of a reason: 400, 403, 404, 409, 500, ...
int http_status(const JobError& error);

/// Copies all rows of tables into one.
struct CopyRequest {
  std::vector<TableName> sources;
  Destination destination;
  std::string key;
};

struct JobRequest {
  std::string project;
  std::string id;        ///< empty: one is made
  std::string location;  ///< empty: `US`
  std::string user;
  std::string request_id;     ///< of jobs.query: the same one again is the same job
  json::Value configuration;  ///< as answers show it
  std::variant<QueryRequest, LoadRequest, CopyRequest> work;
  /// In the store before it runs, so that its id is taken even after a crash. What changes tables
  /// should be; a query may be written behind its answer.
  bool is_durable = true;
  bool may_write = true;  ///< false: only statements that read
};

/// A job as it stands. A value; `rows` may be asked of Results when it is null and `result` is not
/// empty.
struct JobView {
  std::string project, id, location, user, request_id;
  json::Value configuration;
  JobState state = JobState::pending;
  Timestamp created;
  std::optional<Timestamp> started, ended;
  std::optional<JobError> error;
  std::vector<JobError> errors;  ///< more of them: bad rows of a load
  json::Value statistics;        ///< `query`, `load` or `copy`: as answers show them
  // Of queries.
  std::string statement;  ///< `SELECT`, ...
  TableSchema schema;
  bool has_answer = false;
  std::string result;      ///< id of its rows; empty: none
  QueryResultHandle rows;  ///< of jobs that ended here
  bool cache_hit = false;
  std::uint64_t bytes_processed = 0;
  std::optional<std::int64_t> changed_rows;  ///< of DML
};

struct JobFilter {
  std::string project;
  std::vector<JobState> states;  ///< empty: all
  std::optional<Timestamp> created_min, created_max;
  std::string before_id;  ///< the page's place: jobs that were made before this one
  std::size_t count_max = 50;
};

struct JobLimits {
  std::size_t running_max = 8;    ///< threads
  std::size_t waiting_max = 256;  ///< more are refused: overloaded
  /// A query that was told no destinationTable says the table that its answer is.
  bool names_answer_tables = false;
  std::size_t kept_max = 1'000;  ///< that have ended, in memory; older ones are asked of the store
  std::size_t written_behind_max = 4'096;  ///< more, and the end of a job waits for the store
  std::chrono::hours store_for{30 * 24};
  std::chrono::minutes request_id_for{15};
};

struct JobsWorld {
  store::Database& database;
  Queries& queries;
  Loads& loads;
  Tables& tables;
  engine::Engine& engine;
  Results& results;
  const Clock& clock;
  IdSource& ids;
  Log& log;
  Metrics& metrics;
};

class JobStore;

/// Threads: any; has some of its own.
class Jobs {
 public:
  /// Jobs that an earlier process left running have failed. Errors: those of the store.
  static Result<std::unique_ptr<Jobs>> open(const JobsWorld& world, const JobLimits& limits = {});
  /// Stops, and waits for what runs.
  ~Jobs();
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  /// Cancels all, and takes no more. Idempotent.
  void stop();

  /// Begins it. Errors: conflict (`Already Exists: Job p:l.id`), overloaded, those of the store.
  Result<JobView> start(JobRequest request);
  /// Errors: not_found (`Not found: Job p:l.id`).
  Result<JobView> get(const std::string& project, const std::string& id);
  /// The same once it is done, or at that time, or when `is_wanted` (asked now and then) says no.
  Result<JobView> wait(const std::string& project, const std::string& id,
                       std::chrono::steady_clock::time_point until,
                       const std::function<bool()>& is_wanted = {});
  /// A job that is done stays as it is.
  Result<JobView> cancel(const std::string& project, const std::string& id);
  /// Forgets a job that is done. Errors: also conflict (it is not).
  Result<void> remove(const std::string& project, const std::string& id);
  /// The newest first.
  Result<std::vector<JobView>> list(const JobFilter& filter);
  /// Its rows, for pages. Errors: not_found (it has none, or they are gone).
  Result<QueryResultHandle> rows_of(const JobView& job);

 private:
  struct Job;
  using JobKey = std::pair<std::string, std::string>;  // project, id
  Jobs(const JobsWorld& world, const JobLimits& limits);
  /// Gives the id of the job that came with the same requestId.
  Result<std::optional<std::string>> reserve(const std::shared_ptr<Job>& job);
  void unreserve(const JobView& view);
  void work();
  void run(Job& job, JobView& made);
  bool is_stopping();
  Result<void> run_work(Job& job, const QueryRequest& request, JobView& made);
  Result<void> run_work(Job& job, const LoadRequest& request, JobView& made);
  Result<void> run_work(Job& job, const CopyRequest& request, JobView& made);

  const JobsWorld world_;
  const JobLimits limits_;
  const std::unique_ptr<JobStore> store_;
  Counter ended_, failed_;
  Histogram seconds_;
  std::mutex mutex_;
  std::condition_variable work_or_end_;
  std::map<JobKey, std::shared_ptr<Job>> jobs_;  // guarded by mutex_, as all below
  std::deque<std::shared_ptr<Job>> waiting_;
  std::deque<JobKey> done_;  // the oldest first
  struct KnownRequest {
    std::string id;
    Timestamp at;
  };
  std::map<JobKey, KnownRequest> requests_;  // by project and requestId
  std::deque<JobKey> request_order_;
  bool stops_ = false;
  std::vector<std::thread> threads_;
};

/// Number 20: `bl_bq_jobs`.
std::span<const store::Migration> job_migrations();

}  // namespace bl::bigquery
