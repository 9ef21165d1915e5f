#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "results/model.h"

/// Who knows commits: a port of the results domain [2.7]. Implementations: git_commits.h,
/// github_commits.h, canned_commits.h. Threads: any. A call may take seconds (a named budget of the
/// implementation): never inside a request that stores a result, never inside a transaction.
namespace bl::results {

struct CommitQuestion {
  std::string repository;  ///< normalised
  std::string sha;         ///< as the client sent it: any text of at most 50 characters
  std::optional<std::string> branch;
  std::optional<std::int64_t> pull_request;
};

/// What a source knows of one commit.
struct KnownCommit {
  /// Sha and repository as asked; a timestamp, a branch (the given one, else the pull request's,
  /// else the default one) and, unless the source cannot tell, a fork point. All texts fit the
  /// schema's columns.
  Commit commit;
  /// The commit where its branch left the default branch; absent when it is on it.
  std::optional<Commit> fork_point;
  std::string why_no_fork_point;  ///< when the commit has none
  /// When the newest commit of the default branch that this is, or left, was committed; where that
  /// is not known, its author date stands for it.
  std::optional<Timestamp> range_until;
};

/// A stretch of the default branch: what lies between two of its commits.
struct CommitRange {
  std::string repository;
  std::string newest_sha;                 ///< excluded
  Timestamp until;                        ///< when it was committed
  std::optional<std::string> oldest_sha;  ///< excluded; absent: from the first commit on
  std::optional<Timestamp> oldest_time;   ///< with oldest_sha
};

struct CommitPage {
  std::vector<Commit> commits;      ///< newest first; each its own fork point
  std::optional<std::string> next;  ///< where the next page begins; absent: this was the last
};

class CommitSource {
 public:
  virtual ~CommitSource() = default;
  /// One word for logs, reasons and metrics: git, github, canned.
  virtual std::string_view name() const = 0;
  /// May this source know commits of the repository? No I/O.
  virtual bool covers(std::string_view repository) const = 0;
  /// True when find() answers from memory, so that a submission may ask it.
  virtual bool is_instant() const { return false; }
  /// Errors: not_found (it does not know the commit; it may learn of it later), invalid (no text of
  /// a commit hash: asking again is useless), too_many (its quota is used up), unavailable,
  /// timeout, unauthenticated, forbidden, malformed (its answer is no commit), cancelled (we are
  /// stopping).
  virtual Result<KnownCommit> find(const CommitQuestion& question) = 0;
  /// One page of the range, of at most `count_max` commits; `from` is "" or the page before's
  /// `next`. Errors: as find.
  virtual Result<CommitPage> between(const CommitRange& range, const std::string& from,
                                     std::size_t count_max) = 0;
};

/// Several sources as one: each that covers the repository is asked in order, until one knows the
/// commit and its fork point; else the first who knows the commit is believed.
class CommitSources final : public CommitSource {
 public:
  explicit CommitSources(std::vector<std::unique_ptr<CommitSource>> sources)
      : sources_(std::move(sources)) {}
  std::string_view name() const override { return "sources"; }
  bool covers(std::string_view repository) const override;
  bool is_instant() const override;
  Result<KnownCommit> find(const CommitQuestion& question) override;
  Result<CommitPage> between(const CommitRange& range, const std::string& from,
                             std::size_t count_max) override;
  /// "git, github", or "none".
  std::string names() const;

 private:
  const std::vector<std::unique_ptr<CommitSource>> sources_;
};

/// 7 to 64 hexadecimal digits.
bool is_commit_hash(std::string_view text);
/// Could both name the same commit? An abbreviated hash is the beginning of the full one.
bool is_same_commit(std::string_view asked, std::string_view full);
/// `https://host/org/repo.git` -> `org`; of deeper paths everything before the last part.
std::string owner_of(std::string_view repository);
/// Makes the texts of a commit fit the schema [1.1]: first line of the message cut to 240
/// characters, a name cut to 100, a branch, login or avatar that is too long is none; U+0000 goes,
/// bytes that are no UTF-8 become U+FFFD.
void fit_columns(Commit& commit);

}  // namespace bl::results
