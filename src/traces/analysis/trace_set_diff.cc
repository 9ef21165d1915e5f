#include "traces/trace_set_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>

#include "traces/analysis/extent.h"
#include "traces/analysis/identities.h"
#include "traces/span_tree.h"
#include "verdict/rank_sum.h"
#include "verdict/robust.h"

// Spans of one run are not independent of each other: a slow machine makes all of them slow. So a
// run gives one number for each path (a sum, a mean, a count), and two sets are compared by those.
namespace bl::traces {
namespace {

using Index = std::size_t;
constexpr Index k_none = static_cast<Index>(-1);

/// What one run has of one path.
struct RunValues {
  double spans = 0, duration_ns = 0, self_ns = 0, critical_ns = 0;
};
/// One path in one set.
struct PathValues {
  std::vector<RunValues> runs;  // those that have it
  std::vector<double> durations;
};
struct Path {
  Index parent = k_none;
  Index identity = 0;
  std::array<PathValues, 2> sets;
};

/// All paths of both sets. Refers to the spans.
class Paths {
 public:
  explicit Paths(const SetDiffLimits& limits) : limits_(limits) {}

  /// Adds a run to set 0 or 1. Errors: too_large.
  Result<void> add(const Spans& spans, Index set);
  const std::vector<Path>& all() const { return paths_; }
  std::int64_t left_out() const { return left_out_; }
  std::vector<PathStep> steps_to(Index path) const;

 private:
  Index path_of(Index parent, Index identity);

  const SetDiffLimits& limits_;
  Identities identities_;
  std::map<std::pair<Index, Index>, Index> places_;
  std::vector<Path> paths_;
  std::int64_t left_out_ = 0;
};

Index Paths::path_of(Index parent, Index identity) {
  const auto [place, is_new] = places_.try_emplace({parent, identity}, paths_.size());
  if (is_new) paths_.push_back({parent, identity, {}});
  return place->second;
}

Result<void> Paths::add(const Spans& spans, Index set) {
  const SpanTree tree = tree_of(spans);
  std::vector<std::int64_t> critical(spans.size());
  for (const PathPart& part : critical_path(spans, tree)) {
    critical[part.span] += part.end_ns - part.start_ns;
  }
  const std::vector<Index> identity = identities_.of(spans);
  std::vector<Index> path(spans.size(), k_none);
  std::map<Index, RunValues> run;
  for (const Index at : tree.walk) {
    const SpanTree::Node& node = tree.nodes[at];
    if (node.depth >= limits_.depth_max) {
      ++left_out_;
      continue;
    }
    path[at] = path_of(node.parent ? path[*node.parent] : k_none, identity[at]);
    const auto duration = static_cast<double>(extent_of(spans[at]).length());
    RunValues& values = run[path[at]];
    values.spans += 1;
    values.duration_ns += duration;
    values.self_ns += static_cast<double>(node.self_ns);
    values.critical_ns += static_cast<double>(critical[at]);
    paths_[path[at]].sets[set].durations.push_back(duration);
  }
  if (paths_.size() > limits_.paths_max) {
    return Error(Code::too_large,
                 fmt::format("the traces have more than {} different paths", limits_.paths_max));
  }
  for (auto& [place, values] : run) {
    values.duration_ns /= values.spans;
    paths_[place].sets[set].runs.push_back(values);
  }
  return {};
}

std::vector<PathStep> Paths::steps_to(Index path) const {
  std::vector<PathStep> steps;
  for (; path != k_none; path = paths_[path].parent) {
    const SpanIdentity& identity = identities_.identity(paths_[path].identity);
    steps.push_back({std::string(identity.service), std::string(identity.name), identity.kind});
  }
  std::ranges::reverse(steps);
  return steps;
}

/// Nearest rank; 0 of none. Reorders.
double quantile(std::vector<double>& values, double q) {
  if (values.empty()) return 0;
  const auto rank = static_cast<std::ptrdiff_t>(std::ceil(q * static_cast<double>(values.size())));
  const auto at = values.begin() + std::max<std::ptrdiff_t>(rank - 1, 0);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

/// The smallest p-value that runs of these numbers can have.
double least_p_value(std::size_t n, std::size_t m) {
  double ways = 1;
  for (std::size_t i = 1; i <= std::min<std::size_t>(m, 30); ++i) {
    ways *= static_cast<double>(n + i) / static_cast<double>(i);
  }
  return 2 / ways;
}

/// Compares numbers of runs, and at the end says which differences are told.
class Judge {
 public:
  explicit Judge(const SetDiffOptions& options) : options_(options) {}

  SetMeasure measure(std::vector<double> base, std::vector<double> compare) {
    SetMeasure measure;
    const auto p_value = verdict::rank_sum_p_value(base, compare);
    if (p_value) {
      measure.p_value = *p_value;
      p_values_.push_back(*p_value);
    }
    const bool may_be_told = p_value && *p_value <= options_.false_share_max;
    if (const auto shift = may_be_told ? verdict::shift_between(base, compare) : std::nullopt) {
      measure.shift = shift->middle;
      measure.shift_low = shift->low;
      measure.shift_high = shift->high;
    }
    measure.base_p50 = quantile(base, 0.5);
    measure.base_p95 = quantile(base, 0.95);
    measure.compare_p50 = quantile(compare, 0.5);
    measure.compare_p95 = quantile(compare, 0.95);
    return measure;
  }

  /// Once all are measured: the greatest p-value that may be told.
  void decide() {
    std::ranges::sort(p_values_);
    const auto count = static_cast<double>(p_values_.size());
    for (std::size_t i = 0; i < p_values_.size(); ++i) {
      const double allowed = options_.false_share_max * static_cast<double>(i + 1) / count;
      if (p_values_[i] <= allowed) threshold_ = p_values_[i];
    }
  }

  /// A time must have moved by more than what nobody cares for; a count by anything.
  void judge_time(SetMeasure& measure) const {
    const double least =
        std::max(options_.time_ns_min, options_.time_relative_min * measure.base_p50);
    const bool is_clear = measure.shift_low > 0 || measure.shift_high < 0;
    measure.is_change =
        measure.p_value <= threshold_ && is_clear && std::abs(measure.shift) >= least;
  }
  void judge_count(SetMeasure& measure) const { measure.is_change = measure.p_value <= threshold_; }

 private:
  const SetDiffOptions& options_;
  std::vector<double> p_values_;
  double threshold_ = -1;
};

/// One number of each run that has the path, and zeros for the others.
std::vector<double> values_of(const PathValues& values, double RunValues::* member,
                              std::size_t runs) {
  std::vector<double> numbers;
  numbers.reserve(runs);
  for (const RunValues& run : values.runs) numbers.push_back(run.*member);
  numbers.resize(std::max(runs, numbers.size()), 0.0);
  return numbers;
}

PathDiff measured(const Path& path, std::size_t base_runs, std::size_t compare_runs, Judge& judge) {
  const auto& [base, compare] = path.sets;
  const auto of_all = [&](double RunValues::* member) {
    return judge.measure(values_of(base, member, base_runs),
                         values_of(compare, member, compare_runs));
  };
  PathDiff diff;
  diff.base_presence = static_cast<double>(base.runs.size()) / static_cast<double>(base_runs);
  diff.compare_presence =
      static_cast<double>(compare.runs.size()) / static_cast<double>(compare_runs);
  diff.spans = of_all(&RunValues::spans);
  diff.self_ns = of_all(&RunValues::self_ns);
  diff.critical_ns = of_all(&RunValues::critical_ns);
  diff.duration_ns = judge.measure(values_of(base, &RunValues::duration_ns, 0),
                                   values_of(compare, &RunValues::duration_ns, 0));
  return diff;
}

void add_durations(PathDiff& diff, const Path& path) {
  std::vector<double> base = path.sets[0].durations, compare = path.sets[1].durations;
  diff.base_duration_p50 = quantile(base, 0.5);
  diff.base_duration_p95 = quantile(base, 0.95);
  diff.compare_duration_p50 = quantile(compare, 0.5);
  diff.compare_duration_p95 = quantile(compare, 0.95);
}

std::vector<double> durations_of(std::span<const Spans> runs) {
  std::vector<double> durations;
  for (const Spans& spans : runs) {
    if (spans.empty()) continue;
    Extent whole = extent_of(spans.front());
    for (const Span& span : spans) {
      whole.start_ns = std::min(whole.start_ns, span.start_ns);
      whole.end_ns = std::max(whole.end_ns, extent_of(span).end_ns);
    }
    durations.push_back(static_cast<double>(whole.length()));
  }
  return durations;
}

Result<void> check_sets(std::span<const Spans> base, std::span<const Spans> compare,
                        const SetDiffLimits& limits) {
  std::size_t spans = 0;
  for (const auto& set : {base, compare}) {
    if (set.empty()) return Error(Code::invalid, "a set of traces without traces");
    if (set.size() > limits.runs_max) {
      return Error(Code::too_large,
                   fmt::format("a set of more than {} traces: {}", limits.runs_max, set.size()));
    }
    for (const Spans& run : set) spans += run.size();
  }
  if (spans <= limits.spans_max) return {};
  return Error(Code::too_large,
               fmt::format("sets of more than {} spans: {}", limits.spans_max, spans));
}

}  // namespace

Result<SetDiff> diff_sets(std::span<const Spans> base, std::span<const Spans> compare,
                          const SetDiffOptions& options, const SetDiffLimits& limits) {
  BL_RETURN_IF_ERROR(check_sets(base, compare, limits));
  Paths paths(limits);
  for (const Spans& run : base) BL_RETURN_IF_ERROR(paths.add(run, 0));
  for (const Spans& run : compare) BL_RETURN_IF_ERROR(paths.add(run, 1));

  Judge judge(options);
  SetDiff diff;
  diff.base_runs = base.size();
  diff.compare_runs = compare.size();
  diff.can_decide = least_p_value(base.size(), compare.size()) <= options.false_share_max;
  diff.paths_compared = paths.all().size();
  diff.left_out_spans = paths.left_out();
  diff.trace_ns = judge.measure(durations_of(base), durations_of(compare));
  std::vector<PathDiff> measures;
  measures.reserve(paths.all().size());
  for (const Path& path : paths.all()) {
    measures.push_back(measured(path, base.size(), compare.size(), judge));
  }

  judge.decide();
  judge.judge_time(diff.trace_ns);
  for (Index at = 0; at < measures.size(); ++at) {
    PathDiff& path = measures[at];
    judge.judge_count(path.spans);
    for (SetMeasure* time : {&path.duration_ns, &path.self_ns, &path.critical_ns}) {
      judge.judge_time(*time);
    }
    const bool is_changed = path.spans.is_change || path.duration_ns.is_change ||
                            path.self_ns.is_change || path.critical_ns.is_change;
    if (!is_changed) continue;
    path.path = paths.steps_to(at);
    add_durations(path, paths.all()[at]);
    diff.changed.push_back(std::move(path));
  }
  std::ranges::stable_sort(diff.changed, std::greater(), [](const PathDiff& path) {
    return std::pair(std::abs(path.critical_ns.shift), std::abs(path.self_ns.shift));
  });
  return diff;
}

std::string_view name_of(SetDirection direction) {
  switch (direction) {
    case SetDirection::unchanged:
      return "unchanged";
    case SetDirection::increased:
      return "increased";
    case SetDirection::decreased:
      return "decreased";
    case SetDirection::undecided:
      return "undecided";
  }
  return {};
}

SetDirection direction_of(const SetDiff& diff) {
  if (!diff.can_decide) return SetDirection::undecided;
  const auto sign = [](double shift) {
    return shift > 0 ? SetDirection::increased : SetDirection::decreased;
  };
  if (diff.trace_ns.is_change) return sign(diff.trace_ns.shift);
  double sum = 0, moved = 0;
  for (const PathDiff& path : diff.changed) {
    if (!path.critical_ns.is_change) continue;
    sum += path.critical_ns.shift;
    moved += std::abs(path.critical_ns.shift);
  }
  const bool cancels_out = std::abs(sum) < moved / 2;
  return moved == 0 || cancels_out ? SetDirection::unchanged : sign(sum);
}

std::vector<CriticalShare> critical_shares(std::span<const Spans> runs) {
  using Key = std::pair<std::string, std::string>;
  std::map<Key, std::vector<double>> by_operation;
  double all = 0;
  for (std::size_t run = 0; run < runs.size(); ++run) {
    const Spans& spans = runs[run];
    const SpanTree tree = tree_of(spans);
    for (OperationTime& time : operation_times(spans, tree, critical_path(spans, tree))) {
      if (time.critical_ns == 0) continue;
      all += static_cast<double>(time.critical_ns);
      std::vector<double>& values = by_operation[{std::move(time.service), std::move(time.name)}];
      values.resize(runs.size());
      values[run] = static_cast<double>(time.critical_ns);
    }
  }
  std::vector<CriticalShare> shares;
  for (auto& [key, values] : by_operation) {
    CriticalShare share;
    std::tie(share.service, share.name) = key;
    share.runs = values.size() - static_cast<std::size_t>(std::ranges::count(values, 0.0));
    share.share = std::accumulate(values.begin(), values.end(), 0.0) / all;
    share.low_ns = std::ranges::min(values);
    share.high_ns = std::ranges::max(values);
    share.values_ns = values;
    share.median_ns = verdict::median(values);  // reorders
    shares.push_back(std::move(share));
  }
  std::ranges::stable_sort(shares, std::greater(), &CriticalShare::share);
  return shares;
}

}  // namespace bl::traces
