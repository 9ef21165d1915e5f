#include "verdict/bisection_levels.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace bl::verdict {
namespace {

constexpr double k_none_prior = 0.05, k_two_prior = 0.03;  // no change, two of them
constexpr double k_shapes_reach = 12;  // nats below the best kind of noise that are looked at
// Correlation of runs one, two, ... before each other, before any are seen; worth as many runs.
constexpr std::array<double, 4> k_correlation_prior = {0.1, 0.06, 0.04, 0.02};
constexpr double k_correlation_prior_runs = 10, k_inflation_max = 6;
constexpr double k_impossible = -1e300;
constexpr double k_size_step = 1.05;

/// Of a change of that size, not normalised: any order of magnitude is as probable as another, from
/// about `least` up to about 100 %.
double size_density(double size, double least) {
  return size / ((size * size + least * least) * (1 + size) * (1 + size));
}

}  // namespace

BisectionLevels::BisectionLevels(const BisectionQuestion& question, const BisectionLimits& limits)
    : question_(question), limits_(limits), fits_({}, {0}) {
  double all = 0;
  for (double size = 1e-6; size < 1e4; size *= k_size_step)
    all += size_density(size, question.change_min) * size * std::log(k_size_step);
  size_norm_ = -std::log(2 * all);
  read_runs();
  learn_noise();
}

void BisectionLevels::read_runs() {
  std::vector<double> values;
  for (const BisectionRun& run : question_.runs) {
    values.push_back(run.value);
    measured_.push_back(run.commit);
  }
  scale_ = RelativeScale::of(values);
  std::ranges::sort(measured_);
  measured_.erase(std::ranges::unique(measured_).begin(), measured_.end());
  std::vector<std::vector<double>> by_place(measured_.size());
  for (const BisectionRun& run : question_.runs) {
    const std::size_t place = place_of(run.commit);
    in_time_.push_back({place, scale_.of(run.value)});
    by_place[place].push_back(in_time_.back().value);
  }
  std::vector<double> sorted;
  std::vector<std::size_t> begins = {0};
  for (const auto& of_place : by_place) {
    sorted.insert(sorted.end(), of_place.begin(), of_place.end());
    begins.push_back(sorted.size());
  }
  fits_ = StretchFits(std::move(sorted), std::move(begins));
}

std::size_t BisectionLevels::place_of(std::size_t commit) const {
  return static_cast<std::size_t>(std::ranges::lower_bound(measured_, commit) - measured_.begin());
}

std::size_t BisectionLevels::runs_of(std::size_t commit) const {
  const std::size_t place = place_of(commit);
  if (place == places() || measured_[place] != commit) return 0;
  return fits_.count(place, place + 1);
}

std::size_t BisectionLevels::first_guilty(std::size_t place) const {
  return place == 0 ? 1 : measured_[place - 1] + 1;
}

std::size_t BisectionLevels::last_guilty(std::size_t place) const {
  return place == places() ? question_.commits - 1 : measured_[place];
}

/// A few kinds of noise say where levels may begin; there all are tried, and those kept that
/// explain about as much as the best.
void BisectionLevels::learn_noise() {
  for (std::size_t s = 1; s < k_scales; s += 3) shapes_.push_back(s * k_freedoms + 1);
  find_pair_places();
  std::vector<bool> is_kept(k_shapes, false);
  for (const Cuts& cuts : most_likely()) {
    std::vector<double> evidence;
    for (std::size_t shape = 0; shape < k_shapes; ++shape)
      evidence.push_back(log_evidence(cuts, shape));
    const double best = *std::ranges::max_element(evidence);
    for (std::size_t shape = 0; shape < k_shapes; ++shape)
      is_kept[shape] = is_kept[shape] || evidence[shape] > best - k_shapes_reach;
  }
  shapes_.clear();
  for (std::size_t shape = 0; shape < k_shapes; ++shape) {
    if (is_kept[shape]) shapes_.push_back(shape);
  }
  find_pair_places();
  Cuts best;
  double most = k_impossible;
  for (const Cuts& cuts : most_likely()) {
    const double weight = log_weight(cuts);
    if (weight > most) most = weight, best = cuts;
  }
  inflation_ = inflation_under(best);
}

/// Where two changes are looked for: everywhere, or where one change is most probable, and evenly
/// between.
void BisectionLevels::find_pair_places() {
  pair_places_.clear();
  if (places() < 3) return;
  const std::size_t all = places() - 1, most = limits_.two_changes_places_max;
  for (std::size_t place = 1; place < places(); ++place) pair_places_.push_back(place);
  if (all <= most) return;
  const std::vector<double> logs = log_singles();
  std::ranges::sort(pair_places_, [&](std::size_t a, std::size_t b) {
    return logs[a] != logs[b] ? logs[a] > logs[b] : a < b;
  });
  pair_places_.resize(most / 2);
  for (std::size_t i = 0; i < most / 2; ++i) pair_places_.push_back(1 + i * all / (most / 2));
  std::ranges::sort(pair_places_);
  pair_places_.erase(std::ranges::unique(pair_places_).begin(), pair_places_.end());
}

/// The most likely one of no, one, and two changes, each.
std::vector<Cuts> BisectionLevels::most_likely() {
  std::vector<Cuts> found = {Cuts{}};
  WeightedCuts best{.log_weight = k_impossible};
  for (std::size_t place = 1; place < places(); ++place) {
    const Cuts cuts{1, {place}};
    const double weight = log_weight(cuts);
    if (weight > best.log_weight) best = {cuts, weight};
  }
  if (best.cuts.count > 0) found.push_back(best.cuts);
  best = {.log_weight = k_impossible};
  for (const WeightedCuts& pair : log_pairs()) {
    if (pair.log_weight > best.log_weight) best = pair;
  }
  if (best.cuts.count > 0) found.push_back(best.cuts);
  return found;
}

/// By how much levels are less certain than independent runs would make them: from the correlation
/// of each run with the few before it. What runs of one side have in common moves its level; what
/// runs of both sides have in common cancels.
double BisectionLevels::inflation_under(const Cuts& cuts) {
  const std::size_t shape = best_shape(cuts);
  const std::array<Level, 3> found = levels(cuts, shape);
  std::vector<double> residuals, sides;
  double squares = 0;
  for (const auto& [place, value] : in_time_) {
    std::size_t k = 0;
    while (k < cuts.count && place >= cuts.at[k]) ++k;
    const double unit = (value - found[k].mean) / noise_shapes()[shape].scale;
    residuals.push_back(std::clamp(unit, -3.0, 3.0));
    sides.push_back(k == 1 ? 1 : -1);
    squares += residuals.back() * residuals.back();
  }
  const std::size_t runs = residuals.size();
  double inflation = 1;
  for (std::size_t lag = 1; lag <= k_correlation_prior.size() && lag < runs; ++lag) {
    double products = 0, same_side = 0;
    for (std::size_t i = lag; i < runs; ++i) {
      products += residuals[i] * residuals[i - lag];
      same_side += sides[i] * sides[i - lag];
    }
    const auto all = static_cast<double>(runs);
    if (squares > 0) products /= squares / all;
    const double correlation =
        std::clamp((products + k_correlation_prior[lag - 1] * k_correlation_prior_runs) /
                       (all + k_correlation_prior_runs),
                   0.0, 1.0);
    inflation += 2 * correlation * same_side / all;
  }
  return std::clamp(inflation, 1.0, k_inflation_max);
}

double BisectionLevels::log_none() {
  return std::log(k_none_prior) + log_evidence_of_all_shapes({});
}

std::vector<double> BisectionLevels::log_singles() {
  const double none = log_evidence_of_all_shapes({});
  std::vector<double> logs;
  for (std::size_t place = 0; place <= places(); ++place) {
    const std::size_t count = guilty_count(place);
    const bool is_outside = place == 0 || place == places();
    if (count == 0) {
      logs.push_back(k_impossible);
    } else if (is_outside) {  // all values are of one level
      logs.push_back(std::log(static_cast<double>(count) * single_prior()) + none);
    } else {
      logs.push_back(log_weight({1, {place}}));
    }
  }
  return logs;
}

std::vector<WeightedCuts> BisectionLevels::log_pairs() {
  std::vector<WeightedCuts> pairs;
  for (std::size_t i = 0; i < pair_places_.size(); ++i) {
    for (std::size_t j = i + 1; j < pair_places_.size(); ++j) {
      const Cuts cuts{2, {pair_places_[i], pair_places_[j]}};
      pairs.push_back({cuts, log_weight(cuts)});
    }
  }
  return pairs;
}

std::size_t BisectionLevels::best_shape(const Cuts& cuts) {
  std::size_t best = shapes_.front();
  for (const std::size_t shape : shapes_) {
    if (log_evidence(cuts, shape) > log_evidence(cuts, best)) best = shape;
  }
  return best;
}

std::array<BisectionLevels::Level, 3> BisectionLevels::levels(const Cuts& cuts, std::size_t shape) {
  std::array<Level, 3> found;
  for (std::size_t k = 0; k <= cuts.count; ++k) {
    const auto [first, last] = stretch(cuts, k);
    found[k] = {fits_.fit(first, last, shape).level, level_variance(first, last, shape)};
  }
  return found;
}

double BisectionLevels::single_prior() const {
  return (1 - k_none_prior - k_two_prior) / static_cast<double>(question_.commits - 1);
}

std::pair<std::size_t, std::size_t> BisectionLevels::stretch(const Cuts& cuts,
                                                             std::size_t k) const {
  return {k == 0 ? 0 : cuts.at[k - 1], k == cuts.count ? places() : cuts.at[k]};
}

double BisectionLevels::level_variance(std::size_t first, std::size_t last,
                                       std::size_t shape) const {
  return inflation_ * noise_shapes()[shape].variance() /
         static_cast<double>(fits_.count(first, last));
}

/// As blurred as the levels are.
double BisectionLevels::log_size(double change, double variance) const {
  const double size = std::sqrt(change * change + variance);
  return size_norm_ + std::log(size_density(size, question_.change_min));
}

/// Of the values, given the shape of the noise; levels and sizes of changes are summed up around
/// the most likely ones (Laplace).
double BisectionLevels::log_evidence(const Cuts& cuts, std::size_t shape) {
  double sum = noise_shapes()[shape].log_prior;
  double level = 0, variance = 0;
  for (std::size_t k = 0; k <= cuts.count; ++k) {
    const auto [first, last] = stretch(cuts, k);
    const LevelFit& fit = fits_.fit(first, last, shape);
    const double own = level_variance(first, last, shape);
    sum += fit.log_likelihood / inflation_ + 0.5 * std::log(2 * std::numbers::pi * own);
    if (k > 0) sum += log_size(fit.level - level, own + variance);
    level = fit.level;
    variance = own;
  }
  return sum;
}

double BisectionLevels::log_evidence_of_all_shapes(const Cuts& cuts) {
  LogSum sum;
  for (const std::size_t shape : shapes_) sum.add(log_evidence(cuts, shape));
  return sum.value();
}

double BisectionLevels::log_weight(const Cuts& cuts) {
  const double evidence = log_evidence_of_all_shapes(cuts);
  if (cuts.count == 0) return std::log(k_none_prior) + evidence;
  double ways = 1;
  for (std::size_t k = 0; k < cuts.count; ++k)
    ways *= static_cast<double>(guilty_count(cuts.at[k]));
  if (cuts.count == 1) return std::log(ways * single_prior()) + evidence;
  const auto commits = static_cast<double>(question_.commits - 1);
  return std::log(k_two_prior * ways / (commits * (commits - 1) / 2)) + evidence;
}

}  // namespace bl::verdict
