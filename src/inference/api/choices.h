#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "inference/calculator.h"
#include "inference/chart_metrics.h"
#include "inference/sweep_ports.h"

/// What questions choose by. Names are checked against registries before one of these is made.
namespace bl::inference {

/// A pair of lengths, or agentic scenarios, which have none.
struct SequenceChoice {
  std::string name;
  std::optional<std::int64_t> isl;
  std::optional<std::int64_t> osl;

  bool is_agentic() const { return !isl; }
  bool covers(const BenchmarkRow& row) const {
    return is_agentic() ? row.benchmark_type == "agentic_traces" : row.isl == isl && row.osl == osl;
  }
};
inline constexpr std::string_view k_agentic = "agentic";
/// A name of the labels (`8k/1k`), lengths in tokens (`8192/256`), or `agentic`.
std::optional<SequenceChoice> sequence_named(const ChartLabels& labels, std::string_view text);

/// The keys under which the store has a model that is shown by this name; empty: unknown.
std::vector<std::string> model_keys(const Registry& registry, std::string_view display);

/// Lines of one model.
struct LineChoice {
  std::string model;                    ///< display name
  std::vector<std::string> model_keys;  ///< never empty
  SequenceChoice sequence;
  std::vector<std::string> precisions;  ///< empty: all
  std::vector<std::string> hw_keys;     ///< empty: all
  std::vector<std::string> lines;       ///< `hwKey__precision`; empty: all

  /// Sequence, precision, hardware key (aliases resolved) and line.
  bool covers(const BenchmarkRow& row, const ChartLabels& labels) const;
};

/// `a,b` -> a, b, without what is empty.
std::vector<std::string> split_list(std::string_view text);

struct FrontierQuery {
  LineChoice lines;
  ChartChoice chart;
  bool fronts_only = false;  ///< points that are on no front are left out
  std::optional<std::string> date;
  std::optional<std::string> compare_date;
};

struct CalculatorQuery {
  LineChoice lines;
  OperatingTarget target;
  Provider provider = Provider::hyperscaler;
  TokenKind tokens = TokenKind::total;
  BarMetric bar = BarMetric::throughput;
  std::optional<std::string> date;
};

struct TrendQuery {
  LineChoice lines;
  const ChartMetric* metric = nullptr;  ///< never null
  double interactivity = 35;
  std::string today;  ///< YYYY-MM-DD
};

/// Names on the wire, in the order of their enumerations.
inline constexpr std::string_view k_percentile_names[] = {"median", "mean", "p75",  "p90",
                                                          "p95",    "p99",  "p99.9"};
inline constexpr std::string_view k_target_names[] = {"interactivity", "throughput"};
inline constexpr std::string_view k_provider_names[] = {"costh", "costn", "costr"};
inline constexpr std::string_view k_token_names[] = {"total", "input", "output"};
inline constexpr std::string_view k_bar_names[] = {"throughput", "power", "cost"};

/// YYYY-MM-DD, a day that there is.
bool is_date(std::string_view text);
/// Of an instant, in UTC.
std::string date_of(Timestamp time);

}  // namespace bl::inference
