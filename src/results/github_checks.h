#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "net/client.h"
#include "results/github_app.h"

/// A CI report on GitHub: a check run of the commit, and a comment on its pull request that links
/// to it, by the requests of GitHub's REST API. Called by a CI job or by the server; one thread
/// each.
namespace bl::results {

struct GitHubCredentials {
  std::string token;            ///< a token; else an App:
  std::string app_id;           ///< and its private key in PEM
  std::string app_private_key;  ///< secret: in no error
};

struct GitHubCheckOptions {
  std::string api = "https://api.github.com";  ///< BENCHLAKE_GITHUB_API; no trailing slash
  std::string repository;                      ///< `org/repo` or its URL
  std::string commit_sha;
  GitHubCredentials credentials;
  std::string check_name = "Conbench performance report";
  /// Tells our check run and our comment from those of others, and of other reports of ours.
  std::string marker = "ci-report";
  std::chrono::milliseconds timeout{20'000};  ///< of one request
};

struct GitHubCheck {
  std::string conclusion;   ///< of check_conclusion
  std::string title;        ///< one line
  std::string markdown;     ///< at most 65,535 characters are taken
  std::string details_url;  ///< empty: none
};

/// Where our comment stands.
struct GitHubComment {
  enum class Outcome : unsigned char { created, updated, unchanged };
  Outcome outcome = Outcome::created;
  std::string url;  ///< of its page; may be empty
};

/// success -> success, failure -> failure, action_required -> action_required, skipped -> neutral.
std::string check_conclusion(std::string_view report_status);

class GitHubChecks {
 public:
  /// Errors: invalid (repository, no credentials). An App's installation is looked up and its token
  /// taken at the first request.
  static Result<GitHubChecks> open(GitHubCheckOptions options, const Clock& clock);
  /// Gives the check run's page. A second report of the same commit replaces the first. Errors:
  /// forbidden, not_found, unavailable, timeout, malformed: with GitHub's own words, never with a
  /// credential.
  Result<std::string> publish_check(const GitHubCheck& check);
  /// One comment on a pull request; the one that was made before is written anew, unless it says
  /// the same. Without a number the commit must belong to exactly one. Errors: as above, invalid
  /// (none or several).
  Result<GitHubComment> publish_comment(const std::string& markdown,
                                        std::optional<std::int64_t> number);
  /// The open pull requests whose newest commit this is: a late result of an older commit is not
  /// theirs.
  Result<std::vector<std::int64_t>> open_pull_requests();

 private:
  GitHubChecks(GitHubCheckOptions options, std::string name, const Clock& clock);
  Result<json::Value> ask(net::Method method, const std::string& path, const std::string& body);
  Result<json::Value> ask_as(const std::string& token, net::Method method, const std::string& path,
                             const std::string& body);
  Result<std::int64_t> pull_request();

  GitHubCheckOptions options_;
  std::string name_;  // org/repo
  std::string path_;  // /repos/org/repo
  net::Client client_;
  std::unique_ptr<GitHubApp> app_;  // absent with a token
};

}  // namespace bl::results
