#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <random>

#include "verdict/lookback.h"

// The slow twin: the eight steps of spec/results-conbench.md 4.5, one after the other as they are
// written there, each row looking at all rows. Compared with the fast one on random series.
namespace bl::verdict {
namespace {

using Real = long double;
constexpr Real k_none = NAN;

Real mean_of(const std::vector<Real>& values) {
  if (values.empty()) return k_none;
  Real sum = 0;
  for (const Real v : values) sum += v;
  return sum / static_cast<Real>(values.size());
}

Real stddev_of(const std::vector<Real>& values) {
  if (values.size() < 2) return k_none;
  const Real mean = mean_of(values);
  Real squares = 0;
  for (const Real v : values) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / static_cast<Real>(values.size() - 1));
}

Real percentile(std::vector<Real> values, Real percent) {
  std::sort(values.begin(), values.end());
  const Real place = static_cast<Real>(values.size() - 1) * percent / 100;
  const auto low = static_cast<std::size_t>(place);
  if (low + 1 >= values.size()) return values.back();
  return values[low] + (values[low + 1] - values[low]) * (place - static_cast<Real>(low));
}

struct TwinRow {
  bool step = false, outlier = false;
  int segment = 0;
  Real mean_excluding = k_none, mean = k_none, residual = k_none, stddev = k_none;
};

struct Twin {
  std::vector<TwinRow> rows;
  Real margin = INFINITY;  // how near a decision came to its threshold
};

/// Rows whose commit is one of the `n` distinct commits before the i-th row's (or ending with it),
/// among those that take part.
template <class TakesPart, class Value>
std::vector<Real> window(const std::vector<LookbackRow>& rows, std::size_t i, int n, bool inclusive,
                         TakesPart takes_part, Value value) {
  const auto rank = [&](std::size_t k) {
    std::vector<std::int64_t> before;
    for (std::size_t j = 0; j < rows.size(); ++j) {
      if (takes_part(j) && rows[j].commit_time < rows[k].commit_time &&
          std::find(before.begin(), before.end(), rows[j].commit_time) == before.end()) {
        before.push_back(rows[j].commit_time);
      }
    }
    return static_cast<int>(before.size());
  };
  std::vector<Real> found;
  const int here = rank(i);
  const int last = inclusive ? here : here - 1;
  for (std::size_t j = 0; j < rows.size(); ++j) {
    if (!takes_part(j)) continue;
    const int r = rank(j);
    if (r <= last && r > last - n) found.push_back(value(j));
  }
  return found;
}

/// Step 1. `rows` are sorted.
void find_shifts(const std::vector<LookbackRow>& rows, const LookbackOptions& options, Twin& twin) {
  const std::size_t n = rows.size();
  std::vector<Real> d(n, k_none), clipped(n, k_none), defined;
  for (std::size_t i = 1; i < n; ++i) {
    d[i] = rows[i].value - rows[i - 1].value;
    defined.push_back(d[i]);
  }
  if (defined.empty()) return;
  const Real low = percentile(defined, 5), high = percentile(defined, 95);
  for (std::size_t i = 1; i < n; ++i) {
    for (const Real bound : {low, high}) {
      if (d[i] != bound) twin.margin = std::min(twin.margin, std::abs(d[i] - bound));
    }
    if (d[i] >= low && d[i] <= high) clipped[i] = d[i];
  }
  std::vector<bool> shift(n, false), reverts(n, false);
  for (std::size_t i = 1; i < n; ++i) {
    std::vector<Real> seen;
    for (std::size_t j = 0; j <= i; ++j) {
      if (j + static_cast<std::size_t>(options.commits) > i && !std::isnan(clipped[j])) {
        seen.push_back(clipped[j]);
      }
    }
    const Real z = (d[i] - mean_of(seen)) / stddev_of(seen);
    if (std::isfinite(z)) {
      twin.margin = std::min(twin.margin, std::abs(std::abs(z) - options.shift_threshold));
    }
    shift[i] = std::abs(z) > options.shift_threshold;
  }
  for (std::size_t i = 0; i + 1 < n; ++i) reverts[i] = shift[i] && shift[i + 1];
  for (std::size_t i = 0; i < n; ++i) {
    twin.rows[i].outlier = shift[i] && reverts[i];
    twin.rows[i].step = shift[i] && !reverts[i] && !(i > 0 && reverts[i - 1]);
  }
}

Twin slow_lookback(const std::vector<LookbackRow>& rows, const LookbackOptions& options) {
  const std::size_t n = rows.size();
  const bool inclusive = options.window == LookbackOptions::Window::inclusive;
  Twin twin;
  twin.rows.resize(n);
  find_shifts(rows, options, twin);
  auto& out = twin.rows;
  for (std::size_t i = 0; i < n; ++i) {
    for (const LookbackRow& row : rows) {
      if (row.begins_change && row.commit_time <= rows[i].commit_time) ++out[i].segment;
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (out[i].outlier) continue;
    const auto in_segment = [&](std::size_t j) {
      return !out[j].outlier && out[j].segment == out[i].segment;
    };
    const auto value = [&](std::size_t j) { return static_cast<Real>(rows[j].value); };
    const auto before = window(rows, i, options.commits, false, in_segment, value);
    out[i].mean_excluding = before.empty() ? static_cast<Real>(rows[i].value) : mean_of(before);
    out[i].mean = inclusive ? mean_of(window(rows, i, options.commits, true, in_segment, value))
                            : out[i].mean_excluding;
    out[i].residual = rows[i].value - out[i].mean_excluding;
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (out[i].outlier) continue;
    const auto good = [&](std::size_t j) { return !out[j].outlier; };
    const auto residual = [&](std::size_t j) { return out[j].residual; };
    out[i].stddev = stddev_of(window(rows, i, options.commits, inclusive, good, residual));
  }
  return twin;
}

/// A series with ties, spikes, steps, annotations and several results per commit.
std::vector<LookbackRow> random_series(std::mt19937_64& random) {
  const auto below = [&random](int bound) { return static_cast<int>(random() % bound); };
  const int count = below(70);
  const bool grid = below(3) == 0;
  const int noise = 1 + below(4);
  double level = 1 + below(100);
  std::int64_t commit = 0;
  std::vector<LookbackRow> rows;
  for (int i = 0; i < count; ++i) {
    if (below(4) != 0) ++commit;
    if (below(25) == 0) level *= 1 + below(3);
    double value =
        level + (grid ? below(noise) * 0.5 : static_cast<double>(random() >> 11) * 0x1p-53);
    if (below(15) == 0) value *= 10;
    rows.push_back(
        {.commit_time = commit, .result_time = i, .value = value, .begins_change = below(20) == 0});
  }
  return rows;
}

void expect_same(const std::optional<double>& fast, Real slow, double scale,
                 const std::string& where) {
  ASSERT_EQ(fast.has_value(), std::isfinite(slow)) << where;
  if (!fast) return;
  EXPECT_NEAR(*fast, static_cast<double>(slow), scale * 1e-11) << where;
}

void compare(const std::vector<LookbackRow>& rows, const LookbackOptions& options,
             const std::string& where) {
  const Twin twin = slow_lookback(rows, options);
  if (twin.margin < 1e-9L) return;  // rounding may decide either way
  double scale = 1;
  for (const LookbackRow& row : rows) scale = std::max(scale, std::abs(row.value));
  const auto fast = lookback(rows, options);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string here = where + ", row " + std::to_string(i);
    const TwinRow& slow = twin.rows[i];
    ASSERT_EQ(fast[i].is_outlier, slow.outlier) << here;
    ASSERT_EQ(fast[i].is_step, slow.step) << here;
    ASSERT_EQ(fast[i].segment, slow.segment) << here;
    expect_same(fast[i].mean_excluding_this_commit, slow.mean_excluding, scale, here);
    expect_same(fast[i].rolling_mean, slow.mean, scale, here);
    expect_same(fast[i].residual, slow.residual, scale, here);
    expect_same(fast[i].stddev, slow.stddev, scale * 10, here);
  }
}

TEST(LookbackTwin, fast_equals_slow_on_random_series) {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  for (int round = 0; round < 400 && !testing::Test::HasFailure(); ++round) {
    const auto rows = random_series(random);
    const int commits[] = {1, 2, 3, 10, 100};
    const LookbackOptions options{.window = round % 2 ? LookbackOptions::Window::inclusive
                                                      : LookbackOptions::Window::exclusive,
                                  .commits = commits[random() % 5]};
    compare(rows, options, "seed " + std::to_string(seed) + ", round " + std::to_string(round));
  }
}

TEST(LookbackTwin, the_order_of_rows_does_not_matter) {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    const auto rows = random_series(random);
    std::vector<std::size_t> places(rows.size());
    for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
    std::shuffle(places.begin(), places.end(), random);
    std::vector<LookbackRow> shuffled;
    for (const std::size_t i : places) shuffled.push_back(rows[i]);
    const auto straight = lookback(rows, {.commits = 5});
    const auto mixed = lookback(shuffled, {.commits = 5});
    for (std::size_t i = 0; i < places.size(); ++i) {
      ASSERT_EQ(mixed[i].mean_excluding_this_commit, straight[places[i]].mean_excluding_this_commit)
          << "seed " << seed << ", round " << round;
      ASSERT_EQ(mixed[i].stddev, straight[places[i]].stddev);
      ASSERT_EQ(mixed[i].is_outlier, straight[places[i]].is_outlier);
    }
  }
}

}  // namespace
}  // namespace bl::verdict
