#pragma once

#include <map>
#include <memory>
#include <string>

#include "advice/gitlab.h"
#include "app/advice_settings.h"
#include "base/time.h"

/// The forges that comments go to. Bindings.
namespace bl::app {

struct GitHubForgeOptions {
  std::string api = "https://api.github.com";
  std::string repository;  ///< `org/repo` or its URL
  std::string token;       ///< secret: in no error
};
/// Over the client that reports go with. Errors: invalid.
Result<std::unique_ptr<advice::Forge>> make_github(GitHubForgeOptions options, const Clock& clock);

/// Of a repository's URL: GitLab where the host is that of advice.gitlab_api, else GitHub; nullptr
/// without its token, or when the repository is not among those that get comments.
std::unique_ptr<advice::Forge> forge_of(const AdviceSettings& settings,
                                        const std::string& repository, const Clock& clock);

/// Where a CI job writes to, from its environment: GitHub Actions (GITHUB_REPOSITORY, GITHUB_TOKEN,
/// GITHUB_EVENT_PATH, ...) or GitLab CI (CI_API_V4_URL, CI_PROJECT_ID, GITLAB_TOKEN, ...).
struct CiForge {
  std::unique_ptr<advice::Forge> forge;
  advice::Forge::Target target;
  std::string repository;  ///< its URL
};
/// Errors: invalid, naming what is missing; not_found, io (the event's file).
Result<CiForge> forge_of_ci(const std::map<std::string, std::string>& environment,
                            const Clock& clock);

}  // namespace bl::app
