#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "bigquery/jobs.h"

namespace bl::bigquery {

/// Rows of `bl_bq_jobs`. Some are written at once, some behind, by a thread of its own, in the
/// order in which they were given. Threads: any.
class JobStore {
 public:
  JobStore(store::Database& database, Log& log, std::size_t behind_max);
  /// Writes what waits.
  ~JobStore();
  JobStore(const JobStore&) = delete;
  JobStore& operator=(const JobStore&) = delete;

  /// Durable on return. Errors: conflict (the id is taken).
  Result<void> add(const JobView& job);
  /// The same of a job that may be there; what waits of it is older.
  Result<void> put(const JobView& job);
  /// Written soon, by and by. What fails is in the log: the job is known to this process only.
  void put_later(JobView job);
  /// Until nothing waits that was given before.
  void flush();

  Result<std::optional<JobView>> find(const std::string& project, const std::string& id);
  /// The newest first; states are not looked at.
  Result<std::vector<JobView>> list(const JobFilter& filter);
  Result<void> remove(const std::string& project, const std::string& id);
  /// What an earlier process left running.
  Result<std::vector<JobView>> running();
  Result<std::vector<JobView>> created_since(Timestamp since);
  Result<void> remove_before(Timestamp before);

 private:
  Result<std::vector<JobView>> rows(const std::string& where, std::span<const store::Param> params,
                                    const std::string& tail);
  Result<void> write(std::span<const JobView> jobs);
  void work();

  store::Database& database_;
  Log& log_;
  const std::size_t behind_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<JobView> behind_;  // guarded by mutex_, as those below
  std::uint64_t given_ = 0, written_ = 0;
  bool stops_ = false;
  std::thread writer_;
};

}  // namespace bl::bigquery
