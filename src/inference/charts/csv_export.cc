#include "inference/csv_export.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "inference/number_text.h"

namespace bl::inference {
namespace {

template <class T>
CsvCell cell(const std::optional<T>& value) {
  if (!value) return {};
  if constexpr (std::is_same_v<T, bool>)
    return *value;
  else
    return static_cast<double>(*value);
}

CsvCell cell(const std::string& text) {
  return text;
}
CsvCell cell(double number) {
  return number;
}
CsvCell cell(std::int64_t number) {
  return static_cast<double>(number);
}

CsvCell cell_of(const Metrics& values, std::string_view name) {
  const double* found = find_metric(values, name);
  return found ? CsvCell(*found) : CsvCell();
}

// `b200_trt` and `fp4` of `b200_trt__fp4`.
std::pair<std::string, std::string> parts_of_line(const std::string& line) {
  const std::size_t at = line.find("__");
  if (at == std::string::npos) return {line, ""};
  return {line.substr(0, at), line.substr(at + 2)};
}

struct Quantity {
  std::string_view value;
  std::string_view title;
  bool is_time;
};
constexpr auto k_quantities = std::to_array<Quantity>({
    {"ttft", "TTFT", true},
    {"tpot", "TPOT", true},
    {"intvty", "Interactivity", false},
    {"itl", "ITL", true},
    {"e2el", "E2E Latency", true},
});
struct Statistic {
  std::string_view value;
  std::string_view title;
};
constexpr auto k_statistics = std::to_array<Statistic>(
    {{"mean", "Mean"}, {"median", "Median"}, {"p99", "P99"}, {"std", "Std"}});

std::vector<std::string> inference_headers(TimeHeaders time_headers) {
  std::vector<std::string> headers = {"Model",
                                      "ISL",
                                      "OSL",
                                      "Hardware",
                                      "Hardware Key",
                                      "Framework",
                                      "Precision",
                                      "TP",
                                      "Concurrency",
                                      "Date",
                                      "Throughput/GPU (tok/s)",
                                      "Output Throughput/GPU (tok/s)",
                                      "Input Throughput/GPU (tok/s)"};
  const std::string time = time_headers == TimeHeaders::seconds ? " (s)" : " (ms)";
  for (const Quantity& quantity : k_quantities) {
    for (const Statistic& statistic : k_statistics) {
      headers.push_back(std::string(statistic.title) + " " + std::string(quantity.title) +
                        (quantity.is_time ? time : " (tok/s/user)"));
    }
  }
  for (const char* name : {"Disaggregated", "Num Prefill GPUs", "Num Decode GPUs", "Spec Decoding",
                           "EP", "DP Attention", "Is Multinode"})
    headers.emplace_back(name);
  return headers;
}

}  // namespace

std::string csv_cell(const CsvCell& c) {
  if (std::holds_alternative<std::monostate>(c)) return "";
  if (const bool* b = std::get_if<bool>(&c)) return *b ? "true" : "false";
  if (const double* d = std::get_if<double>(&c)) return std::isfinite(*d) ? ecma_number(*d) : "";
  const std::string& text = std::get<std::string>(c);
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char character : text) {
    if (character == '"') quoted += '"';
    quoted += character;
  }
  return quoted + "\"";
}

void guard_formulas(CsvTable& table) {
  for (auto& row : table.rows) {
    for (CsvCell& one : row) {
      std::string* text = std::get_if<std::string>(&one);
      if (text && !text->empty() &&
          std::string_view("=+-@\t\r").find(text->front()) != std::string_view::npos)
        text->insert(0, "'");
    }
  }
}

std::string csv_text(const CsvTable& table, std::span<const std::string> notes) {
  std::string text;
  for (const std::string& note : notes) text += "# " + note + "\n";
  const auto add_line = [&](const auto& cells) {
    bool first = true;
    for (const auto& one : cells) {
      if (!first) text += ",";
      text += csv_cell(one);
      first = false;
    }
    text += "\n";
  };
  add_line(table.headers);
  for (const auto& row : table.rows) add_line(row);
  return text;
}

CsvTable inference_csv(std::span<const ChartPoint> points, const InferenceCsv& what) {
  CsvTable table{inference_headers(what.time_headers), {}};
  for (const ChartPoint& point : points) {
    const ChartEntry& e = point.entry;
    std::vector<CsvCell> row = {cell(std::string(what.model)),
                                what.sequence ? cell(what.sequence->isl) : CsvCell(),
                                what.sequence ? cell(what.sequence->osl) : CsvCell(),
                                cell(e.hw),
                                cell(e.hw_key),
                                cell(e.framework),
                                cell(e.precision),
                                cell(e.all.tp),
                                cell(e.conc),
                                cell(e.date),
                                cell_of(e.values, "tput_per_gpu"),
                                cell_of(e.values, "output_tput_per_gpu"),
                                cell_of(e.values, "input_tput_per_gpu")};
    for (const Quantity& quantity : k_quantities) {
      for (const Statistic& statistic : k_statistics) {
        row.push_back(
            cell_of(e.values, std::string(statistic.value) + "_" + std::string(quantity.value)));
      }
    }
    row.insert(row.end(), {cell(std::optional(e.disagg)), cell(e.num_prefill_gpu),
                           cell(e.num_decode_gpu), cell(e.spec_decoding), cell(e.all.ep),
                           cell(e.all.dp_attention), cell(e.is_multinode)});
    table.rows.push_back(std::move(row));
  }
  return table;
}

CsvTable calculator_csv(std::span<const CalculatorLine> lines, double target_interactivity) {
  CsvTable table{
      {"GPU", "Hardware Key", "Precision", "Total Throughput (tok/s/gpu)",
       "Output Throughput (tok/s/gpu)", "Input Throughput (tok/s/gpu)",
       "Cost per Million Total Tokens ($)", "Cost per Million Input Tokens ($)",
       "Cost per Million Output Tokens ($)", "Total tok/s/MW", "Input tok/s/MW", "Output tok/s/MW",
       "Concurrency at Operating Point", "Target Interactivity (tok/s/user)"},
      {}};
  for (const CalculatorLine& line : lines) {
    const OperatingEstimate& e = line.estimate;
    const auto [hw_key, precision] = parts_of_line(line.line);
    table.rows.push_back({cell(line.label), cell(hw_key), cell(precision), cell(e.value),
                          cell(e.output_throughput), cell(e.input_throughput), cell(e.cost),
                          cell(e.cost_input), cell(e.cost_output), cell(e.throughput_per_mw),
                          cell(e.input_throughput_per_mw), cell(e.output_throughput_per_mw),
                          cell(e.concurrency), cell(target_interactivity)});
  }
  return table;
}

CsvTable evaluation_csv(std::span<const EvaluationBar> bars) {
  CsvTable table{{"Configuration", "Hardware Key", "Model", "Benchmark", "Mean Score",
                  "Score Error", "Min Score", "Max Score", "Precision", "Framework",
                  "Spec Decoding", "TP", "EP", "DP Attention", "Concurrency", "Date"},
                 {}};
  for (const EvaluationBar& bar : bars) {
    const EvalRow& row = bar.evaluation.row;
    const ServingConfig& c = row.config;
    std::string label = bar.label;
    std::replace(label.begin(), label.end(), '\n', ' ');
    table.rows.push_back(
        {cell(label), cell(bar.hw_key), cell(c.model), cell(row.task), cell(bar.score),
         cell(bar.score_error), cell(bar.score_min), cell(bar.score_max), cell(c.precision),
         cell(c.framework), cell(c.spec_method), cell(c.decode_tp), cell(c.decode_ep),
         cell(std::optional(c.decode_dp_attention)), cell(row.conc), cell(bar.evaluation.date)});
  }
  return table;
}

CsvTable trend_csv(const std::map<std::string, std::vector<TrendPoint>>& trends,
                   std::span<const TrendLine> lines, std::string_view metric_label,
                   double target_interactivity) {
  CsvTable table{{"GPU", "Hardware Key", "Precision", "Date", std::string(metric_label),
                  "Interactivity (tok/s/user)", "Synthetic", "Target Interactivity (tok/s/user)"},
                 {}};
  for (const TrendLine& line : lines) {
    const auto found = trends.find(line.line);
    if (found == trends.end()) continue;
    for (const TrendPoint& point : found->second) {
      table.rows.push_back({cell(line.label), cell(parts_of_line(line.line).first),
                            cell(line.precision), cell(point.date), cell(point.value),
                            cell(target_interactivity), cell(std::optional(point.synthetic)),
                            cell(target_interactivity)});
    }
  }
  return table;
}

}  // namespace bl::inference
