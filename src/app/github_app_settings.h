#pragma once

#include <string>
#include <vector>

#include "base/config.h"
#include "results/github_app.h"

/// The settings `commits.github_app_*` and `alerts.github_app_*`.
namespace bl::app {

std::vector<ConfigKey> github_app_config_keys();

/// `part`: commits or alerts. An identity without id where none of its keys is set; else its key
/// file is read. Errors: invalid, naming the key: half an App, a file that holds no private key, a
/// token under `token_key` beside it; io, not_found (the file).
Result<results::GitHubAppIdentity> github_app_from(const Config& config, const std::string& part,
                                                   const std::string& token_key);

}  // namespace bl::app
