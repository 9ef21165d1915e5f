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

/// The newest `count_max` of them. A commit on the default branch needs no branch name: its
/// ancestors are that branch whatever it is called.
Result<Ancestry> ancestry_of(store::Connection& connection, const StoredCommit& commit,
                             std::int64_t count_max);

}  // namespace bl::results
