#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/config.h"
#include "base/metrics.h"
#include "base/time.h"
#include "results/commit_source.h"
#include "results/github_app.h"

/// Which sources of commits the settings `commits.*` name.
namespace bl::app {

/// As configured.
struct CommitSettings {
  std::string source = "auto";
  std::string git;
  std::string github_api;
  std::string github_tokens;
  results::GitHubAppIdentity github_app;  ///< in place of tokens
  std::chrono::milliseconds github_budget{20'000};
  std::int64_t backfill_max = 1000;
  bool in_background = true;  ///< false: only when somebody asks for a repair
};

/// Errors: invalid, naming key and value.
Result<CommitSettings> commit_settings_from(const Config& config);

/// The sources, local ones first. `auto`: the git folders that are named, and GitHub where its
/// address or a token is set; without any of them, nobody is asked. Errors: invalid (a folder that
/// is no git repository, `git` or `github` with nothing to ask).
Result<std::unique_ptr<results::CommitSources>> make_commit_sources(
    const CommitSettings& settings, const Clock& clock, Metrics& metrics,
    std::function<bool(std::chrono::milliseconds)> wait);

/// BENCHLAKE_GITHUB_API says the same as BENCHLAKE_COMMITS_GITHUB_API, which goes before it.
std::map<std::string, std::string> with_github_api(std::map<std::string, std::string> environment);

}  // namespace bl::app
