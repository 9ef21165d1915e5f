#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "verdict/bisection.h"

/// Private part of bisection.h: what a run would tell. Pure; any thread.
namespace bl::verdict {

/// One way in which things may be. The first change is at one of the commits `first` .. `last`, all
/// alike; a second one at one of `second_first` .. `second_last`. `first` 0: no change; the same
/// for the second.
struct BisectionScenario {
  double weight = 0;  ///< probability
  std::size_t first = 0, last = 0, second_first = 0, second_last = 0;
  /// Of the next value before the changes, between them, after them; on the relative scale.
  std::array<double, 3> mean{}, variance{};
};

/// The newest run, and where the level most probably changes.
struct BisectionTurn {
  std::size_t newest = 0, guilty = 0;
  bool is_other_side(std::size_t commit) const { return (commit < guilty) != (newest < guilty); }
};

/// The runs that tell most, as a batch made at once: each is chosen in the light of those before
/// it. Of those that tell about as much one of the other side than the newest run is taken, so that
/// what consecutive runs have in common falls on both. `can_run` has a place for each commit;
/// `measured` lists commits that have values, in order.
std::vector<BisectionNext> most_telling_runs(const std::vector<BisectionScenario>& scenarios,
                                             const std::vector<bool>& can_run,
                                             const std::vector<std::size_t>& measured,
                                             const BisectionTurn& turn, std::size_t count);

}  // namespace bl::verdict
