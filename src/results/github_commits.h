#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/time.h"
#include "net/client.h"
#include "results/commit_source.h"
#include "results/github_app.h"

/// Commits from GitHub's REST API, by the requests of [2.7]: commit, default branch (of the source,
/// when the repository is a fork), head of the pull request, merge base, commits of a branch.
///
/// Waits between attempts are 0.67 s, 1.33 s, 2.67 s, ... within the budget of a question; only
/// server errors and lost connections are tried again. A token whose quota is used up rests until
/// GitHub says that it is back, and the next one is taken; without any, the question fails at once
/// with too_many. A GitHub App's own token counts as one; refused, it is taken anew once. After a
/// question that used its budget up all questions fail at once for a while,
/// so that a GitHub that is down does not keep other sources' commits waiting. Redirects (a renamed
/// repository) are followed within the same API only.
namespace bl::results {

struct GitHubLimits {
  std::chrono::milliseconds budget{20'000};          ///< of one question, waits included
  std::chrono::milliseconds request_timeout{5'000};  ///< of one request
  std::chrono::milliseconds first_wait{667};         ///< doubles
  std::chrono::milliseconds wait_max{5'500};
  std::chrono::milliseconds pause{30'000};           ///< of all questions, after one that ran out
  std::chrono::milliseconds rest_default{60'000};    ///< of a token, when GitHub does not say
  std::chrono::milliseconds rest_max{3'600'000};     ///< whatever GitHub says
  std::chrono::milliseconds branch_kept{3'600'000};  ///< a default branch is asked for again then
  std::size_t branches_kept_max = 10'000;
  std::size_t answer_bytes_max = 32u << 20;
  int redirects_max = 3;
};

struct GitHubOptions {
  std::string api = "https://api.github.com";  ///< no trailing slash
  std::vector<std::string> tokens;             ///< none: anonymous, 60 requests an hour
  GitHubAppIdentity app;                       ///< when it is set, in place of tokens
  GitHubLimits limits;
};

/// Threads: any; each question has a connection of its own, kept for the next one.
class GitHubCommits final : public CommitSource {
 public:
  /// `wait` pauses; false: the program is stopping, and the question fails with cancelled.
  using Wait = std::function<bool(std::chrono::milliseconds)>;
  GitHubCommits(GitHubOptions options, const Clock& clock, Metrics& metrics, Wait wait);
  ~GitHubCommits() override;

  std::string_view name() const override { return "github"; }
  /// `https://HOST/org/repo`, where HOST is github.com, or the API's own for GitHub Enterprise
  /// (`https://HOST/api/v3`).
  bool covers(std::string_view repository) const override;
  Result<KnownCommit> find(const CommitQuestion& question) override;
  Result<CommitPage> between(const CommitRange& range, const std::string& from,
                             std::size_t count_max) override;

 private:
  class Exchange;
  struct Token {
    std::string text;  ///< empty: anonymous
    std::optional<Timestamp> rests_until;
    Gauge remaining;
  };
  struct DefaultBranch {
    std::string label;  ///< `org:main`
    Timestamp asked_at;
  };

  void pause();
  Result<void> check_pause();
  Result<std::string> default_branch(Exchange& exchange, const std::string& path,
                                     const std::string& repository);

  const GitHubOptions options_;
  const std::string host_;
  const std::unique_ptr<GitHubApp> app_;  // absent with tokens
  const Clock& clock_;
  const Wait wait_;
  Counter requests_, retries_, failures_, quota_hits_, budget_hits_;

  std::mutex mutex_;
  std::vector<Token> tokens_;                      // guarded by mutex_
  std::size_t current_ = 0;                        // guarded by mutex_
  std::optional<Timestamp> paused_until_;          // guarded by mutex_
  std::map<std::string, DefaultBranch> branches_;  // guarded by mutex_
  std::vector<net::Client> idle_;                  // guarded by mutex_
};

/// `a,b , c`: the setting commits.github_tokens.
std::vector<std::string> split_tokens(std::string_view setting);

}  // namespace bl::results
