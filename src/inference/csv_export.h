#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "inference/calculator.h"
#include "inference/chart_point.h"
#include "inference/evaluation_chart.h"
#include "inference/trend.h"

/// What a chart shows, as CSV (spec/inference.md 5.11). Pure; threads: any.
namespace bl::inference {

/// Nothing, and numbers that are not finite, are empty cells.
using CsvCell = std::variant<std::monostate, bool, double, std::string>;

struct CsvTable {
  std::vector<std::string> headers;
  std::vector<std::vector<CsvCell>> rows;
};

/// Quoted when it holds a comma, a quote or a line break.
std::string csv_cell(const CsvCell& cell);
/// Texts that a spreadsheet would run as a formula (they begin with `=`, `+`, `-`, `@`, a tab or a
/// return) get an apostrophe in front. The InferenceX dashboard leaves them.
void guard_formulas(CsvTable& table);
/// `notes` come first, each as a line that begins with `# `. Lines end with `\n`.
std::string csv_text(const CsvTable& table, std::span<const std::string> notes);

/// Times are in seconds. The InferenceX dashboard of April 2026 says `(ms)` over them.
enum class TimeHeaders : unsigned char { seconds, as_dashboard };

struct InferenceCsv {
  std::string_view model;                   ///< display name
  const SequenceLabel* sequence = nullptr;  ///< nullptr: lengths stay empty
  TimeHeaders time_headers = TimeHeaders::seconds;
};
CsvTable inference_csv(std::span<const ChartPoint> points, const InferenceCsv& what);

/// One line of the calculator. `line` is a hardware key, or `hwKey__precision`.
struct CalculatorLine {
  std::string line;
  std::string label;
  OperatingEstimate estimate;
};
CsvTable calculator_csv(std::span<const CalculatorLine> lines, double target_interactivity);

CsvTable evaluation_csv(std::span<const EvaluationBar> bars);

/// A line of a trend as it is shown; `line` as above.
struct TrendLine {
  std::string line;
  std::string label;
  std::string precision;
};
/// The lines that have a trend, in their order.
CsvTable trend_csv(const std::map<std::string, std::vector<TrendPoint>>& trends,
                   std::span<const TrendLine> lines, std::string_view metric_label,
                   double target_interactivity);

}  // namespace bl::inference
