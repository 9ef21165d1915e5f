#include "verdict/rank_sum.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "verdict/robust.h"

namespace bl::verdict {
namespace {

constexpr std::size_t k_exact_max = 20;
constexpr double k_z_of_95 = 1.959963984540054;

struct Ranks {
  std::vector<int> doubled;  // of all values, ties by their mean; twice, so that they are whole
  int contender_sum = 0;     // of the contender's, doubled
  double tied = 0;           // sum of t^3 - t over groups of t equal values
};

Ranks ranks_of(std::span<const double> baseline, std::span<const double> contender) {
  std::vector<std::pair<double, bool>> all;  // value, is the contender's
  for (const double value : baseline) all.emplace_back(value, false);
  for (const double value : contender) all.emplace_back(value, true);
  std::ranges::sort(all);
  Ranks ranks;
  for (std::size_t begin = 0; begin < all.size();) {
    std::size_t end = begin;
    while (end < all.size() && all[end].first == all[begin].first) ++end;
    const int doubled = static_cast<int>(begin + end + 1);  // mean of begin+1 .. end, twice
    for (std::size_t i = begin; i < end; ++i) {
      ranks.doubled.push_back(doubled);
      if (all[i].second) ranks.contender_sum += doubled;
    }
    const auto count = static_cast<double>(end - begin);
    ranks.tied += count * count * count - count;
    begin = end;
  }
  return ranks;
}

/// Of all ways to choose the contender's ranks, the share that is at least as far from the middle.
double exact_p_value(const Ranks& ranks, std::size_t contenders) {
  const int total = static_cast<int>(ranks.doubled.size());
  const int sum_max = total * (total + 1);
  // ways[k][s]: choices of k ranks with the sum s.
  std::vector<std::vector<double>> ways(contenders + 1,
                                        std::vector<double>(static_cast<std::size_t>(sum_max) + 1));
  ways[0][0] = 1;
  for (const int rank : ranks.doubled) {
    for (std::size_t k = contenders; k > 0; --k) {
      for (int sum = sum_max; sum >= rank; --sum) {
        ways[k][static_cast<std::size_t>(sum)] += ways[k - 1][static_cast<std::size_t>(sum - rank)];
      }
    }
  }
  const int middle = static_cast<int>(contenders) * (total + 1);
  const int distance = std::abs(ranks.contender_sum - middle);
  double as_far = 0, all = 0;
  for (int sum = 0; sum <= sum_max; ++sum) {
    const double count = ways[contenders][static_cast<std::size_t>(sum)];
    all += count;
    if (std::abs(sum - middle) >= distance) as_far += count;
  }
  return as_far / all;
}

double normal_p_value(const Ranks& ranks, std::size_t baselines, std::size_t contenders) {
  const auto n = static_cast<double>(baselines), m = static_cast<double>(contenders);
  const double total = n + m;
  const double variance = n * m / 12 * (total + 1 - ranks.tied / (total * (total - 1)));
  if (variance <= 0) return 1;
  const double distance = std::abs(ranks.contender_sum / 2.0 - m * (total + 1) / 2);
  const double z = std::max(0.0, distance - 0.5) / std::sqrt(variance);
  return std::erfc(z / std::numbers::sqrt2);
}

bool can_be_compared(std::span<const double> baseline, std::span<const double> contender) {
  const auto is_nan = [](double value) { return std::isnan(value); };
  return !baseline.empty() && !contender.empty() && std::ranges::none_of(baseline, is_nan) &&
         std::ranges::none_of(contender, is_nan);
}

}  // namespace

std::optional<double> rank_sum_p_value(std::span<const double> baseline,
                                       std::span<const double> contender) {
  if (!can_be_compared(baseline, contender)) return std::nullopt;
  const Ranks ranks = ranks_of(baseline, contender);
  const auto total = static_cast<double>(ranks.doubled.size());
  if (ranks.tied >= total * total * total - total) return 1;  // all are equal
  const bool is_small = ranks.doubled.size() <= k_exact_max;
  return is_small ? exact_p_value(ranks, contender.size())
                  : normal_p_value(ranks, baseline.size(), contender.size());
}

std::optional<Shift> shift_between(std::span<const double> baseline,
                                   std::span<const double> contender) {
  if (!can_be_compared(baseline, contender)) return std::nullopt;
  std::vector<double> differences;
  differences.reserve(baseline.size() * contender.size());
  for (const double after : contender) {
    for (const double before : baseline) differences.push_back(after - before);
  }
  Shift shift;
  shift.middle = median(differences);
  const auto n = static_cast<double>(baseline.size()), m = static_cast<double>(contender.size());
  const double rank = std::floor(n * m / 2 - k_z_of_95 * std::sqrt(n * m * (n + m + 1) / 12));
  const auto outside = static_cast<std::ptrdiff_t>(std::max(0.0, rank - 1));
  const auto low = differences.begin() + outside, high = differences.end() - 1 - outside;
  std::nth_element(differences.begin(), low, differences.end());
  shift.low = *low;
  std::nth_element(differences.begin(), high, differences.end());
  shift.high = *high;
  return shift;
}

}  // namespace bl::verdict
