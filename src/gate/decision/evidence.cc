#include "gate/decision/evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/random.h"
#include "verdict/rank_sum.h"

namespace bl::gate {
namespace {

constexpr double k_z_of_95 = 1.959963984540054;
constexpr double k_z_of_80 = 0.8416212335729143;  // one-sided: power
constexpr double k_deviation_of_mad = 1.482602218505602;
// Standard errors against that of the mean, of normal values.
constexpr double k_error_of_shift = 1.0233, k_error_of_median = 1.2533;
// From 3 against 5 a rank test of rounds can fall below 0.05.
constexpr std::size_t k_rounds_min = 3, k_rounds_min_together = 8;
constexpr std::size_t k_units_max = 500;  // the shift compares each with each
constexpr std::size_t k_round_samples_max = 1'000;
constexpr std::size_t k_bootstraps = 600;
constexpr std::uint64_t k_bootstrap_seed = 0;

/// As many at even ranks; sorted.
std::vector<double> thinned(std::vector<double> values, std::size_t count_max) {
  std::ranges::sort(values);
  if (values.size() <= count_max) return values;
  std::vector<double> kept;
  for (std::size_t i = 0; i < count_max; ++i)
    kept.push_back(values[(2 * i + 1) * values.size() / (2 * count_max)]);
  return kept;
}

std::vector<double> round_medians(const Series& series) {
  std::vector<double> medians;
  for (const auto& round : series.rounds) medians.push_back(median(round));
  return medians;
}

std::vector<double> logarithms(std::vector<double> values) {
  for (double& value : values) value = std::log(value);
  return values;
}

/// Of logarithms; robust where it can be.
double deviation(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  const double middle = median(values);
  std::vector<double> distances;
  double squares = 0;
  for (const double value : thinned(values, values.size())) {
    distances.push_back(std::abs(value - middle));
    squares += (value - middle) * (value - middle);
  }
  const double robust = k_deviation_of_mad * median(distances);
  return robust > 0 ? robust : std::sqrt(squares / static_cast<double>(values.size() - 1));
}

double share_of(double log_change) {
  return std::expm1(log_change);
}

/// What both sides are tested by.
struct Units {
  std::vector<double> baseline, measured;  ///< logarithms
  bool are_rounds = false;
};

Units units_of(const Series& baseline, const Series& measured) {
  const std::size_t before = baseline.rounds.size(), now = measured.rounds.size();
  Units units;
  units.are_rounds =
      before >= k_rounds_min && now >= k_rounds_min && before + now >= k_rounds_min_together;
  const auto side = [&](const Series& series) {
    return logarithms(
        thinned(units.are_rounds ? round_medians(series) : series.samples(), k_units_max));
  };
  units.baseline = side(baseline);
  units.measured = side(measured);
  return units;
}

double error_of(double deviation_before, std::size_t before, double deviation_now,
                std::size_t now) {
  return std::hypot(deviation_before / std::sqrt(static_cast<double>(before)),
                    deviation_now / std::sqrt(static_cast<double>(now)));
}

/// What two measurements of so many runs differ by, by chance, as far as a side says how its runs
/// differ; 0 when none does.
double noise_between_runs(const Series& baseline, std::size_t baseline_runs,
                          const Series& measured) {
  double of_runs = 0;
  for (const Series* side : {&baseline, &measured}) {
    if (side->rounds.size() >= k_rounds_min)
      of_runs = std::max(of_runs, deviation(logarithms(round_medians(*side))));
  }
  return share_of(k_z_of_95 * error_of(of_runs, baseline_runs, of_runs, measured.rounds.size()));
}

Evidence from_samples(const Series& baseline, const Series& measured, Direction better) {
  const Units units = units_of(baseline, measured);
  const double sign = better == Direction::less_is_better ? 1 : -1;
  Evidence evidence;
  const std::size_t before = units.baseline.size(), now = units.measured.size();
  if (before < k_rounds_min || now < k_rounds_min || before + now < k_rounds_min_together) {
    evidence.weakness = fmt::format("too few figures for a test: {} against {}", now, before);
    return evidence;
  }
  if (!units.are_rounds)
    evidence.weakness =
        fmt::format("{} against {} runs: how runs differ among themselves is not known",
                    measured.rounds.size(), baseline.rounds.size());
  evidence.p_value = verdict::rank_sum_p_value(units.baseline, units.measured);
  if (const auto shift = verdict::shift_between(units.baseline, units.measured)) {
    evidence.low = share_of(sign > 0 ? shift->low : -shift->high);
    evidence.high = share_of(sign > 0 ? shift->high : -shift->low);
  }
  const double noise = deviation(units.baseline), noise_now = deviation(units.measured);
  const double of_baseline = k_error_of_shift * error_of(noise, before, noise, now);
  const double of_both = k_error_of_shift * error_of(noise, before, noise_now, now);
  evidence.noise_floor = share_of(k_z_of_95 * of_baseline);
  evidence.detectable = share_of((k_z_of_95 + k_z_of_80) * of_both);
  if (!units.are_rounds)
    evidence.noise_floor = std::max(*evidence.noise_floor,
                                    noise_between_runs(baseline, baseline.rounds.size(), measured));
  return evidence;
}

/// Against a median and a deviation, with the normal approximation.
Evidence from_summary(const Summary& baseline, const Series& measured, double log_change) {
  const bool has_rounds = measured.rounds.size() >= k_rounds_min;
  const std::vector<double> units =
      logarithms(has_rounds ? round_medians(measured) : measured.samples());
  const double noise = k_error_of_median * baseline.stddev / baseline.median;
  const auto before = static_cast<std::size_t>(baseline.samples);
  const double noise_now = units.size() < 2 ? noise : k_error_of_median * deviation(units);
  const double error = error_of(noise, before, noise_now, units.size());
  Evidence evidence;
  evidence.weakness = "the baseline has no samples, only median and deviation";
  if (before < 2 || error <= 0) return evidence;
  evidence.p_value = std::erfc(std::abs(log_change) / error / std::numbers::sqrt2);
  evidence.low = share_of(log_change - k_z_of_95 * error);
  evidence.high = share_of(log_change + k_z_of_95 * error);
  // As far as anybody knows, it is of one run.
  evidence.noise_floor =
      std::max(share_of(k_z_of_95 * error_of(noise, before, noise, units.size())),
               noise_between_runs({}, 1, measured));
  evidence.detectable = share_of((k_z_of_95 + k_z_of_80) * error);
  return evidence;
}

using Rounds = std::vector<std::vector<double>>;

/// In an order that does not depend on the order in which they were measured.
Rounds canonical(const Series& series) {
  Rounds rounds;
  for (const auto& round : series.rounds) rounds.push_back(thinned(round, k_round_samples_max));
  std::ranges::sort(rounds);
  return rounds;
}

double resampled_quantile(const Rounds& rounds, bool by_round, double q, Random& random) {
  std::vector<double> values;
  if (by_round) {
    for (std::size_t i = 0; i < rounds.size(); ++i) {
      const auto& round = rounds[random.below(rounds.size())];
      values.insert(values.end(), round.begin(), round.end());
    }
  } else {
    const auto& round = rounds.front();
    for (std::size_t i = 0; i < round.size(); ++i)
      values.push_back(round[random.below(round.size())]);
  }
  return quantile(std::move(values), q);
}

}  // namespace

double change_of(double baseline, double measured, Direction better) {
  return better == Direction::less_is_better ? measured / baseline - 1 : baseline / measured - 1;
}

Evidence compare_medians(const Series& baseline, const std::optional<Summary>& summary,
                         const Series& measured, Direction better) {
  const double now = median(measured.samples());
  const bool has_samples = !baseline.rounds.empty();
  BL_CHECK(has_samples || summary);
  const double before = has_samples ? median(baseline.samples()) : summary->median;
  Evidence evidence = has_samples ? from_samples(baseline, measured, better)
                                  : from_summary(*summary, measured, std::log(now / before));
  evidence.change = change_of(before, now, better);
  return evidence;
}

Evidence compare_quantiles(const Series& baseline, const Series& measured, double q) {
  const Rounds before = canonical(baseline), now = canonical(measured);
  Evidence evidence;
  evidence.change = change_of(quantile(baseline.samples(), q), quantile(measured.samples(), q),
                              Direction::less_is_better);
  const auto samples_min = static_cast<std::size_t>(std::lround(1 / (1 - q)));
  const std::size_t samples = std::min(baseline.samples().size(), measured.samples().size());
  if (samples < samples_min) {
    evidence.weakness = fmt::format("needs {} samples, there are {}", samples_min, samples);
    return evidence;
  }
  SeededRandom random(k_bootstrap_seed);
  const bool by_round = before.size() > 1 && now.size() > 1;
  const bool enough = !by_round || before.size() + now.size() >= k_rounds_min_together;
  if (!enough) {
    evidence.weakness =
        fmt::format("too few runs for a bootstrap: {} against {}", now.size(), before.size());
    return evidence;
  }
  std::vector<double> changes;
  std::size_t worse = 0, better = 0;
  for (std::size_t i = 0; i < k_bootstraps; ++i) {
    const double change = std::log(resampled_quantile(now, by_round, q, random) /
                                   resampled_quantile(before, by_round, q, random));
    worse += change >= 0 ? 1 : 0;
    better += change <= 0 ? 1 : 0;
    changes.push_back(change);
  }
  const auto rarer = static_cast<double>(std::min(worse, better));
  evidence.p_value = std::min(1.0, 2 * (rarer + 1) / (k_bootstraps + 1));
  evidence.low = share_of(quantile(changes, 0.025));
  evidence.high = share_of(quantile(changes, 0.975));
  return evidence;
}

}  // namespace bl::gate
