#include "app/advice_forge.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/disk.h"
#include "base/uri.h"
#include "formats/machine.h"
#include "results/github_checks.h"

namespace bl::app {
namespace {

using advice::Forge;

constexpr std::uint64_t k_event_bytes_max = 16u << 20;

class GitHub final : public Forge {
 public:
  GitHub(GitHubForgeOptions options, const Clock& clock)
      : options_(std::move(options)), clock_(clock) {}

  Result<Posted> upsert_comment(const Target& target, const std::string& markdown) override {
    BL_TRY(results::GitHubChecks github, open(target.sha));
    std::vector<std::int64_t> numbers;
    if (target.number) {
      numbers = {*target.number};
    } else {
      BL_TRY(numbers, github.open_pull_requests());
    }
    Posted posted;
    for (const std::int64_t number : numbers) {
      BL_TRY(const results::GitHubComment made, github.publish_comment(markdown, number));
      posted.outcome = outcome_of(made.outcome);
      if (!made.url.empty()) posted.url = made.url;
    }
    return posted;
  }

  Result<std::optional<std::string>> upsert_check(const std::string& sha,
                                                  const Check& check) override {
    BL_TRY(results::GitHubChecks github, open(sha));
    const char* conclusion = !check.passes ? "neutral" : *check.passes ? "success" : "failure";
    BL_TRY(const std::string page, github.publish_check({.conclusion = conclusion,
                                                         .title = check.title,
                                                         .markdown = check.markdown,
                                                         .details_url = check.details_url}));
    return page.empty() ? std::optional<std::string>() : std::optional(page);
  }

 private:
  static Outcome outcome_of(results::GitHubComment::Outcome outcome) {
    switch (outcome) {
      case results::GitHubComment::Outcome::created:
        return Outcome::created;
      case results::GitHubComment::Outcome::updated:
        return Outcome::updated;
      case results::GitHubComment::Outcome::unchanged:
        return Outcome::unchanged;
    }
    BL_CHECK(false);
  }
  Result<results::GitHubChecks> open(const std::string& sha) const {
    results::GitHubCheckOptions options;
    options.api = options_.api;
    options.repository = options_.repository;
    options.commit_sha = sha;
    options.credentials.token = options_.token;
    options.check_name = "benchlake";
    options.marker = advice::k_comment_marker;
    return results::GitHubChecks::open(std::move(options), clock_);
  }

  const GitHubForgeOptions options_;
  const Clock& clock_;
};

std::string host_of(const std::string& url) {
  const auto uri = parse_uri(url);
  return uri.ok() ? uri->host : std::string();
}

std::string variable(const std::map<std::string, std::string>& environment, const char* name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

/// The head of the pull request: a job of one runs on a merge commit, which has no comments.
Result<std::string> head_of_event(const std::string& path) {
  const std::unique_ptr<Disk> disk = make_real_disk();
  BL_TRY(const std::string text, read_file(*disk, path, k_event_bytes_max));
  BL_TRY(const json::Value event, json::parse(text));
  const json::Value* at = &event;
  for (const char* key : {"pull_request", "head", "sha"}) {
    at = at->is_object() ? at->find(key) : nullptr;
    if (at == nullptr) return std::string();
  }
  return at->is_string() ? at->as_string() : std::string();
}

Result<CiForge> forge_of_github(const std::map<std::string, std::string>& environment,
                                const Clock& clock) {
  GitHubForgeOptions options;
  options.repository = variable(environment, "GITHUB_REPOSITORY");
  options.token = variable(environment, "GITHUB_TOKEN");
  if (options.token.empty()) {
    return Error{Code::invalid,
                 "GITHUB_TOKEN is not set: give the step `env: GITHUB_TOKEN: ${{ github.token }}`"};
  }
  for (const char* name : {"BENCHLAKE_GITHUB_API", "GITHUB_API_URL"}) {
    if (std::string api = variable(environment, name); !api.empty()) {
      options.api = std::move(api);
      break;
    }
  }
  CiForge ci;
  ci.target.number = formats::detect_pull_request(environment);
  ci.target.sha = variable(environment, "GITHUB_SHA");
  if (const std::string path = variable(environment, "GITHUB_EVENT_PATH"); !path.empty()) {
    BL_TRY(const std::string head, head_of_event(path));
    if (!head.empty()) ci.target.sha = head;
  }
  std::string host = variable(environment, "GITHUB_SERVER_URL");
  ci.repository = (host.empty() ? "https://github.com" : host) + "/" + options.repository;
  BL_TRY(ci.forge, make_github(std::move(options), clock));
  return ci;
}

Result<CiForge> forge_of_gitlab(const std::map<std::string, std::string>& environment) {
  advice::GitLabOptions options;
  options.api = variable(environment, "CI_API_V4_URL");
  options.project = variable(environment, "CI_PROJECT_ID");
  options.token = variable(environment, "GITLAB_TOKEN");
  if (options.token.empty()) {
    return Error{Code::invalid,
                 "GITLAB_TOKEN is not set: make a project access token with scope api, and a "
                 "masked CI variable of that name"};
  }
  CiForge ci;
  ci.repository = variable(environment, "CI_PROJECT_URL");
  ci.target.sha = variable(environment, "CI_COMMIT_SHA");
  if (const std::string number = variable(environment, "CI_MERGE_REQUEST_IID"); !number.empty()) {
    const auto parsed = json::parse(number);
    if (parsed.ok() && parsed->is_number()) ci.target.number = parsed->as_int64();
  }
  BL_TRY(ci.forge, advice::make_gitlab(std::move(options)));
  return ci;
}

}  // namespace

Result<std::unique_ptr<Forge>> make_github(GitHubForgeOptions options, const Clock& clock) {
  if (options.token.empty()) return Error{Code::invalid, "GitHub wants a token (GITHUB_TOKEN)"};
  while (options.api.ends_with('/')) options.api.pop_back();
  return std::unique_ptr<Forge>(std::make_unique<GitHub>(std::move(options), clock));
}

std::unique_ptr<Forge> forge_of(const AdviceSettings& settings, const std::string& repository,
                                const Clock& clock) {
  const auto& wanted = settings.repositories;
  if (!wanted.empty() && std::ranges::find(wanted, repository) == wanted.end()) return nullptr;
  const std::string host = host_of(repository);
  if (!host.empty() && host == host_of(settings.gitlab_api)) {
    auto made = advice::make_gitlab(
        {.api = settings.gitlab_api, .project = repository, .token = settings.gitlab_token});
    return made.ok() ? std::move(made).value() : nullptr;
  }
  auto made = make_github(
      {.api = settings.github_api, .repository = repository, .token = settings.github_token},
      clock);
  return made.ok() ? std::move(made).value() : nullptr;
}

Result<CiForge> forge_of_ci(const std::map<std::string, std::string>& environment,
                            const Clock& clock) {
  if (!variable(environment, "GITHUB_REPOSITORY").empty())
    return forge_of_github(environment, clock);
  if (!variable(environment, "CI_PROJECT_ID").empty()) return forge_of_gitlab(environment);
  return Error{Code::invalid,
               "where to comment is not known: neither GITHUB_REPOSITORY (GitHub Actions) nor "
               "CI_PROJECT_ID (GitLab CI) is set"};
}

}  // namespace bl::app
