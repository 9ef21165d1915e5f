#include "app/advice_settings.h"

#include <fmt/format.h>

#include "app/advice_facts.h"

namespace bl::app {

std::vector<ConfigKey> advice_config_keys() {
  using enum ConfigType;
  return {
      {"advice.comments", boolean, "false",
       "write comments on pull requests as results come in (docs/pull-requests.md)"},
      {"advice.checks", boolean, "true", "with each a check run, on GitLab a commit status"},
      {"advice.quiet", duration_ms, "500ms",
       "a comment is written when no result of its commit came for so long"},
      {"advice.github_token", text, "", "token for GitHub: pull requests and checks, write", true},
      {"advice.gitlab_token", text, "", "token for GitLab: scope api", true},
      {"advice.gitlab_api", text, "", "GitLab's REST API; empty: https://gitlab.com/api/v4"},
      {"advice.repositories", text, "",
       "only these get comments, with commas between; empty: all that have results"},
  };
}

Result<AdviceSettings> advice_settings_from(const Config& config) {
  AdviceSettings settings;
  settings.comments = config.boolean("advice.comments");
  settings.checks = config.boolean("advice.checks");
  settings.quiet = std::chrono::milliseconds(config.integer("advice.quiet"));
  settings.github_token = config.text("advice.github_token");
  settings.gitlab_token = config.text("advice.gitlab_token");
  if (const std::string& api = config.text("commits.github_api"); !api.empty())
    settings.github_api = api;
  if (const std::string& api = config.text("advice.gitlab_api"); !api.empty())
    settings.gitlab_api = api;
  const std::string& listed = config.text("advice.repositories");
  for (std::size_t at = 0; at < listed.size();) {
    const std::size_t end = std::min(listed.find(',', at), listed.size());
    std::string one = listed.substr(at, end - at);
    std::erase(one, ' ');
    at = end + 1;
    if (one.empty()) continue;
    auto repository = repository_of_question(one);
    if (!repository.ok()) return std::move(repository).error().with_context("advice.repositories");
    settings.repositories.push_back(*std::move(repository));
  }
  if (settings.comments && settings.github_token.empty() && settings.gitlab_token.empty()) {
    return Error{Code::invalid, "advice.comments needs advice.github_token or advice.gitlab_token"};
  }
  return settings;
}

}  // namespace bl::app
