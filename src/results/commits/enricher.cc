#include "results/commit_enricher.h"

#include <algorithm>

namespace bl::results {
namespace {

constexpr const char* k_incomplete_help = "commits without a timestamp or a fork point, by state";

Gauge state_gauge(Metrics& metrics, const char* state) {
  return metrics.gauge("bl_commits_incomplete", k_incomplete_help, {{"state", state}});
}

// What the source says of the commit, and may say otherwise once it learns of it.
bool is_about_the_commit(Code code) {
  return code == Code::not_found || code == Code::malformed || code == Code::forbidden;
}

CommitQuestion question_of(const EnrichmentJob& job) {
  return {job.commit.repository, job.commit.sha, job.commit.branch, job.pull_request};
}

}  // namespace

const char* name_of(RepairedCommit::Outcome outcome) {
  using enum RepairedCommit::Outcome;
  switch (outcome) {
    case repaired:
      return "repaired";
    case would_repair:
      return "would repair";
    case unknown:
      return "unknown";
    case busy:
      return "busy";
  }
  return "";
}

CommitEnricher::CommitEnricher(StoreCommits& commits, CommitSource& source, const Clock& clock,
                               Log& log, Metrics& metrics, EnrichmentLimits limits)
    : commits_(commits),
      source_(source),
      clock_(clock),
      log_(log),
      limits_(limits),
      errors_(log, "commit_enrichment"),
      incomplete_(state_gauge(metrics, "all")),
      waiting_(state_gauge(metrics, "waiting")),
      backfilling_(state_gauge(metrics, "backfill")),
      given_up_(state_gauge(metrics, "given up")),
      repaired_(metrics.counter("bl_commits_repaired_total", "commits that became known")),
      backfilled_(metrics.counter("bl_commits_backfilled_total",
                                  "commits of default branches added below others")),
      failures_(metrics.counter("bl_commits_failures_total",
                                "questions about commits that no source answered")),
      limits_reached_(metrics.counter("bl_commits_limit_hits_total",
                                      "times that a limit of commit enrichment was reached",
                                      {{"limit", "attempts_max"}})) {}

bool CommitEnricher::work() {
  if (stopping_) return false;
  const auto step = [&]() -> Result<bool> {
    if (!took_over_) BL_RETURN_IF_ERROR(commits_.take_over(clock_.now()));
    took_over_ = true;
    count();
    BL_TRY(const bool more, discover());
    BL_TRY(const auto job, commits_.claim(clock_.now(), limits_.lease));
    if (!job) return more;
    BL_RETURN_IF_ERROR(job->state == EnrichmentJob::State::backfill ? backfill(*job)
                                                                    : enrich(*job));
    return true;
  };
  const Result<bool> more = step();
  if (!more.ok()) {
    errors_.failed(more.error().message);
    return false;
  }
  errors_.passed();
  return *more;
}

void CommitEnricher::count() {
  const auto now = clock_.steady_now();
  if (counted_at_ && now - *counted_at_ < limits_.count_every) return;
  counted_at_ = now;
  const auto counts = commits_.counts();
  if (!counts.ok()) return;
  incomplete_.set(static_cast<double>(counts->incomplete));
  waiting_.set(static_cast<double>(counts->waiting));
  backfilling_.set(static_cast<double>(counts->backfill));
  given_up_.set(static_cast<double>(counts->given_up));
}

// All ids once, and now and then again; between, only those that may be new.
Result<bool> CommitEnricher::discover() {
  const auto now = clock_.steady_now();
  if (!discovered_all_at_ || now - *discovered_all_at_ >= limits_.discover_all_every) {
    BL_RETURN_IF_ERROR(commits_.drop_complete());
    discovered_all_at_ = now;
    discovered_through_.clear();
  }
  BL_TRY(
      const auto found,
      commits_.discover(
          discovered_through_, limits_.discover_rows_max,
          [&](std::string_view repository) { return source_.covers(repository); }, clock_.now()));
  if (found.looked == limits_.discover_rows_max) {
    discovered_through_ = found.last_id;
    return true;
  }
  discovered_through_ = id_floor(clock_.now() - limits_.discover_overlap);
  return false;
}

Timestamp CommitEnricher::retry_at(const EnrichmentJob& job, const Error& error) const {
  if (error.code == Code::too_many) return clock_.now() + limits_.quota_pause;
  auto pause = limits_.first_pause;
  for (std::int64_t i = 0; i < job.attempts && pause < limits_.pause_max; ++i) pause *= 2;
  return clock_.now() + std::min(pause, limits_.pause_max);
}

Result<void> CommitEnricher::fail(const EnrichmentJob& job, const Error& error) {
  if (error.code == Code::cancelled) {
    stopping_ = true;
    return commits_.release(job);
  }
  failures_.add();
  const bool hopeless = error.code == Code::invalid;
  const bool enough = is_about_the_commit(error.code) && job.attempts + 1 >= limits_.attempts_max;
  if (!hopeless && !enough) return commits_.postpone(job, error.message, retry_at(job, error));
  if (enough) limits_reached_.add();
  log_.info(
      "commit_unknown",
      {{"sha", job.commit.sha}, {"repository", job.commit.repository}, {"reason", error.message}});
  return commits_.give_up(job, error.message);
}

Result<void> CommitEnricher::fail_in_background(const EnrichmentJob& job, const Error& error) {
  if (error.code != Code::cancelled) {
    ++progress_.failed;
    progress_.error = error.message;
  }
  return fail(job, error);
}

void EnrichmentProgress::add(const EnrichmentProgress& other) {
  repaired += other.repaired;
  backfilled += other.backfilled;
  failed += other.failed;
  if (!other.error.empty()) error = other.error;
}

Result<void> CommitEnricher::enrich(const EnrichmentJob& job) {
  const auto known = source_.find(question_of(job));
  if (!known.ok()) return fail_in_background(job, known.error());
  BL_TRY(const auto next, commits_.keep(job, *known, limits_.backfill_max, clock_.now()));
  repaired_.add();
  ++progress_.repaired;
  return next ? commits_.release(*next) : Result<void>();
}

Result<void> CommitEnricher::backfill(EnrichmentJob job) {
  const auto page = source_.between(job.range, job.range_from, limits_.page_commits_max);
  if (!page.ok()) return fail_in_background(job, page.error());
  BL_TRY(const auto kept, commits_.keep_page(job, *page));
  backfilled_.add(static_cast<double>(kept.added));
  progress_.backfilled += static_cast<std::int64_t>(kept.added);
  return kept.done ? Result<void>() : commits_.release(job);
}

Result<std::size_t> CommitEnricher::backfill_now(EnrichmentJob job, const RepairRequest& request) {
  std::size_t added = 0;
  while (clock_.steady_now() < request.deadline) {
    const auto page = source_.between(job.range, job.range_from, limits_.page_commits_max);
    if (!page.ok()) {
      BL_RETURN_IF_ERROR(fail(job, page.error()));
      return added;
    }
    BL_TRY(const auto kept, commits_.keep_page(job, *page));
    added += kept.added;
    backfilled_.add(static_cast<double>(kept.added));
    if (kept.done) return added;
  }
  BL_RETURN_IF_ERROR(commits_.release(job));  // the background goes on
  return added;
}

Result<RepairedCommit> CommitEnricher::repair_one(const StoredCommit& commit,
                                                  const RepairRequest& request) {
  RepairedCommit outcome;
  outcome.commit = commit;
  BL_TRY(const auto job, commits_.claim_commit(commit.id, clock_.now(), limits_.lease));
  if (!job) {
    outcome.outcome = RepairedCommit::Outcome::busy;
    return outcome;
  }
  const auto known = source_.find(question_of(*job));
  if (!known.ok()) {
    outcome.reason = known.error().message;
    BL_RETURN_IF_ERROR(request.dry_run ? commits_.release(*job) : fail(*job, known.error()));
    return outcome;
  }
  static_cast<Commit&>(outcome.commit) = known->commit;
  outcome.reason = known->why_no_fork_point;
  if (request.dry_run) {
    outcome.outcome = RepairedCommit::Outcome::would_repair;
    BL_RETURN_IF_ERROR(commits_.release(*job));
    return outcome;
  }
  outcome.outcome = RepairedCommit::Outcome::repaired;
  BL_TRY(const auto next, commits_.keep(*job, *known, limits_.backfill_max, clock_.now()));
  repaired_.add();
  if (!next) return outcome;
  if (request.backfill) {
    BL_TRY(outcome.backfilled, backfill_now(*next, request));
  } else {
    BL_RETURN_IF_ERROR(commits_.release(*next));
  }
  return outcome;
}

Result<RepairReport> CommitEnricher::repair(const RepairRequest& request) {
  IncompleteFilter filter;
  filter.repository = request.repository;
  filter.before_id = request.before_id;
  filter.count_max = request.count_max;
  BL_TRY(const auto incomplete, commits_.incomplete(filter));
  RepairReport report;
  for (const IncompleteCommit& one : incomplete) {
    if (source_.covers(one.commit.repository)) {
      BL_TRY(RepairedCommit outcome, repair_one(one.commit, request));
      report.commits.push_back(std::move(outcome));
    } else {
      report.commits.push_back({one.commit, RepairedCommit::Outcome::unknown,
                                "no commit source is configured for this repository", 0});
    }
    report.next_before = one.commit.id;
    if (clock_.steady_now() >= request.deadline) return report;
  }
  if (incomplete.size() < request.count_max) report.next_before.reset();
  return report;
}

void CommitNotingWriter::note(const Commit& commit) {
  if (!commit.pull_request || commit.branch || commit.timestamp) return;
  {
    const std::lock_guard lock(mutex_);
    if (noted_.size() >= k_noted_max) noted_.clear();
    if (!noted_.emplace(commit.repository, commit.sha).second) return;
  }
  const auto noted =
      commits_.note_pull_request(commit.sha, commit.repository, *commit.pull_request);
  if (!noted.ok()) log_.warning("commit_hint", {{"error", noted.error().message}});
}

bool CommitNotingWriter::may_ask(const Commit& commit) const {
  return !commit.sha.empty() && !commit.timestamp && source_.covers(commit.repository);
}

Submission CommitNotingWriter::completed(const Submission& submission) const {
  Submission completed = submission;
  const Commit& commit = submission.result.commit;
  if (!may_ask(commit)) return completed;
  const auto known =
      source_.find({commit.repository, commit.sha, commit.branch, commit.pull_request});
  if (known.ok()) completed.result.commit = known->commit;
  return completed;
}

Result<Submitted> CommitNotingWriter::submit(const Submission& submission) {
  if (!may_ask(submission.result.commit)) return writer_.submit(submission);
  if (source_.is_instant()) return writer_.submit(completed(submission));
  note(submission.result.commit);
  return writer_.submit(submission);
}

std::vector<Result<Submitted>> CommitNotingWriter::submit_many(
    std::span<const Submission> submissions) {
  if (!source_.is_instant()) {
    for (const Submission& submission : submissions) {
      if (may_ask(submission.result.commit)) note(submission.result.commit);
    }
    return writer_.submit_many(submissions);
  }
  std::vector<Submission> all;
  for (const Submission& submission : submissions) all.push_back(completed(submission));
  return writer_.submit_many(all);
}

}  // namespace bl::results
