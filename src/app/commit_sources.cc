#include "app/commit_sources.h"

#include "app/github_app_settings.h"
#include "base/uri.h"
#include "results/canned_commits.h"
#include "results/git_commits.h"
#include "results/github_commits.h"

namespace bl::app {
namespace {

using Sources = std::vector<std::unique_ptr<results::CommitSource>>;

Result<std::string> api_address(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  const auto uri = parse_uri(text);
  const bool is_address = uri.ok() && (uri->scheme == "https" || uri->scheme == "http") &&
                          !uri->host.empty() && uri->query.empty() && uri->user.empty();
  if (is_address) return text;
  return Error{Code::invalid,
               "commits.github_api must be an address such as "
               "https://api.github.com: '" +
                   text + "'"};
}

Result<void> add_git(const CommitSettings& settings, Sources& sources) {
  auto folders = results::open_git_folders(settings.git);
  if (!folders.ok()) return std::move(folders).error().with_context("commits.git");
  for (auto& folder : *folders) sources.push_back(std::move(folder));
  return {};
}

}  // namespace

Result<CommitSettings> commit_settings_from(const Config& config) {
  CommitSettings settings;
  settings.source = config.text("commits.source");
  bool is_known = false;
  for (const char* name : {"auto", "none", "git", "github", "canned"}) {
    is_known = is_known || settings.source == name;
  }
  if (!is_known) {
    return Error{Code::invalid, "commits.source must be auto, none, git, github or canned: '" +
                                    settings.source + "'"};
  }
  settings.git = config.text("commits.git");
  settings.github_api = config.text("commits.github_api");
  if (!settings.github_api.empty()) {
    BL_TRY(settings.github_api, api_address(settings.github_api));
  }
  settings.github_tokens = config.text("commits.github_tokens");
  BL_TRY(settings.github_app, github_app_from(config, "commits", "commits.github_tokens"));
  settings.github_budget = std::chrono::milliseconds(config.integer("commits.github_budget"));
  settings.backfill_max = config.integer("commits.backfill_max");
  if (settings.github_budget.count() < 1 || settings.github_budget.count() > 60'000) {
    return Error{Code::invalid, "commits.github_budget must be between 1ms and 60s: " +
                                    std::to_string(settings.github_budget.count()) + "ms"};
  }
  if (settings.backfill_max < 0) {
    return Error{Code::invalid, "commits.backfill_max must not be negative: " +
                                    std::to_string(settings.backfill_max)};
  }
  return settings;
}

Result<std::unique_ptr<results::CommitSources>> make_commit_sources(
    const CommitSettings& settings, const Clock& clock, Metrics& metrics,
    std::function<bool(std::chrono::milliseconds)> wait) {
  const auto wants = [&](const char* name) { return settings.source == name; };
  Sources sources;
  if (wants("auto") || wants("git")) BL_RETURN_IF_ERROR(add_git(settings, sources));
  if (wants("git") && sources.empty()) {
    return Error{Code::invalid, "commits.source is git, but commits.git names no folder"};
  }
  const bool is_named = !settings.github_api.empty() || !settings.github_tokens.empty() ||
                        settings.github_app.is_set();
  if (wants("github") || (wants("auto") && is_named)) {
    results::GitHubOptions options;
    if (!settings.github_api.empty()) options.api = settings.github_api;
    options.tokens = results::split_tokens(settings.github_tokens);
    options.app = settings.github_app;
    options.limits.budget = settings.github_budget;
    sources.push_back(std::make_unique<results::GitHubCommits>(std::move(options), clock, metrics,
                                                               std::move(wait)));
  }
  if (wants("canned")) sources.push_back(std::make_unique<results::CannedCommits>());
  return std::make_unique<results::CommitSources>(std::move(sources));
}

std::map<std::string, std::string> with_github_api(std::map<std::string, std::string> environment) {
  const auto found = environment.find("BENCHLAKE_GITHUB_API");
  if (found != environment.end()) {
    environment.emplace("BENCHLAKE_COMMITS_GITHUB_API", std::string(found->second));
  }
  return environment;
}

}  // namespace bl::app
