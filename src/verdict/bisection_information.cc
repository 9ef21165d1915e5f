#include "verdict/bisection_information.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

namespace bl::verdict {
namespace {

constexpr std::size_t k_candidates_max = 192;
constexpr std::size_t k_few = 2;         // commits that can be run: all are candidates
constexpr double k_weight_least = 1e-4;  // what is less probable decides nothing
constexpr double k_as_good = 0.8;        // of the most bits, to be of the other side
constexpr double k_tails = 5;            // of Student's t with 4 degrees of freedom, plus one

/// A piece of a scenario that no candidate cuts: its changes lie at or before these commits.
struct Cell {
  std::size_t known_as;  ///< the class that earlier runs of the batch cannot split further
  std::size_t scenario;
  std::size_t last, second_last;
  double weight;
};

/// What is still one thing after the runs of the batch.
struct Class {
  std::size_t known_as, side, scenario;
  double weight;
};

/// Between the distributions of a value under two classes (Bhattacharyya): of normal ones, but with
/// tails that are heavy, so that no single value is taken as proof.
double distance(double mean, double variance, double other_mean, double other_variance) {
  const double gap = mean - other_mean, sum = variance + other_variance;
  return k_tails / 4 * std::log1p(gap * gap / sum / k_tails) +
         0.5 * std::log(sum / (2 * std::sqrt(variance * other_variance)));
}

class Batch {
 public:
  Batch(const std::vector<BisectionScenario>& scenarios, std::vector<std::size_t> candidates)
      : scenarios_(scenarios), candidates_(std::move(candidates)) {
    for (std::size_t s = 0; s < scenarios_.size(); ++s) cut(s);
    distances_.assign(scenarios_.size(), std::vector<double>(scenarios_.size(), 0.0));
  }

  /// The best further run, which is then part of the batch.
  BisectionNext take_best(const BisectionTurn& turn) {
    std::vector<double> bits;
    for (const std::size_t candidate : candidates_)
      bits.push_back(information(classes_at(candidate)));
    const double most = *std::ranges::max_element(bits);
    std::size_t best = candidates_.size();
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      const bool is_other = turn.is_other_side(candidates_[i]);
      if (bits[i] < (is_other ? k_as_good : 1 - 1e-9) * most) continue;
      if (best == candidates_.size() ||
          std::pair(is_other, bits[i]) >
              std::pair(turn.is_other_side(candidates_[best]), bits[best] + 1e-12))
        best = i;
    }
    const BisectionNext next{candidates_[best], std::max(0.0, bits[best] - bits_so_far_)};
    split(next.commit);
    bits_so_far_ = std::max(bits_so_far_, bits[best]);
    return next;
  }

 private:
  static std::size_t side_of(const Cell& cell, std::size_t commit) {
    if (cell.last == 0 || commit < cell.last) return 0;
    return cell.second_last != 0 && commit >= cell.second_last ? 2 : 1;
  }

  /// A candidate cuts a scenario behind itself: changes up to it can be seen there.
  void cut(std::size_t s) {
    const BisectionScenario& scenario = scenarios_[s];
    const auto add = [&](std::size_t last, std::size_t second_last, double weight) {
      if (weight > 0) cells_.push_back({s, s, last, second_last, weight});
    };
    const auto pieces = [&](std::size_t first, std::size_t last, const auto& piece) {
      const auto size = static_cast<double>(last - first + 1);
      std::size_t begin = first;
      auto at = std::ranges::lower_bound(candidates_, first);
      for (; at != candidates_.end() && *at < last; ++at) {
        piece(*at, static_cast<double>(*at - begin + 1) / size);
        begin = *at + 1;
      }
      piece(last, static_cast<double>(last - begin + 1) / size);
    };
    if (scenario.first == 0) {
      add(0, 0, scenario.weight);
    } else if (scenario.second_first == 0) {
      pieces(scenario.first, scenario.last,
             [&](std::size_t last, double share) { add(last, 0, scenario.weight * share); });
    } else {
      // One of the two changes at a time, so that there are not as many cells as pairs.
      pieces(scenario.first, scenario.last, [&](std::size_t last, double share) {
        add(last, scenario.second_last, scenario.weight * share / 2);
      });
      pieces(scenario.second_first, scenario.second_last, [&](std::size_t last, double share) {
        add(scenario.last, last, scenario.weight * share / 2);
      });
    }
  }

  std::vector<Class> classes_at(std::size_t commit) const {
    std::vector<Class> slots(distances_.size() * 3);
    for (const Cell& cell : cells_) {
      const std::size_t side = side_of(cell, commit);
      Class& slot = slots[cell.known_as * 3 + side];
      slot = {cell.known_as, side, cell.scenario, slot.weight + cell.weight};
    }
    std::erase_if(slots, [](const Class& slot) { return slot.weight < k_weight_least; });
    return slots;
  }

  double distance_at(const Class& a, const Class& b) const {
    const BisectionScenario &one = scenarios_[a.scenario], &other = scenarios_[b.scenario];
    return distances_[a.known_as][b.known_as] + distance(one.mean[a.side], one.variance[a.side],
                                                         other.mean[b.side],
                                                         other.variance[b.side]);
  }

  /// Of all values of the batch and one more, which tells these classes apart; in bits.
  double information(const std::vector<Class>& classes) const {
    std::vector<double> alike(classes.size(), 0.0);
    for (std::size_t i = 0; i < classes.size(); ++i) {
      alike[i] += classes[i].weight;
      for (std::size_t j = 0; j < i; ++j) {
        const double share = std::exp(-distance_at(classes[i], classes[j]));
        alike[i] += classes[j].weight * share;
        alike[j] += classes[i].weight * share;
      }
    }
    double nats = 0;
    for (std::size_t i = 0; i < classes.size(); ++i) nats -= classes[i].weight * std::log(alike[i]);
    return std::max(0.0, nats / std::numbers::ln2);
  }

  void split(std::size_t commit) {
    const std::vector<Class> classes = classes_at(commit);
    std::vector<std::vector<double>> distances(classes.size(),
                                               std::vector<double>(classes.size(), 0.0));
    for (std::size_t i = 0; i < classes.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j)
        distances[i][j] = distances[j][i] = distance_at(classes[i], classes[j]);
    }
    std::erase_if(cells_, [&](Cell& cell) {
      const std::size_t side = side_of(cell, commit);
      for (std::size_t i = 0; i < classes.size(); ++i) {
        if (classes[i].known_as != cell.known_as || classes[i].side != side) continue;
        cell.known_as = i;
        return false;
      }
      return true;  // too improbable to be a class
    });
    distances_ = std::move(distances);
  }

  const std::vector<BisectionScenario>& scenarios_;
  std::vector<std::size_t> candidates_;  // in order
  std::vector<Cell> cells_;
  std::vector<std::vector<double>> distances_;  // of classes, over the batch so far
  double bits_so_far_ = 0;
};

/// Measured commits, and of every stretch where a change may be all that can be run, thinned out.
std::vector<std::size_t> candidates_of(const std::vector<BisectionScenario>& scenarios,
                                       const std::vector<bool>& can_run,
                                       const std::vector<std::size_t>& measured) {
  std::set<std::size_t> candidates = {0, can_run.size() - 1};
  candidates.insert(measured.begin(), measured.end());
  std::set<std::pair<std::size_t, std::size_t>> stretches;
  for (const BisectionScenario& s : scenarios) {
    if (s.first != 0) stretches.insert({s.first, s.last});
    if (s.second_first != 0) stretches.insert({s.second_first, s.second_last});
  }
  const std::size_t most = k_candidates_max / std::max<std::size_t>(1, stretches.size()) + 8;
  for (const auto& [first, last] : stretches) {
    std::vector<std::size_t> found;
    for (std::size_t commit = first; commit <= last; ++commit) {
      if (can_run[commit]) found.push_back(commit);
    }
    const std::size_t step = found.size() / most + 1;
    for (std::size_t i = step / 2; i < found.size(); i += step) candidates.insert(found[i]);
  }
  if (std::ranges::count(can_run, true) <= static_cast<std::ptrdiff_t>(k_few)) {
    for (std::size_t commit = 0; commit < can_run.size(); ++commit) candidates.insert(commit);
  }
  std::erase_if(candidates, [&](std::size_t commit) { return !can_run[commit]; });
  return {candidates.begin(), candidates.end()};
}

}  // namespace

std::vector<BisectionNext> most_telling_runs(const std::vector<BisectionScenario>& scenarios,
                                             const std::vector<bool>& can_run,
                                             const std::vector<std::size_t>& measured,
                                             const BisectionTurn& turn, std::size_t count) {
  std::vector<BisectionNext> runs;
  std::vector<std::size_t> candidates = candidates_of(scenarios, can_run, measured);
  if (candidates.empty() || scenarios.empty()) return runs;
  Batch batch(scenarios, std::move(candidates));
  while (runs.size() < count) runs.push_back(batch.take_best(turn));
  return runs;
}

}  // namespace bl::verdict
