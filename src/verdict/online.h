#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "verdict/detector.h"
#include "verdict/evidence.h"
#include "verdict/machine_stream.h"

namespace bl::verdict {

/// What can be said at the newest result of a series.
struct Decision {
  enum class Call : unsigned char {
    no_value,   ///< the value is NaN or infinite: not counted, nothing learned
    too_few,    ///< fewer than OnlineLimits::baseline_min results to compare with
    no_change,  ///< nothing beyond what the series does by itself
    wait,       ///< something may have begun at `since`; more results decide
    larger,     ///< a new, higher level began at `since`
    smaller,    ///< a new, lower level began at `since`
  };
  Call call = Call::too_few;
  std::int64_t newest = -1;  ///< index of the result, counted from 0 with those of no value
  std::int64_t since = -1;   ///< wait, larger, smaller: the first result of the new level
  double confidence = 0;     ///< probability that a change began at `since`, 0 .. 1
  double log_odds = 0;       ///< the same as ln(p / (1 - p)), for ranking
  double change = 0;         ///< relative: 0.1 is ten percent more
  bool recovers = false;     ///< the new level is the one before the previous change
  /// The jump is that from one unit to another (unit_change.h): the benchmark changed, not the
  /// code.
  bool of_unit = false;
  bool is_change() const { return call == Call::larger || call == Call::smaller; }
};

struct OnlineLimits {
  int baseline_min = 4;        ///< results before a change that make a level
  int machines_max = 16;       ///< machines remembered; the one unseen for longest is forgotten
  std::int64_t away_max = 50;  ///< results after which a machine that comes back starts anew
};

/// A slow, steady movement since the newest change of level.
struct OnlineDrift {
  std::int64_t since = -1;  ///< index of the first result that it was looked for in
  double change = 0;        ///< relative, from there to the newest result
};

/// Decides at every newest result of one series: has the level changed, at which commit, and how
/// sure is that. A decision rests on the results pushed so far and on nothing else, so future
/// results never change it. Scaling the values by a positive factor changes nothing.
///
/// Machines have levels of their own: a new one starts a new baseline and inherits the noise. A
/// change is said once, by the machine that shows it first.
///
/// Owner: one thread. Memory: about 100 kB for each machine. Cost: about 25 us a result, at most
/// 50; independent of the length of the history.
class OnlineDetector {
 public:
  explicit OnlineDetector(OnlineLimits limits = {}) : limits_(limits) {}

  /// Takes the next result and decides. Never fails; see Call::no_value.
  Decision push(const Observation& observation);

  /// After a decision `wait`: the fewest further results (1 .. most) that decide for a change if
  /// they come out like those since the change began; nullopt when even `most` would not, or
  /// nothing waits. Repeating the newest commit's benchmark that often is the cheapest way to know.
  /// Costs at most `most` pushes and a copy of the machine's memory.
  std::optional<int> repeats_to_decide(int most = 10) const;

  /// Whether the newest machine's series drifts: its last 45 to 240 results since the newest
  /// change, in three thirds, rose (or fell) from each to the next by more than noise that is as
  /// slow as this series' explains. Such a movement has no guilty commit and is no verdict. O(240).
  std::optional<OnlineDrift> drift() const;

  /// Memory that it holds beyond itself.
  std::size_t bytes() const;

  /// Called with the features of each possible change that is looked at; for calibration.
  using Observer = std::function<void(const MachineStream::Candidate&)>;
  void observe(Observer observer) { observer_ = std::move(observer); }

 private:
  struct Machine {
    std::uint32_t id;
    std::int64_t last_seen;
    MachineStream stream;
  };
  Machine& machine_of(std::uint32_t id, std::int64_t newest);
  bool was_said(const MachineStream::Verdict& verdict, std::uint32_t machine) const;

  OnlineLimits limits_;
  std::vector<Machine> machines_;
  std::optional<std::uint32_t> current_;
  struct Said {
    std::int64_t since, newest;
    bool larger;
    std::uint32_t machine;
  };
  std::optional<Said> said_;
  std::int64_t count_ = 0;
  Observer observer_;
};

}  // namespace bl::verdict
