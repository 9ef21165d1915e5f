#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "results/ports.h"
#include "store/database.h"

/// The commits that a commit stands on [4.4]: those of its branch, newest first, then the default
/// branch from the fork point down. By author time, as Conbench has it: rebased commits with old
/// dates land out of order. Commits without results count. Private to the store's side.
namespace bl::results {

struct Ancestor {
  std::string commit_id, sha;
  std::int64_t commit_time = 0;  ///< microseconds since 1970
};

struct Ancestry {
  std::vector<Ancestor> commits;  ///< the commit itself first; empty: see reason
  const char* reason = "";        ///< why there is none; empty when there is
};

struct ForkPoint {
  bool is_there = false;
  std::optional<Timestamp> time;
};

/// What is asked of the commits of one repository, wherever they are kept.
class AncestryCommits {
 public:
  virtual ~AncestryCommits() = default;
  /// The commit that a branch left the default branch at.
  virtual Result<ForkPoint> fork_point(const StoredCommit& commit) = 0;
  /// Adds the newest of the commit's branch, itself the first, by time, then sha; not those of the
  /// default branch.
  virtual Result<void> add_branch(const StoredCommit& commit, std::int64_t count_max,
                                  std::vector<Ancestor>& into) = 0;
  /// Adds the newest of the default branch up to `until`, in the same order.
  virtual Result<void> add_default_branch(std::string_view repository, Timestamp until,
                                          std::int64_t count_max, std::vector<Ancestor>& into) = 0;
};

/// The newest `count_max` of them. A commit on the default branch needs no branch name: its
/// ancestors are that branch whatever it is called.
Result<Ancestry> ancestry_of(AncestryCommits& commits, const StoredCommit& commit,
                             std::int64_t count_max);
/// The same in the store.
Result<Ancestry> ancestry_of(store::Connection& connection, const StoredCommit& commit,
                             std::int64_t count_max);

}  // namespace bl::results
