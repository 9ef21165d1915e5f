#include "verdict/segmentation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "verdict/relative_values.h"
#include "verdict/robust.h"
#include "verdict/unit_change.h"

namespace bl::verdict {

namespace {

constexpr double k_noise_least = 1.2e-4;  // of the value: nothing measures finer
constexpr double k_penalty = 9;           // of a change, in units of cost
constexpr double k_speak = 0;             // log-odds of a change that is told
constexpr double k_level_spacing = 0.3;   // of candidate levels, in units of noise
constexpr std::size_t k_refine = 8;       // results to each side in which a split is looked for
constexpr double k_brief = 5;
constexpr std::size_t k_drift_results = 40;
constexpr double k_drift_gain = 25;  // cost that a line must save to be told as a drift

/// Cost of a residual in units of noise: that of Student's t at the centre, bounded for outliers,
/// so that one of them never pays for a change.
class ResidualCost {
 public:
  ResidualCost() {
    for (std::size_t i = 0; i < table_.size(); ++i) {
      const double u = static_cast<double>(i) / k_steps;
      const double cost = 2.5 * std::log1p(u * u / 4);
      table_[i] = cost < 7 ? cost : 7 + 0.1 * (cost - 7);
    }
  }
  double of(double units) const {
    const double place = std::fabs(units) * k_steps;
    if (place >= static_cast<double>(table_.size() - 1)) return table_.back();
    const auto bin = static_cast<std::size_t>(place);
    const double part = place - static_cast<double>(bin);
    return table_[bin] + (table_[bin + 1] - table_[bin]) * part;
  }

 private:
  static constexpr double k_steps = 16;  // for each unit
  std::array<double, 64 * 16 + 1> table_;
};

/// One history on its relative scale, and the changes that are believed in so far.
class Segmentation {
 public:
  Segmentation(std::span<const Observation> series, const SegmentObserver& observer)
      : observer_(observer) {
    std::vector<double> values;
    for (std::size_t i = 0; i < series.size(); ++i) {
      if (!std::isfinite(series[i].value)) continue;
      values.push_back(series[i].value);
      index_.push_back(i);
      const bool first = values.size() == 1;
      const bool other =
          !first && (series[i].machine != machine_ || series[i].lesson == Lesson::machine_changed ||
                     series[i].benchmark_changed || series[i].lesson == Lesson::expected);
      free_.push_back(other);
      machine_ = series[i].machine;
    }
    scale_ = RelativeScale::of(values);
    for (const double v : values) places_.push_back(scale_.of(v));
  }

  HistoryOfChanges run(const SegmentationLimits& limits) {
    HistoryOfChanges answer;
    if (places_.size() < 4) return answer;
    estimate_noise();
    propose(limits);
    estimate_correlation();
    take_back();
    answer.noise = noise_;
    answer.changes = tell_changes();
    answer.drifts = tell_drifts();
    return answer;
  }

 private:
  void estimate_noise();
  std::vector<double> candidate_levels(std::size_t most) const;
  void propose(const SegmentationLimits& limits);
  void estimate_correlation();
  void take_back();
  void refine(std::size_t k);
  SegmentFeatures features_of(std::size_t k) const;
  double wander(std::size_t first, std::size_t last) const;
  double cost_of_line(std::size_t first, std::size_t last, double* slope) const;
  std::vector<Change> tell_changes() const;
  std::vector<Drift> tell_drifts() const;

  double median_around(std::size_t i, std::size_t reach) const {
    const std::size_t a = i > reach ? i - reach : 0, b = std::min(places_.size(), i + reach + 1);
    std::vector<double> near(places_.begin() + static_cast<std::ptrdiff_t>(a),
                             places_.begin() + static_cast<std::ptrdiff_t>(b));
    return median(near);
  }
  double level(std::size_t first, std::size_t last) const {
    return robust_level({places_.data() + first, last - first}, 1.5 * noise_);
  }
  double cost(std::size_t first, std::size_t last, double at) const {
    double sum = 0;
    for (std::size_t j = first; j < last; ++j) sum += cost_.of((places_[j] - at) / noise_);
    return sum;
  }
  double count() const { return static_cast<double>(places_.size()); }

  const SegmentObserver& observer_;
  ResidualCost cost_;
  std::vector<std::size_t> index_;  // of each place in the caller's series
  std::vector<double> places_;      // on the relative scale
  std::vector<bool> free_;          // a change here is no change of code
  RelativeScale scale_;
  std::uint32_t machine_ = 0;
  double noise_ = 0, correlation_ = 1;
  std::size_t proposed_ = 0;
  std::vector<std::size_t> bounds_;  // 0, the changes, the end
  std::vector<double> levels_;       // of the segments between
  std::vector<double> odds_;         // of the changes
};

/// The larger of what differences of neighbours and distances from a running median say.
void Segmentation::estimate_noise() {
  std::vector<double> differences, distances;
  for (std::size_t j = 0; j < places_.size(); ++j) {
    if (j > 0) differences.push_back(std::fabs(places_[j] - places_[j - 1]));
    distances.push_back(std::fabs(places_[j] - median_around(j, 6)));
  }
  noise_ = 1.4826 * median(differences) / 1.4142;
  noise_ = std::max(noise_, 1.4826 * median(distances));
  noise_ = std::max(noise_, 0.7 / 1.28 * order_statistic(distances, 0.8));
  noise_ = std::max(noise_, k_noise_least);
}

/// Medians of 5, 11 and 21 results around each, thinned out.
std::vector<double> Segmentation::candidate_levels(std::size_t most) const {
  std::vector<double> all;
  for (std::size_t j = 0; j < places_.size(); ++j)
    for (const std::size_t reach : {2u, 5u, 10u}) all.push_back(median_around(j, reach));
  std::sort(all.begin(), all.end());
  double spacing = k_level_spacing * noise_;
  std::vector<double> levels;
  for (;; spacing *= 1.5) {
    levels.clear();
    for (const double l : all)
      if (levels.empty() || l - levels.back() > spacing) levels.push_back(l);
    if (levels.size() <= most) return levels;
  }
}

void Segmentation::propose(const SegmentationLimits& limits) {
  const std::size_t n = places_.size();
  const std::vector<double> levels = candidate_levels(limits.levels_max);
  const std::size_t count = levels.size();
  std::vector<double> cheapest(count, 0);     // path that ends on a level
  std::vector<bool> jumps(n * count, false);  // whether it came from the cheapest of all
  std::vector<std::size_t> cheapest_at(n, 0);
  for (std::size_t j = 0; j < n; ++j) {
    const auto least = std::min_element(cheapest.begin(), cheapest.end());
    cheapest_at[j] = static_cast<std::size_t>(least - cheapest.begin());
    const double after_a_change = *least + (free_[j] ? 0 : k_penalty);
    for (std::size_t g = 0; g < count; ++g) {
      if (j > 0 && cheapest[g] > after_a_change) {
        cheapest[g] = after_a_change;
        jumps[j * count + g] = true;
      }
      cheapest[g] += cost_.of((places_[j] - levels[g]) / noise_);
    }
  }
  auto at = static_cast<std::size_t>(std::min_element(cheapest.begin(), cheapest.end()) -
                                     cheapest.begin());
  bounds_ = {n};
  for (std::size_t j = n - 1; j > 0; --j) {
    const bool jumped = jumps[j * count + at];
    if (jumped || free_[j]) bounds_.push_back(j);
    if (jumped) at = cheapest_at[j];
  }
  bounds_.push_back(0);
  std::reverse(bounds_.begin(), bounds_.end());
  proposed_ = bounds_.size() - 2;
}

/// How much more the means of six results in a row vary than those of independent ones would.
void Segmentation::estimate_correlation() {
  constexpr std::size_t k_length = 6;
  std::vector<double> residuals;
  double squares = 0;
  for (std::size_t k = 0; k + 1 < bounds_.size(); ++k) {
    const double l = level(bounds_[k], bounds_[k + 1]);
    for (std::size_t j = bounds_[k]; j < bounds_[k + 1]; ++j) {
      residuals.push_back(std::clamp((places_[j] - l) / noise_, -2.5, 2.5));
      squares += residuals.back() * residuals.back();
    }
  }
  if (residuals.size() < k_length) return;
  double sum = 0, of_sums = 0;
  for (std::size_t j = 0; j < residuals.size(); ++j) {
    sum += residuals[j];
    if (j >= k_length) sum -= residuals[j - k_length];
    if (j + 1 >= k_length) of_sums += sum * sum;
  }
  const double windows = count() - k_length + 1;
  correlation_ = std::max(0.3, of_sums / windows / k_length / (squares / count() + 1e-9));
}

/// The cheapest split of change k near where it stands.
void Segmentation::refine(std::size_t k) {
  const std::size_t here = bounds_[k + 1];
  if (free_[here]) return;
  const std::size_t first = std::max(bounds_[k] + 1, here > k_refine ? here - k_refine : 0);
  const std::size_t last = std::min(bounds_[k + 2] - 1, here + k_refine);
  const auto gain = [&](std::size_t j) {  // of giving result j to the segment after
    return cost_.of((places_[j] - levels_[k + 1]) / noise_) -
           cost_.of((places_[j] - levels_[k]) / noise_);
  };
  double sum = 0, least = 0;
  std::size_t best = here;
  const auto look = [&](double step, std::size_t at) {
    sum += step;
    if (sum < least - 1e-9) least = sum, best = at;
  };
  for (std::size_t j = here; j-- > first;) look(gain(j), j);
  sum = 0;
  for (std::size_t j = here; j < last; ++j) look(-gain(j), j + 1);
  bounds_[k + 1] = best;
}

double Segmentation::wander(std::size_t first, std::size_t last) const {
  if (last - first < 8) return 0.5 * noise_;
  const std::size_t middle = (first + last) / 2;
  return std::fabs(level(first, middle) - level(middle, last));
}

/// Of the straight line through the levels of the first and the last third.
double Segmentation::cost_of_line(std::size_t first, std::size_t last, double* slope) const {
  const std::size_t third = std::max<std::size_t>(1, (last - first) / 3);
  const double low = level(first, first + third), high = level(last - third, last);
  const double x_low = static_cast<double>(first + first + third - 1) / 2;
  const double x_high = static_cast<double>(last - third + last - 1) / 2;
  *slope = (high - low) / (x_high - x_low);
  double sum = 0;
  for (std::size_t j = first; j < last; ++j) {
    const double line = low + *slope * (static_cast<double>(j) - x_low);
    sum += cost_.of((places_[j] - line) / noise_);
  }
  return sum;
}

SegmentFeatures Segmentation::features_of(std::size_t k) const {
  const std::size_t a = bounds_[k], m = bounds_[k + 1], b = bounds_[k + 2];
  const double before = levels_[k], after = levels_[k + 1], change = after - before;
  const double together =
      std::min({cost(a, b, level(a, b)), cost(a, b, before), cost(a, b, after)});
  const double apart = cost(a, m, before) + cost(m, b, after);
  const double gain = together - apart;

  const double middle = (before + after) / 2;
  double strays_before = 0, strays_after = 0;
  for (std::size_t j = a; j < m; ++j) strays_before += (places_[j] > middle) == (change > 0);
  for (std::size_t j = m; j < b; ++j) strays_after += (places_[j] > middle) == (change < 0);
  const double overlap =
      strays_before / static_cast<double>(m - a) + strays_after / static_cast<double>(b - m);

  double returning = 0;
  for (std::size_t q = 0; q + 2 < bounds_.size(); ++q) {
    if (q == k || free_[bounds_[q + 1]]) continue;
    const double other = levels_[q + 1] - levels_[q];
    const bool same_size = std::fabs(other + change) < 0.1 * std::fabs(change) + noise_;
    returning += other * change < 0 && same_size ? 1 : 0;
  }
  double slope = 0;
  const double line = cost_of_line(a, b, &slope) - apart;
  const double size = std::fabs(change), moved = std::max(wander(a, m), wander(m, b));
  const auto shorter = static_cast<double>(std::min(m - a, b - m));
  SegmentFeatures f{};
  const auto set = [&f](SegmentFeature name, double value) {
    f[static_cast<std::size_t>(name)] = value;
  };
  set(SegmentFeature::constant, 1);
  set(SegmentFeature::log_gain, std::log(std::max(1.0, gain)));
  set(SegmentFeature::noise_units, std::log(std::max(0.2, size / noise_)));
  set(SegmentFeature::shorter_side, std::log(std::min(shorter, 60.0)));
  set(SegmentFeature::correlation, std::log(correlation_));
  set(SegmentFeature::overlap, overlap);
  set(SegmentFeature::returning, std::log(1 + returning * 100 / count()));
  set(SegmentFeature::wander, std::log((size + 0.1 * noise_) / (moved + 0.5 * noise_)));
  set(SegmentFeature::size, std::log(std::max(1e-4, size)));
  set(SegmentFeature::restlessness, std::log(1 + static_cast<double>(proposed_) * 100 / count()));
  set(SegmentFeature::brief, shorter < k_brief ? 1 : 0);
  set(SegmentFeature::gain, std::min(gain, 60.0) / 10);
  set(SegmentFeature::against_a_line, std::clamp(line / std::max(1.0, gain), -0.5, 1.0));
  return f;
}

/// Takes the least probable change back, as long as there is one that is not probable enough.
void Segmentation::take_back() {
  while (bounds_.size() > 2) {
    const std::size_t changes = bounds_.size() - 2;
    levels_.clear();
    for (std::size_t k = 0; k + 1 < bounds_.size(); ++k)
      levels_.push_back(level(bounds_[k], bounds_[k + 1]));
    for (std::size_t k = 0; k < changes; ++k) refine(k);
    odds_.assign(changes, std::numeric_limits<double>::infinity());
    for (std::size_t k = 0; k < changes; ++k) {
      const std::size_t at = bounds_[k + 1];
      if (free_[at]) continue;
      const SegmentFeatures features = features_of(k);
      if (observer_) observer_(index_[at], levels_[k + 1] > levels_[k], features);
      odds_[k] = log_odds(features);
    }
    const auto least = std::min_element(odds_.begin(), odds_.end());
    if (*least >= k_speak) return;
    bounds_.erase(bounds_.begin() + 1 + (least - odds_.begin()));
  }
  levels_ = {level(0, places_.size())};
  odds_.clear();
}

std::vector<Change> Segmentation::tell_changes() const {
  std::vector<Change> told;
  double former = std::numeric_limits<double>::quiet_NaN();  // level before the previous change
  for (std::size_t k = 0; k < odds_.size(); ++k) {
    const std::size_t at = bounds_[k + 1];
    if (free_[at]) {
      former = std::numeric_limits<double>::quiet_NaN();
      continue;
    }
    const double change = levels_[k + 1] - levels_[k];
    const bool recovers =
        std::fabs(levels_[k + 1] - former) < std::max(noise_, 0.2 * std::fabs(change));
    told.push_back({.first = index_[at],
                    .change = scale_.relative_change(change),
                    .log_odds = odds_[k],
                    .confidence = probability(odds_[k]),
                    .recovers = recovers,
                    .of_unit = looks_like_a_change_of_unit(scale_.relative_change(change))});
    former = levels_[k];
  }
  return told;
}

std::vector<Drift> Segmentation::tell_drifts() const {
  std::vector<Drift> told;
  for (std::size_t k = 0; k + 1 < bounds_.size(); ++k) {
    const std::size_t a = bounds_[k], b = bounds_[k + 1];
    if (b - a < k_drift_results) continue;
    double slope = 0;
    const double saved = cost(a, b, levels_[k]) - cost_of_line(a, b, &slope);
    if (saved < k_drift_gain * std::max(1.0, correlation_)) continue;
    const double moved = slope * static_cast<double>(b - 1 - a);
    told.push_back({index_[a], index_[b - 1], scale_.relative_change(moved)});
  }
  return told;
}

}  // namespace

Result<HistoryOfChanges> changes_of(std::span<const Observation> series,
                                    const SegmentationLimits& limits,
                                    const SegmentObserver& observer) {
  if (series.size() > limits.results_max) {
    std::string message = "a history of more results than ";
    message.append(std::to_string(limits.results_max)).append(" is not looked at as a whole: ");
    return Error{Code::too_large, message.append(std::to_string(series.size()))};
  }
  Segmentation segmentation(series, observer);
  HistoryOfChanges answer = segmentation.run(limits);
  for (const Observation& o : series) answer.without_value += std::isfinite(o.value) ? 0 : 1;
  return answer;
}

Result<HistoryOfChanges> changes_of(std::span<const Observation> series,
                                    const SegmentationLimits& limits) {
  return changes_of(series, limits, SegmentObserver{});
}

}  // namespace bl::verdict
