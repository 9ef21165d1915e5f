#include "advice/poster.h"

#include <fmt/format.h>

#include "advice/markdown.h"

namespace bl::advice {

Forge::Check check_of(const Comment& comment, const std::string& markdown,
                      const std::string& base_url) {
  Forge::Check check{.title = comment.headline, .markdown = markdown};
  if (comment.status == Status::slower || comment.status == Status::failed) check.passes = false;
  if (comment.status == Status::faster || comment.status == Status::steady) check.passes = true;
  if (base_url.starts_with("https://")) check.details_url = base_url + page_url_of(comment);
  return check;
}

Poster::Poster(Ports ports, Options options, PosterLimits limits)
    : ports_(std::move(ports)),
      options_(std::move(options)),
      limits_(limits),
      errors_(ports_.log, "advice_comments") {
  for (const char* outcome :
       {"created", "updated", "unchanged", "no_pull_request", "error", "given_up"}) {
    outcome_counter(outcome);  // there from the start, at zero
  }
}

Counter Poster::outcome_counter(const char* outcome) {
  return ports_.metrics.counter("bl_advice_comments_total",
                                "comments on pull requests, by what became of them",
                                {{"outcome", outcome}});
}

void Poster::work() {
  auto worked = look();
  if (worked.ok()) worked = write_due();
  if (worked.ok()) {
    errors_.passed();
  } else {
    errors_.failed(worked.error().message);
  }
}

Result<void> Poster::look() {
  const auto now = ports_.clock.steady_now();
  const bool is_time = !looked_again_at_ || now - *looked_again_at_ >= limits_.look_again;
  BL_TRY(const ResultNews::Since news, ports_.news.since(is_time ? mark_before_ : mark_));
  if (is_time) {
    mark_before_ = mark_ ? mark_ : news.mark;
    looked_again_at_ = now;
  }
  mark_ = news.mark;
  for (const ResultNews::Commit& commit : news.commits) {
    const Key key{commit.repository, commit.sha};
    const auto known = waiting_.find(key);
    if (known != waiting_.end()) {
      known->second.since = now;
    } else if (waiting_.size() < limits_.waiting_max) {
      waiting_.emplace(key, Waiting{.first_since = now, .since = now});
    } else {
      ports_.log.warning("advice_comment_left_out",
                         {{"repository", commit.repository}, {"sha", commit.sha}});
    }
  }
  return {};
}

bool Poster::is_due(const Waiting& one) const {
  const auto now = ports_.clock.steady_now();
  if (one.not_before) return now >= *one.not_before;
  return now - one.since >= limits_.quiet || now - one.first_since >= limits_.quiet_max;
}

Result<void> Poster::write_due() {
  std::vector<Key> due, finished;
  for (const auto& [key, one] : waiting_) {
    if (is_due(one)) due.push_back(key);
  }
  if (due.empty()) return {};
  BL_TRY(const bool is_ours, ports_.jobs.claim(k_job, limits_.lease));
  if (!is_ours) return {};  // they stay: whoever is at it may not have seen them
  for (const Key& key : due) {
    write(key, waiting_.at(key), finished);
    // A slow forge may take longer than the lease for all of them.
    BL_TRY(const bool is_still_ours, ports_.jobs.claim(k_job, limits_.lease));
    if (!is_still_ours) break;
  }
  for (const Key& key : finished) waiting_.erase(key);
  return ports_.jobs.finish(k_job, store::Jobs::Outcome::ok,
                            fmt::format("{} of {} comments written", finished.size(), due.size()));
}

void Poster::write(const Key& key, Waiting& one, std::vector<Key>& finished) {
  const auto& [repository, sha] = key;
  const auto posted = post({repository, sha, std::nullopt});
  const bool has_no_forge = !posted.ok() && posted.error().code == Code::conflict;
  if (posted.ok() || has_no_forge) {
    finished.push_back(key);
    return;
  }
  ++one.attempts;
  const bool gives_up = one.attempts >= limits_.attempts_max;
  ports_.log.warning(gives_up ? "advice_comment_given_up" : "advice_comment_failed",
                     {{"repository", repository},
                      {"sha", sha},
                      {"attempt", std::to_string(one.attempts)},
                      {"error", posted.error().message}});
  if (gives_up) {
    outcome_counter("given_up").add();
    finished.push_back(key);
    return;
  }
  auto pause = limits_.retry_after;
  for (int i = 1; i < one.attempts && pause < limits_.retry_max; ++i) pause *= 2;
  one.not_before = ports_.clock.steady_now() + std::min(pause, limits_.retry_max);
}

Result<PostedComment> Poster::post(const Question& question) {
  const std::unique_ptr<Forge> forge = ports_.forge_of(question.repository);
  if (forge == nullptr) {
    return Error{Code::conflict,
                 "no forge is configured for the repository: " + question.repository};
  }
  const auto write_both = [&]() -> Result<PostedComment> {
    BL_TRY(const Comment comment, ports_.adviser.comment(question));
    const std::string markdown = to_markdown(comment, {.base_url = options_.base_url});
    PostedComment posted;
    BL_TRY(posted.comment, forge->upsert_comment({.sha = question.sha}, markdown));
    // A commit that no pull request has needs no check either.
    if (!options_.checks || posted.comment.outcome == Forge::Outcome::no_pull_request) {
      return posted;
    }
    if (posted.comment.outcome == Forge::Outcome::unchanged) return posted;
    BL_TRY(posted.check_url,
           forge->upsert_check(question.sha, check_of(comment, markdown, options_.base_url)));
    return posted;
  };
  auto posted = write_both();
  outcome_counter(posted.ok() ? name_of(posted->comment.outcome) : "error").add();
  return posted;
}

}  // namespace bl::advice
