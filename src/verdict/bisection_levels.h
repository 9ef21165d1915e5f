#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "verdict/bisection.h"
#include "verdict/bisection_noise.h"
#include "verdict/relative_values.h"

/// Private part of bisection.h: the measured commits of a range, and what their values say of where
/// levels begin. One thread.
namespace bl::verdict {

/// Places (of measured commits, in order) at which a new level begins: none, one, or two.
struct Cuts {
  std::size_t count = 0;
  std::array<std::size_t, 2> at{};
};

/// Logarithms of weights that are probabilities but for one common factor.
struct WeightedCuts {
  Cuts cuts;
  double log_weight = 0;
};

class BisectionLevels {
 public:
  /// Looks at the values: learns the noise, and how much consecutive runs have in common. There is
  /// at least one run. Both arguments must live as long.
  BisectionLevels(const BisectionQuestion& question, const BisectionLimits& limits);

  std::size_t places() const { return measured_.size(); }
  const std::vector<std::size_t>& measured() const { return measured_; }
  const RelativeScale& scale() const { return scale_; }
  std::size_t runs_of(std::size_t commit) const;

  /// Commits that may be guilty when the new level is seen at `place` first; places() when it is
  /// seen nowhere. The last is before the first when there is none.
  std::size_t first_guilty(std::size_t place) const;
  std::size_t last_guilty(std::size_t place) const;
  std::size_t guilty_count(std::size_t place) const {
    return last_guilty(place) + 1 - first_guilty(place);
  }

  /// Of no change.
  double log_none();
  /// Of each place 0 .. places(): that the new level is seen there first.
  std::vector<double> log_singles();
  std::vector<WeightedCuts> log_pairs();

  /// The kind of noise that explains most, when levels begin there.
  std::size_t best_shape(const Cuts& cuts);
  struct Level {
    double mean = 0;
    double variance = 0;  ///< of the level
  };
  /// Of the stretches between the cuts.
  std::array<Level, 3> levels(const Cuts& cuts, std::size_t shape);

 private:
  void read_runs();
  void learn_noise();
  void find_pair_places();
  std::vector<Cuts> most_likely();
  double inflation_under(const Cuts& cuts);
  std::size_t place_of(std::size_t commit) const;
  double single_prior() const;
  std::pair<std::size_t, std::size_t> stretch(const Cuts& cuts, std::size_t k) const;
  double level_variance(std::size_t first, std::size_t last, std::size_t shape) const;
  double log_size(double change, double variance) const;
  double log_evidence(const Cuts& cuts, std::size_t shape);
  double log_evidence_of_all_shapes(const Cuts& cuts);
  double log_weight(const Cuts& cuts);

  struct Timed {
    std::size_t place;
    double value;
  };
  const BisectionQuestion& question_;
  const BisectionLimits& limits_;
  RelativeScale scale_;
  std::vector<std::size_t> measured_;  // commits, in order
  std::vector<Timed> in_time_;
  StretchFits fits_;
  std::vector<std::size_t> shapes_;       // kinds of noise that are looked at
  std::vector<std::size_t> pair_places_;  // where two changes are looked for
  double size_norm_ = 0;
  double inflation_ = 1;  // of variances, by what consecutive runs have in common
};

}  // namespace bl::verdict
