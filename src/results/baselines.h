#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/ports.h"

/// Which earlier run a run is set against: the three candidates of Conbench, each found by looking
/// back along the history of a commit (spec/results-conbench.md 4.7, 4.4).
namespace bl::results {

enum class BaselineKind : unsigned char {
  parent,          ///< from the parent of the contender's commit
  fork_point,      ///< from where its branch left the default branch
  latest_default,  ///< from the newest commit of the default branch
};
inline constexpr BaselineKind k_baseline_kinds[] = {BaselineKind::parent, BaselineKind::fork_point,
                                                    BaselineKind::latest_default};
/// `parent`, `fork_point`, `latest_default`.
const char* name_of(BaselineKind kind);

/// Why there is no baseline.
enum class NoBaseline : unsigned char {
  no_commit,          ///< the contender names no commit
  on_default_branch,  ///< it has no fork point but itself
  commit_unknown,     ///< the commit to begin from is not in the store
  no_ancestry,        ///< too little is known of that commit
  no_matching_run,    ///< nothing on the commits that were looked at shares a series
};
/// The name in snake_case.
const char* name_of(NoBaseline reason);

/// How many commits a search looks at, the one that it begins from included.
inline constexpr int k_baseline_commits_max = 20;

/// A run as the search sees it: taken from its earliest result.
struct ContenderRun {
  std::string run_id;
  std::optional<std::string> run_reason;
  std::optional<StoredCommit> commit;
};

/// What a search for one candidate found.
struct BaselineRun {
  BaselineKind kind = BaselineKind::parent;
  std::optional<std::string> run_id;          ///< absent: see why_not
  std::optional<StoredCommit> commit;         ///< that the run's newest matching result stands on
  std::vector<std::string> commits_skipped;   ///< hashes passed before it, nearest first
  std::optional<StoredCommit> searched_from;  ///< absent when there was no such commit
  std::vector<std::string> searched_commits;  ///< hashes, nearest first; at most the limit
  std::optional<NoBaseline> why_not;          ///< absent with a run
  std::string message;                        ///< the same for people; empty with a run
};

struct RunBaselines {
  ContenderRun contender;
  std::vector<BaselineRun> candidates;  ///< one of each kind, in their order
};

class BaselineReader {
 public:
  virtual ~BaselineReader() = default;
  /// A matching run has another id and a result of one of the contender's series on the commits
  /// searched. The same run reason is preferred to any other, then the nearest commit, then the
  /// newest result. Errors: not_found (no result has that run id). Cost: one probe for each commit
  /// that is passed.
  virtual Result<BaselineRun> baseline(std::string_view run_id, BaselineKind kind) = 0;
  /// All three kinds, in one snapshot. Errors and cost as above.
  virtual Result<RunBaselines> baselines(std::string_view run_id) = 0;
};

}  // namespace bl::results
