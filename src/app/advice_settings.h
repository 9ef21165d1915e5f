#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/config.h"

/// The settings `advice.*`: comments on pull requests.
namespace bl::app {

struct AdviceSettings {
  bool comments = false;  ///< written as results come in
  bool checks = true;
  std::chrono::milliseconds quiet{500};
  std::string github_api = "https://api.github.com";
  std::string github_token;  ///< secret; empty: GitHub is not written to
  std::string gitlab_api = "https://gitlab.com/api/v4";
  std::string gitlab_token;               ///< secret; empty: GitLab is not written to
  std::vector<std::string> repositories;  ///< normalised; empty: all
};

std::vector<ConfigKey> advice_config_keys();
/// Errors: invalid, naming the key: comments without a token, a repository that is none.
Result<AdviceSettings> advice_settings_from(const Config& config);

}  // namespace bl::app
