#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/json.h"
#include "results/git_commits.h"

/// What the git checkout at hand knows of the commits that submissions name.
namespace bl::results {

/// One thread.
class Checkout {
 public:
  /// `folder` was named by the user: every commit that it holds is filled in, and it must be a git
  /// repository. Without, the folder that we stand in serves, if it is a checkout with an origin,
  /// for submissions of that repository. Errors: those of GitCommits::open.
  static Result<Checkout> open(const std::optional<std::string>& folder,
                               const std::optional<std::string>& repository);

  /// Fills up `github.commit_info` of a submission that names a commit of the checkout: author
  /// date, parent, message, author, branch and fork point. Each that the submission says itself
  /// stays; where the checkout does not know better, nothing is said. Asks git once for a commit.
  void fill(json::Value& submission);

 private:
  json::Value info_of(const CommitQuestion& question);

  std::unique_ptr<GitCommits> git_;  ///< none: nothing is filled in
  bool is_named_ = false;
  std::map<std::string, json::Value> known_;  ///< by repository, branch and hash; null: unknown
};

}  // namespace bl::results
