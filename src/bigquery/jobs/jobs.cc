#include "bigquery/jobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "bigquery/answer_tables.h"
#include "bigquery/jobs/copies.h"
#include "bigquery/jobs/job_statistics.h"
#include "bigquery/jobs/job_store.h"

namespace bl::bigquery {
namespace {

constexpr std::chrono::milliseconds k_look{500};  ///< for who waits and may have gone

Error no_job(const std::string& project, const std::string& id) {
  return {Code::not_found, fmt::format("Not found: Job {}:{}", project, id)};
}

Error job_exists(const JobView& job) {
  return {Code::conflict,
          fmt::format("Already Exists: Job {}:{}.{}", job.project, job.location, job.id)};
}

bool is_behind(const JobView& a, const JobView& b) {
  return std::tie(a.created, a.id) > std::tie(b.created, b.id);
}

}  // namespace

struct Jobs::Job {
  std::variant<QueryRequest, LoadRequest, CopyRequest> work;  // the running thread's
  std::shared_ptr<engine::QueryControl> control = std::make_shared<engine::QueryControl>();
  std::condition_variable is_done;
  JobView view;  // guarded by Jobs::mutex_
};

Jobs::Jobs(const JobsWorld& world, const JobLimits& limits)
    : world_(world),
      limits_(limits),
      store_(std::make_unique<JobStore>(world.database, world.log, limits.written_behind_max)),
      ended_(world.metrics.counter("bl_bigquery_jobs_total", "jobs of the BigQuery door that ended",
                                   {{"outcome", "ok"}})),
      failed_(world.metrics.counter("bl_bigquery_jobs_total",
                                    "jobs of the BigQuery door that ended",
                                    {{"outcome", "failed"}})),
      seconds_(world.metrics.histogram("bl_bigquery_job_seconds",
                                       "how long jobs of the BigQuery door took, from their making",
                                       Metrics::latency_bounds())) {}

Result<std::unique_ptr<Jobs>> Jobs::open(const JobsWorld& world, const JobLimits& limits) {
  std::unique_ptr<Jobs> jobs(new Jobs(world, limits));
  const Timestamp now = world.clock.now();
  BL_TRY(auto left, jobs->store_->running());
  for (JobView& job : left) {
    job.state = JobState::done;
    job.ended = now;
    job.error = JobError{"stopped", "The server was started anew while the job ran", ""};
    job.errors = {*job.error};
    BL_RETURN_IF_ERROR(jobs->store_->put(job));
  }
  BL_RETURN_IF_ERROR(jobs->store_->remove_before(now - limits.store_for));
  BL_TRY(const auto recent, jobs->store_->created_since(now - limits.request_id_for));
  for (const JobView& job : recent) {
    if (job.request_id.empty()) continue;
    const JobKey key{job.project, job.request_id};
    if (jobs->requests_.emplace(key, KnownRequest{job.id, job.created}).second) {
      jobs->request_order_.push_front(key);  // the newest come first
    }
  }
  for (std::size_t i = 0; i < limits.running_max; ++i) {
    jobs->threads_.emplace_back([all = jobs.get()] { all->work(); });
  }
  return jobs;
}

void Jobs::stop() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
    for (const auto& [key, job] : jobs_) job->control->cancel();
  }
  work_or_end_.notify_all();
}

Jobs::~Jobs() {
  stop();
  for (std::thread& thread : threads_) thread.join();
}

Result<JobView> Jobs::start(JobRequest request) {
  if (!request.may_write && !std::holds_alternative<QueryRequest>(request.work)) {
    return Error{Code::forbidden, "Access Denied: loads and copies need the role writer"};
  }
  const auto job = std::make_shared<Job>();
  JobView& view = job->view;
  view.project = std::move(request.project);
  view.id = request.id.empty() ? "job_" + world_.ids.next() : std::move(request.id);
  view.location = request.location.empty() ? "US" : std::move(request.location);
  view.user = std::move(request.user);
  view.request_id = std::move(request.request_id);
  view.configuration = std::move(request.configuration);
  view.created = world_.clock.now();
  job->work = std::move(request.work);
  std::visit([&](auto& work) { work.key = view.project + "." + view.id; }, job->work);
  const JobView begun = view;  // it may have run before we answer
  BL_TRY(const std::optional<std::string> same, reserve(job));
  if (same) return get(begun.project, *same);
  if (request.is_durable) {
    if (auto added = store_->add(begun); !added.ok()) {
      unreserve(begun);
      return std::move(added).error();
    }
  }
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(job);
  }
  work_or_end_.notify_one();
  return begun;
}

Result<std::optional<std::string>> Jobs::reserve(const std::shared_ptr<Job>& job) {
  const JobView& view = job->view;
  const std::lock_guard lock(mutex_);
  while (!request_order_.empty()) {
    const auto oldest = requests_.find(request_order_.front());
    if (oldest != requests_.end()) {
      if (oldest->second.at + limits_.request_id_for > view.created) break;
      requests_.erase(oldest);
    }
    request_order_.pop_front();
  }
  const JobKey request{view.project, view.request_id};
  if (const auto known = requests_.find(request); known != requests_.end()) {
    return std::optional(known->second.id);
  }
  if (stops_) return Error{Code::unavailable, "the server stops"};
  if (waiting_.size() >= limits_.waiting_max) {
    return Error{Code::overloaded,
                 fmt::format("Job exceeded rate limits: {} jobs wait", waiting_.size())};
  }
  if (!jobs_.emplace(JobKey{view.project, view.id}, job).second) return job_exists(view);
  if (!view.request_id.empty()) {
    requests_.emplace(request, KnownRequest{view.id, view.created});
    request_order_.push_back(request);
  }
  return std::optional<std::string>();
}

void Jobs::unreserve(const JobView& view) {
  const std::lock_guard lock(mutex_);
  jobs_.erase({view.project, view.id});
  requests_.erase({view.project, view.request_id});
}

void Jobs::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    work_or_end_.wait(lock, [&] { return stops_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const std::shared_ptr<Job> job = std::move(waiting_.front());
    waiting_.pop_front();
    job->view.state = JobState::running;
    job->view.started = world_.clock.now();
    JobView made = job->view;
    lock.unlock();
    run(*job, made);
    lock.lock();
    job->view = std::move(made);
    job->is_done.notify_all();
    done_.emplace_back(job->view.project, job->view.id);
    while (done_.size() > limits_.kept_max) {
      jobs_.erase(done_.front());
      done_.pop_front();
    }
  }
}

bool Jobs::is_stopping() {
  const std::lock_guard lock(mutex_);
  return stops_;
}

void Jobs::run(Job& job, JobView& made) {
  const auto outcome =
      job.control->is_cancelled()
          ? Result<void>(Error{Code::cancelled, "the job was cancelled before it ran"})
          : std::visit([&](const auto& work) { return run_work(job, work, made); }, job.work);
  const bool is_query = std::holds_alternative<QueryRequest>(job.work);
  if (!outcome.ok()) {
    made.error = job_error(outcome.error(), is_query ? "invalidQuery" : "invalid");
    if (made.error->reason == "stopped" && is_stopping()) {
      made.error->message = "The server was stopped while the job ran";
    }
    made.errors = {*made.error};
    for (const Fault& fault : outcome.error().faults) {
      if (!is_query) made.errors.push_back({"invalid", fault.message, fault.path});
    }
    const bool is_ours = made.error->reason == "internalError";
    if (is_ours)
      world_.log.error("bigquery_job", {{"job", made.id}, {"error", made.error->message}});
  }
  job.work = QueryRequest{};  // a file that was sent goes now
  made.state = JobState::done;
  made.ended = world_.clock.now();
  (outcome.ok() ? ended_ : failed_).add();
  seconds_.observe(std::chrono::duration<double>(*made.ended - made.created).count());
  if (is_query && (made.statement.empty() || made.statement == "SELECT")) {
    store_->put_later(made);
    return;
  }
  // Whoever asks again after a crash is told what was done.
  if (const auto stored = store_->put(made); !stored.ok()) {
    world_.log.error("bigquery_job", {{"job", made.id}, {"not_stored", stored.error().message}});
  }
}

Result<void> Jobs::run_work(Job& job, const QueryRequest& request, JobView& made) {
  BL_TRY(const QueryOutcome outcome, world_.queries.run(request, job.control));
  made.statement = name_of(outcome.kind);
  made.schema = outcome.schema;
  made.rows = outcome.rows;
  made.has_answer = outcome.rows != nullptr;
  if (made.has_answer) made.result = outcome.rows->id();
  made.cache_hit = outcome.cache_hit;
  made.bytes_processed = outcome.cache_hit ? 0 : outcome.bytes_processed;
  if (outcome.changed) {
    const Changed& changed = *outcome.changed;
    made.changed_rows = changed.inserted + changed.updated + changed.deleted;
  }
  made.statistics = statistics_of(outcome);
  const json::Value* const query = made.configuration.find("query");
  if (limits_.names_answer_tables && made.has_answer && !request.destination && query != nullptr) {
    json::Value named = *query;
    named.set("destinationTable", reference_of(answer_table(made.project, made.result)));
    made.configuration.set("query", std::move(named));
  }
  return {};
}

Result<void> Jobs::run_work(Job& job, const LoadRequest& request, JobView& made) {
  BL_TRY(const LoadOutcome outcome, world_.loads.run(request, *job.control));
  made.statistics = statistics_of(outcome);
  for (const std::string& fault : outcome.faults) made.errors.push_back({"invalid", fault, ""});
  return {};
}

Result<void> Jobs::run_work(Job& job, const CopyRequest& request, JobView& made) {
  BL_TRY(const Copied copied, copy_tables(request, world_.tables, world_.engine, job.control));
  made.statistics = copy_statistics(copied.rows, copied.bytes);
  return {};
}

Result<JobView> Jobs::get(const std::string& project, const std::string& id) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = jobs_.find({project, id}); found != jobs_.end()) {
      return found->second->view;
    }
  }
  store_->flush();
  BL_TRY(auto stored, store_->find(project, id));
  if (!stored) return no_job(project, id);
  return *std::move(stored);
}

Result<JobView> Jobs::wait(const std::string& project, const std::string& id,
                           std::chrono::steady_clock::time_point until,
                           const std::function<bool()>& is_wanted) {
  {
    std::unique_lock lock(mutex_);
    const auto found = jobs_.find({project, id});
    if (found != jobs_.end()) {
      const std::shared_ptr<Job> job = found->second;
      const auto is_done = [&] { return job->view.state == JobState::done; };
      while (!is_done() && std::chrono::steady_clock::now() < until &&
             (!is_wanted || is_wanted())) {
        job->is_done.wait_until(lock, std::min(until, std::chrono::steady_clock::now() + k_look),
                                is_done);
      }
      return job->view;
    }
  }
  return get(project, id);
}

Result<JobView> Jobs::cancel(const std::string& project, const std::string& id) {
  std::shared_ptr<Job> job;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = jobs_.find({project, id}); found != jobs_.end()) job = found->second;
  }
  if (job != nullptr) job->control->cancel();
  return get(project, id);
}

Result<void> Jobs::remove(const std::string& project, const std::string& id) {
  BL_TRY(const JobView view, get(project, id));
  if (view.state != JobState::done) {
    return Error{Code::conflict, fmt::format("the job has not ended: {}", id)};
  }
  {
    const std::lock_guard lock(mutex_);
    jobs_.erase({project, id});
    std::erase(done_, JobKey{project, id});
  }
  return store_->remove(project, id);
}

Result<std::vector<JobView>> Jobs::list(const JobFilter& filter) {
  JobFilter wanted = filter;
  wanted.states.clear();  // of what runs, the store knows an older state
  std::optional<JobView> before;
  if (!filter.before_id.empty()) {
    BL_TRY(before, get(filter.project, filter.before_id));
  }
  std::vector<JobView> found;
  const auto add = [&](const JobView& view) {
    const bool has_state = filter.states.empty() ||
                           std::ranges::find(filter.states, view.state) != filter.states.end();
    if (view.project == filter.project && has_state && (!before || is_behind(*before, view)) &&
        (!filter.created_min || view.created >= *filter.created_min) &&
        (!filter.created_max || view.created <= *filter.created_max)) {
      found.push_back(view);
    }
  };
  std::set<std::string> known;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, job] : jobs_) {
      if (key.first != filter.project) continue;
      known.insert(key.second);
      add(job->view);
    }
  }
  if (!filter.states.empty() &&
      std::ranges::find(filter.states, JobState::done) == filter.states.end()) {
    wanted.count_max = 0;  // all that has not ended is in memory
  } else {
    wanted.states = {JobState::done};
    wanted.count_max = filter.count_max + known.size();
  }
  BL_TRY(const auto stored, store_->list(wanted));
  for (const JobView& view : stored) {
    if (!known.contains(view.id)) add(view);
  }
  std::ranges::sort(found, is_behind);
  if (found.size() > filter.count_max) found.resize(filter.count_max);
  return found;
}

Result<QueryResultHandle> Jobs::rows_of(const JobView& job) {
  if (job.rows != nullptr) return job.rows;
  if (!job.result.empty()) return world_.results.find(job.result);
  return Error{Code::not_found, "Not found: the job has no rows: " + job.id};
}

}  // namespace bl::bigquery
