#pragma once

#include "results/commit_source.h"

/// The answers that Conbench's own test-suites expect of GitHub [2.7]: four commits of a chain,
/// known in every repository, and pull request 12345678. Only for running those suites
/// (commits.source = canned); nothing else is known to it.
namespace bl::results {

/// Threads: any.
class CannedCommits final : public CommitSource {
 public:
  std::string_view name() const override { return "canned"; }
  bool covers(std::string_view) const override { return true; }
  bool is_instant() const override { return true; }
  Result<KnownCommit> find(const CommitQuestion& question) override;
  /// Always empty: these repositories have no backfill.
  Result<CommitPage> between(const CommitRange& range, const std::string& from,
                             std::size_t count_max) override;
};

}  // namespace bl::results
