#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "results/commit_source.h"

/// Commits from a git repository on this machine: a checkout, or a mirror that somebody fetches.
///
/// The default branch is what a checkout's `origin` says (else its branch main, else master), and
/// HEAD's branch in a bare repository. A commit is on the default branch when the first-parent line
/// of its head passes it: a commit that came in by a merge was never what the branch stood at. Its
/// fork point is the newest commit of that line that it descends from, which is the merge base
/// unless branches were merged into each other. A pull request's branch goes by `org:pull/N`: git
/// does not know its name, and one name for all of its commits is what ancestry needs. Author dates
/// order nothing here. A shallow clone may not hold what is needed; then the reason says so.
namespace bl::results {

struct GitLimits {
  std::chrono::milliseconds command_time_max{10'000};
};

/// Threads: any; every call runs `git` anew, so that fetched commits are seen.
class GitCommits final : public CommitSource {
 public:
  /// `repository` absent: what the remote `origin` names. Errors: invalid (no git repository, git's
  /// own words at the end; no remote to take the name from), unsupported (hashes of SHA-256),
  /// unavailable (no git).
  static Result<std::unique_ptr<GitCommits>> open(const std::string& folder,
                                                  const std::optional<std::string>& repository,
                                                  GitLimits limits = {});

  std::string_view name() const override { return "git"; }
  /// With or without `.git` at the end.
  bool covers(std::string_view repository) const override;
  Result<KnownCommit> find(const CommitQuestion& question) override;
  Result<CommitPage> between(const CommitRange& range, const std::string& from,
                             std::size_t count_max) override;

  const std::string& repository() const { return repository_; }
  /// `org:branch` that is checked out at exactly this commit; nullopt when none is.
  std::optional<std::string> branch_at(const std::string& sha) const;

 private:
  GitCommits(std::string folder, std::string repository, GitLimits limits)
      : folder_(std::move(folder)), repository_(std::move(repository)), limits_(limits) {}

  Error not_there(const std::string& sha) const;

  const std::string folder_;
  const std::string repository_;
  const GitLimits limits_;
};

/// The setting commits.git: `DIR` or `URL=DIR`, several with `;` between. Errors: those of open,
/// invalid (an entry without a folder).
Result<std::vector<std::unique_ptr<GitCommits>>> open_git_folders(std::string_view setting);

}  // namespace bl::results
