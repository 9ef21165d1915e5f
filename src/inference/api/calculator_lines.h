#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "inference/api/choices.h"
#include "inference/api/reads.h"
#include "inference/trend.h"

/// The calculator's and the trend's lines over rows of the store; the arithmetic is the library's
/// (calculator.h, trend.h).
namespace bl::inference {

struct MeasuredRange {
  double min = 0;
  double max = 0;
};

/// What a line gives at the target.
struct CalculatedLine {
  std::string line, hw_key, precision;
  std::vector<OperatingPoint> points;
  std::vector<const StoredPoint*> stored;     ///< as many as points
  std::optional<OperatingEstimate> estimate;  ///< nullopt: not measured around the target
  MeasuredRange front;                        ///< of what the target is
  bool has_input = false;                     ///< measured at every point, as is the next
  bool has_output = false;
  bool has_price = false;  ///< the provider's, for this accelerator
  bool has_power = false;

  /// What the line is ordered by; nullopt where it is not known.
  std::optional<double> bar_value(const CalculatorQuery& query) const;
};

struct Calculation {
  std::shared_ptr<const Points> rows;
  std::vector<CalculatedLine> lines;         ///< best first, then those without a value
  std::vector<CalculatedLine> out_of_reach;  ///< in the order of lists
  std::optional<MeasuredRange> range;        ///< of all points
};
Result<Calculation> calculate(const Question& question, const CalculatorQuery& query);

/// A day of a trend with the measured points around the target.
struct TrendDay {
  TrendPoint point;
  std::vector<const StoredPoint*> nearest;
};
struct TrendOfLine {
  std::string line, hw_key, precision;
  std::vector<TrendDay> days;
};
struct TrendAnswer {
  std::shared_ptr<const Points> rows;
  std::map<std::string, std::vector<TrendPoint>> trends;
  std::vector<TrendOfLine> lines;  ///< in the order of lists
};
Result<TrendAnswer> trend_of(const Question& question, const TrendQuery& query);

/// Whether a line comes before another in lists: hardware, then key, then precision.
bool comes_before(const ChartLabels& labels, std::string_view hw_key, std::string_view precision,
                  std::string_view other_key, std::string_view other_precision);

}  // namespace bl::inference
