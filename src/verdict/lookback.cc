#include "verdict/lookback.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/check.h"

// How it works. Every statistic of spec/results-conbench.md 4.5 is a mean or a sample standard
// deviation over a stretch of consecutive rows, once the rows are sorted and those that do not
// take part are left out. So each step builds running sums over such a sequence, and each row asks
// for the difference of two of them: O(n) after the sort, whatever the window.
//
// Differences of running sums lose digits: a spike that left the window long ago still sits in
// both sums, and a variance is a small difference of big squares. The sums are therefore kept in
// twice the precision of a double (a value and its rounding error). A stretch of equal values
// has exactly their mean and exactly no spread; that must not depend on rounding, because a
// spread of zero decides whether a score exists at all.

namespace bl::verdict {
namespace {

/// An unevaluated sum high + low, about 100 bits. Errors are relative to the operands, also where
/// they cancel.
struct Wide {
  double high = 0;
  double low = 0;

  static Wide sum(double a, double b) {
    const double s = a + b;
    const double t = s - a;
    return {s, (a - (s - t)) + (b - t)};
  }
  static Wide product(double a, double b) {  // Dekker's; not finite beyond about 1e299
    const auto [a_high, a_low] = halves(a);
    const auto [b_high, b_low] = halves(b);
    const double p = a * b;
    return {p, ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low};
  }
  Wide operator+(const Wide& other) const {
    const Wide s = sum(high, other.high);
    return quick_sum(s.high, s.low + (low + other.low));
  }
  Wide operator-(const Wide& other) const { return *this + Wide{-other.high, -other.low}; }
  Wide operator*(double factor) const {
    const Wide p = product(high, factor);
    return quick_sum(p.high, p.low + low * factor);
  }
  Wide squared() const {
    const Wide p = product(high, high);
    return quick_sum(p.high, p.low + 2 * high * low);
  }
  double value() const { return high + low; }

 private:
  static Wide quick_sum(double a, double b) {  // |a| >= |b|
    const double s = a + b;
    return {s, b - (s - a)};
  }
  static std::pair<double, double> halves(double a) {
    const double c = 134217729.0 * a;  // 2^27 + 1
    const double upper = c - (c - a);
    return {upper, a - upper};
  }
};

/// Means and spreads of stretches of a growing sequence.
class RunningSums {
 public:
  explicit RunningSums(std::size_t capacity) {
    sums_.reserve(capacity + 1);
    squares_.reserve(capacity + 1);
    equal_from_.reserve(capacity);
    values_.reserve(capacity);
    clear();
  }
  void clear() {
    sums_.assign(1, {});
    squares_.assign(1, {});
    equal_from_.clear();
    values_.clear();
  }
  void push(double value) {
    const bool same = !values_.empty() && values_.back() == value;
    equal_from_.push_back(same ? equal_from_.back() : values_.size());
    values_.push_back(value);
    sums_.push_back(sums_.back() + Wide{value, 0});
    squares_.push_back(squares_.back() + Wide::product(value, value));
  }
  std::size_t size() const { return values_.size(); }

  /// Of [first, last). nullopt when empty or beyond the range of a double.
  std::optional<double> mean(std::size_t first, std::size_t last) const {
    if (first >= last) return std::nullopt;
    if (all_equal(first, last)) return values_[first];
    return finite((sums_[last] - sums_[first]).value() / count(first, last));
  }
  /// Sample standard deviation (ddof 1) of [first, last). nullopt for fewer than two values.
  std::optional<double> stddev(std::size_t first, std::size_t last) const {
    if (last < first + 2) return std::nullopt;
    if (all_equal(first, last)) return 0.0;
    const double n = count(first, last);
    const Wide sum = sums_[last] - sums_[first];
    const double centred = ((squares_[last] - squares_[first]) * n - sum.squared()).value();
    return finite(centred < 0 ? 0 : std::sqrt(centred / (n * (n - 1))));
  }

 private:
  static double count(std::size_t first, std::size_t last) {
    return static_cast<double>(last - first);
  }
  static std::optional<double> finite(double value) {
    if (!std::isfinite(value)) return std::nullopt;
    return value;
  }
  bool all_equal(std::size_t first, std::size_t last) const {
    return equal_from_[last - 1] <= first;
  }

  std::vector<Wide> sums_, squares_;     // of everything before an index
  std::vector<std::size_t> equal_from_;  // where the run of equal values began
  std::vector<double> values_;
};

/// Where each commit of a sequence of rows begins; commits are equal, adjacent commit times.
class Commits {
 public:
  explicit Commits(std::size_t capacity) { begins_.reserve(capacity + 1); }
  void clear() {
    begins_.clear();
    rows_ = 0;
  }
  /// The rank of the row's commit.
  std::size_t push(std::int64_t commit_time) {
    if (begins_.empty() || commit_time != last_time_) begins_.push_back(rows_);
    last_time_ = commit_time;
    ++rows_;
    return begins_.size() - 1;
  }
  /// The rows of the `count` commits before `rank`.
  std::pair<std::size_t, std::size_t> before(std::size_t rank, std::size_t count) const {
    return {begins_[rank > count ? rank - count : 0], begins_[rank]};
  }
  /// The rows of the `count` commits that end with `rank`.
  std::pair<std::size_t, std::size_t> up_to(std::size_t rank, std::size_t count) const {
    const std::size_t end = rank + 1 < begins_.size() ? begins_[rank + 1] : rows_;
    return {begins_[rank + 1 > count ? rank + 1 - count : 0], end};
  }

 private:
  std::vector<std::size_t> begins_;
  std::int64_t last_time_ = 0;
  std::size_t rows_ = 0;
};

/// The q-quantile (0..1) by linear interpolation between order statistics; reorders `values`, which
/// is not empty.
double quantile(std::vector<double>& values, double q) {
  const double place = static_cast<double>(values.size() - 1) * q;
  const auto below = static_cast<std::size_t>(place);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(values.begin(), at, values.end());
  const double low = *at;
  if (below + 1 >= values.size()) return low;
  const double high = *std::min_element(at + 1, values.end());
  const double t = place - static_cast<double>(below);
  return t < 0.5 ? low + (high - low) * t : high - (high - low) * (1 - t);
}

/// Step 1 of 4.5: sets is_step and is_outlier. `values` in series order.
void mark_shifts(const std::vector<double>& values, const LookbackOptions& options,
                 std::vector<LookbackStats>& stats) {
  const std::size_t n = values.size();
  if (n < 2) return;
  std::vector<double> differences(n - 1);  // [i] belongs to row i + 1; row 0 has none
  for (std::size_t i = 0; i + 1 < n; ++i) differences[i] = values[i + 1] - values[i];
  std::vector<double> scratch = differences;
  const double floor = quantile(scratch, 0.05);
  const double ceiling = quantile(scratch, 0.95);

  RunningSums kept(n);
  std::vector<std::size_t> kept_before(n + 1, 0);  // how many differences of rows < i were kept
  std::vector<char> shift(n + 1, 0);
  const auto window = static_cast<std::size_t>(options.commits);
  for (std::size_t i = 1; i < n; ++i) {
    const double d = differences[i - 1];
    if (!(d < floor || d > ceiling)) kept.push(d);
    kept_before[i + 1] = kept.size();
    const std::size_t first = kept_before[i + 1 > window ? i + 1 - window : 0];
    const auto mean = kept.mean(first, kept.size());
    const auto spread = kept.stddev(first, kept.size());
    if (mean && spread) shift[i] = std::abs((d - *mean) / *spread) > options.shift_threshold;
  }
  bool previous_reverts = false;
  for (std::size_t i = 1; i < n; ++i) {
    const bool reverts = shift[i] && shift[i + 1];
    stats[i].is_outlier = reverts;
    stats[i].is_step = shift[i] && !reverts && !previous_reverts;
    previous_reverts = reverts;
  }
}

/// Step 3: every row of a commit shares the segment that begins with it.
void mark_segments(const std::vector<LookbackRow>& rows, std::vector<LookbackStats>& stats) {
  int annotated = 0;
  for (std::size_t begin = 0; begin < rows.size();) {
    std::size_t end = begin;
    for (; end < rows.size() && rows[end].commit_time == rows[begin].commit_time; ++end) {
      annotated += rows[end].begins_change ? 1 : 0;
    }
    for (; begin < end; ++begin) stats[begin].segment = annotated;
  }
}

/// Steps 5 to 7: the means, segment by segment. A segment is a stretch of rows.
void set_means(const std::vector<LookbackRow>& rows, const LookbackOptions& options,
               std::vector<LookbackStats>& stats) {
  const auto window = static_cast<std::size_t>(options.commits);
  RunningSums sums(rows.size());
  Commits commits(rows.size());
  std::vector<std::size_t> ranks(rows.size());
  for (std::size_t begin = 0; begin < rows.size();) {
    sums.clear();
    commits.clear();
    std::size_t end = begin;
    for (; end < rows.size() && stats[end].segment == stats[begin].segment; ++end) {
      if (stats[end].is_outlier) continue;
      sums.push(rows[end].value);
      ranks[end] = commits.push(rows[end].commit_time);
    }
    for (; begin < end; ++begin) {
      LookbackStats& s = stats[begin];
      if (s.is_outlier) continue;
      const double value = rows[begin].value;
      const auto [first, last] = commits.before(ranks[begin], window);
      s.mean_excluding_this_commit = first < last ? sums.mean(first, last) : value;
      s.rolling_mean = s.mean_excluding_this_commit;
      if (options.window == LookbackOptions::Window::inclusive) {
        const auto [from, to] = commits.up_to(ranks[begin], window);
        s.rolling_mean = sums.mean(from, to);
      }
      if (s.mean_excluding_this_commit) s.residual = value - *s.mean_excluding_this_commit;
      if (s.residual && !std::isfinite(*s.residual)) s.residual.reset();
    }
  }
}

/// Step 8: the spread of the residuals, across segments; of the rows from `from` on.
void set_spreads(const std::vector<LookbackRow>& rows, const LookbackOptions& options,
                 std::size_t from, std::vector<LookbackStats>& stats) {
  const auto window = static_cast<std::size_t>(options.commits);
  RunningSums residuals(rows.size());
  Commits commits(rows.size());
  std::vector<std::size_t> ranks(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!stats[i].residual) continue;
    residuals.push(*stats[i].residual);
    ranks[i] = commits.push(rows[i].commit_time);
  }
  for (std::size_t i = from; i < rows.size(); ++i) {
    if (!stats[i].residual) continue;
    const auto [first, last] = options.window == LookbackOptions::Window::inclusive
                                   ? commits.up_to(ranks[i], window)
                                   : commits.before(ranks[i], window);
    stats[i].stddev = residuals.stddev(first, last);
  }
}

std::vector<std::size_t> series_order(std::span<const LookbackRow> rows) {
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto earlier = [&rows](std::size_t a, std::size_t b) {
    return std::pair(rows[a].commit_time, rows[a].result_time) <
           std::pair(rows[b].commit_time, rows[b].result_time);
  };
  if (!std::is_sorted(order.begin(), order.end(), earlier)) {
    std::stable_sort(order.begin(), order.end(), earlier);
  }
  return order;
}

/// Of rows in series order; the spread only of those from `spreads_from` on.
std::vector<LookbackStats> stats_in_order(const std::vector<LookbackRow>& rows,
                                          const LookbackOptions& options,
                                          std::size_t spreads_from) {
  std::vector<double> values;
  values.reserve(rows.size());
  for (const LookbackRow& row : rows) values.push_back(row.value);
  std::vector<LookbackStats> stats(rows.size());
  mark_shifts(values, options, stats);
  mark_segments(rows, stats);
  set_means(rows, options, stats);
  set_spreads(rows, options, spreads_from, stats);
  return stats;
}

std::vector<LookbackRow> taken_in(const std::vector<std::size_t>& order,
                                  std::span<const LookbackRow> rows) {
  std::vector<LookbackRow> taken;
  taken.reserve(rows.size());
  for (const std::size_t i : order) taken.push_back(rows[i]);
  return taken;
}

}  // namespace

std::vector<LookbackStats> lookback(std::span<const LookbackRow> rows,
                                    const LookbackOptions& options,
                                    std::vector<std::size_t>* order) {
  BL_CHECK(options.commits > 0);
  std::vector<std::size_t> by_time = series_order(rows);
  const std::vector<LookbackRow> sorted = taken_in(by_time, rows);
  const std::vector<LookbackStats> stats = stats_in_order(sorted, options, 0);
  std::vector<LookbackStats> answer(rows.size());
  for (std::size_t i = 0; i < by_time.size(); ++i) {
    answer[by_time[i]] = stats[i];
    answer[by_time[i]].begins_change = sorted[i].begins_change;
  }
  if (order) *order = std::move(by_time);
  return answer;
}

Distribution distribution(std::span<const LookbackRow> rows, const LookbackOptions& options) {
  BL_CHECK(options.commits > 0);
  if (rows.empty()) return {};
  LookbackOptions inclusive = options;
  inclusive.window = LookbackOptions::Window::inclusive;
  const std::vector<LookbackRow> sorted = taken_in(series_order(rows), rows);
  const LookbackStats newest = stats_in_order(sorted, inclusive, rows.size() - 1).back();
  return {.mean = newest.rolling_mean, .stddev = newest.stddev};
}

}  // namespace bl::verdict
