#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"

/// Which commit of a range made a benchmark slower, and which one to run next to know it sooner: a
/// bisection that takes noise for what it is. Pure, deterministic, no I/O; any thread.
///
/// The model: every commit of the range has a level; the levels change at one commit (the guilty
/// one), at two, or not at all. Values lie around their level by Student's t, of which neither the
/// scale nor the weight of the tails is known: all plausible ones are added up, and what
/// consecutive runs have in common (a machine that drifts) makes each of them count for less. The
/// size of the change is not known either. Bayes' rule gives every commit its probability. The next
/// run is the one whose value tells most about which hypothesis is true, in bits: the mutual
/// information, by pairwise distances (Kolchinsky, Tracey: Estimating Mixture Entropy with Pairwise
/// Distances, Entropy 19, 2017). docs/bisect.md tells it in plain words, with its scores.
namespace bl::verdict {

/// One measured value. Runs stand in the order in which they were made.
struct BisectionRun {
  std::size_t commit = 0;  ///< place in the range
  double value = 0;        ///< in any unit; its logarithm counts where all values are above zero
};

struct BisectionQuestion {
  /// Of the range, in order; 0 is the last that is known (or held) to be good, the last one bad.
  std::size_t commits = 0;
  std::vector<BisectionRun> runs;  ///< none is fine, and so are several of one commit
  /// Commits that cannot be run (they do not build). They may be guilty all the same.
  std::vector<std::size_t> cannot_run;
  double confidence = 0.95;   ///< wanted, above 0.5 and below 1
  double change_min = 0.005;  ///< relative; smaller changes are not looked for
  std::size_t next_max = 1;   ///< how many runs to propose, as a batch made at once
};

struct BisectionLimits {
  std::size_t commits_max = 100'000;
  std::size_t runs_max = 20'000;
  /// Places at which two changes are looked for, when more commits than that are measured.
  std::size_t two_changes_places_max = 16;
};

/// A proposed run, and how much it tells beyond those before it in the list.
struct BisectionNext {
  std::size_t commit = 0;
  double bits = 0;
};

/// A change of level at one commit of `first` .. `last`; these are several where those between
/// cannot be run.
struct BisectionChange {
  std::size_t first = 0, last = 0;
  double probability = 0;  ///< that the level changed there
  double change = 0, low = 0,
         high = 0;  ///< relative, with its 95 % interval: 0.1 is ten percent more
};

struct Bisection {
  enum class State : unsigned char {
    unknown,      ///< more runs are needed: `next`
    found,        ///< one change, `changes[0]`, at the wanted confidence
    two_changes,  ///< `changes[0]` and `changes[1]`, both at the wanted confidence
    no_change,    ///< at the wanted confidence nothing changed in the range
  };
  State state = State::unknown;
  double confidence = 0;  ///< of the most probable answer, whether it is enough or not
  /// Probability of each commit to be the one that changed the level: of one change. With `none`
  /// and `two` it adds up to 1. [0] is 0.
  std::vector<double> guilty;
  double none = 1, two = 0;              ///< probability of no change, of two
  std::vector<BisectionChange> changes;  ///< the most probable answer: none, one or two, in order
  double noise = 0;                      ///< one unit of it, as a relative difference
  /// Best first; the first runs of all, two of each end, tell 0 bits: by themselves levels tell
  /// nothing. Empty once `state` is known, and when no commit can be run.
  std::vector<BisectionNext> next;
};

/// What the runs say. Errors: invalid (fewer than two commits, a run outside of them or without a
/// finite value, a confidence that is none), too_large (BisectionLimits). Cost: O(m * n) for n runs
/// of m commits, about 1 ms for 60 runs of 15 commits.
Result<Bisection> bisect(const BisectionQuestion& question, const BisectionLimits& limits = {});

}  // namespace bl::verdict
