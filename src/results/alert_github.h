#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "results/alert_delivery.h"
#include "results/github_app.h"

/// Alerts as check runs and comments on GitHub, by the requests of its REST API: events of one
/// repository, as far as they name a commit. What was sent before and not noted is found by its
/// delivery id and not sent again.
namespace bl::results {

struct GitHubAlertOptions {
  std::string api = "https://api.github.com";  ///< no trailing slash
  std::string repository;                      ///< `https://github.com/org/repo`
  std::string token;                           ///< empty: the App's
  GitHubApp* app = nullptr;                    ///< outlives the channels
  std::string base_url;
  std::chrono::milliseconds timeout{10'000};  ///< of one message, all its requests together
};

/// A check run `benchlake performance alert` of the event's commit, completed: failure, success
/// (of a report that was one), else neutral [8.6].
std::unique_ptr<AlertChannel> make_github_check(GitHubAlertOptions options, const Clock& clock);
/// A comment on the pull request of the event's commit. Where there is none, or several, nobody is
/// told, and that is a success.
std::unique_ptr<AlertChannel> make_github_comment(GitHubAlertOptions options, const Clock& clock);

/// `org/repo` of `https://github.com/org/repo`, `git@...` or `org/repo`. Errors: invalid.
Result<std::string> github_repository_name(std::string_view text);

}  // namespace bl::results
