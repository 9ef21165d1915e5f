#include <algorithm>
#include <cmath>

#include "advice/alert_cost/parts.h"
#include "verdict/robust.h"

namespace bl::advice {
namespace {

constexpr double k_sigmas = 5, k_percent_min = 1;
constexpr double k_sigma_of_mad = 1.4826;

double median_of(std::vector<double> values) {
  return verdict::median(values);
}

}  // namespace

MeasuredSeries::MeasuredSeries(const CostSeries& series) : series_(&series) {
  for (std::size_t i = 0; i < series.results.size(); ++i) {
    const CostResult& result = series.results[i];
    result_places_.emplace(result.id, i);
    if (commits_.empty() || commits_.back().sha != result.commit_sha) {
      commit_places_.emplace(result.commit_sha, commits_.size());
      commits_.push_back({result.commit_sha, result.commit_timestamp, i, i});
    }
    commits_.back().end = i + 1;
  }
}

std::size_t MeasuredSeries::at_or_after(Timestamp time) const {
  const auto found = std::ranges::lower_bound(commits_, time, {}, &Commit::timestamp);
  return static_cast<std::size_t>(found - commits_.begin());
}

std::size_t MeasuredSeries::place_of(std::string_view sha, Timestamp time) const {
  const auto found = commit_places_.find(sha);
  return found == commit_places_.end() ? at_or_after(time) : found->second;
}

const CostResult* MeasuredSeries::result(std::string_view id) const {
  const auto found = result_places_.find(id);
  return found == result_places_.end() ? nullptr : &series_->results[found->second];
}

std::vector<double> MeasuredSeries::before(std::size_t place, std::size_t results,
                                           std::uint32_t environment) const {
  std::vector<double> values;
  std::size_t i = place < commits_.size() ? commits_[place].begin : series_->results.size();
  while (i > 0 && values.size() < results) {
    const CostResult& result = series_->results[--i];
    if (result.environment == environment) values.push_back(result.value);
  }
  return values;
}

std::vector<double> MeasuredSeries::from(std::size_t place, std::size_t end, std::size_t results,
                                         std::uint32_t environment) const {
  std::vector<double> values;
  for (; place < std::min(end, commits_.size()); ++place) {
    for (std::size_t i = commits_[place].begin; i < commits_[place].end; ++i) {
      const CostResult& result = series_->results[i];
      if (values.size() == results) return values;
      if (result.environment == environment) values.push_back(result.value);
    }
  }
  return values;
}

bool came_and_went(const MeasuredSeries& series, std::size_t guilty, std::size_t revert,
                   const CostLimits& limits) {
  if (guilty >= revert || revert >= series.commits().size()) return false;
  const CostResult& first = series.series().results[series.commits()[guilty].begin];
  const std::size_t all = series.series().results.size();
  std::vector<double> sides = series.before(guilty, limits.level_results, first.environment);
  const std::vector<double> after =
      series.from(revert, all, limits.level_results, first.environment);
  std::vector<double> between = series.from(guilty, revert, all, first.environment);
  if (std::min(sides.size(), after.size()) < limits.level_results_min) return false;
  sides.insert(sides.end(), after.begin(), after.end());
  // Larger is worse from here on.
  if (!series.series().less_is_better) {
    for (double& value : sides) value = -value;
    for (double& value : between) value = -value;
  }
  if (std::ranges::min(between) <= std::ranges::max(sides)) return false;
  const double level = median_of(sides);
  std::vector<double> distances;
  for (const double value : sides) distances.push_back(std::abs(value - level));
  const double sigma = k_sigma_of_mad * median_of(distances);
  return median_of(between) - level >
         std::max(k_sigmas * sigma, std::abs(level) * k_percent_min / 100);
}

}  // namespace bl::advice
