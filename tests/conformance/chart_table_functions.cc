#include <cmath>
#include <limits>

#include "base/numbers.h"
#include "conformance/chart_json.h"
#include "inference/chart_dates.h"
#include "inference/csv_export.h"
#include "inference/data_sheet.h"
#include "inference/decode.h"
#include "inference/number_text.h"

namespace bl::inference::conformance {
namespace {

using Value = json::Value;

constexpr double k_absent = std::numeric_limits<double>::quiet_NaN();  // an empty cell

CsvCell cell_of(const Value& value) {
  if (value.is_bool()) return value.as_bool();
  if (value.is_string() && !double_of(value)) return value.as_string();
  const auto number = double_of(value);
  if (!number) return {};
  if (std::isfinite(*number)) return *number;
  return ecma_number(*number);  // the dashboard's cells say so; ours are empty
}

Value cell_json(const CsvCell& cell) {
  if (const bool* flag = std::get_if<bool>(&cell)) return Value::boolean(*flag);
  if (const double* number = std::get_if<double>(&cell); number && *number == *number)
    return number_of(*number);
  if (const std::string* words = std::get_if<std::string>(&cell)) return text(*words);
  return text("");
}

Value table_json(const CsvTable& table) {
  Value rows = Value::array();
  for (const auto& row : table.rows) {
    Value cells = Value::array();
    for (const CsvCell& cell : row) cells.items().push_back(cell_json(cell));
    rows.items().push_back(std::move(cells));
  }
  return object_of({{"headers", texts(table.headers)}, {"rows", std::move(rows)}});
}

Result<Value> inference_table(const Value& in) {
  const std::string model = text_in(in, "model");
  return table_json(inference_csv(points_of(member(in, "data")),
                                  {.model = model,
                                   .sequence = labels().sequence(text_in(in, "sequence")),
                                   .time_headers = TimeHeaders::as_dashboard}));
}

Result<Value> calculator_table(const Value& in) {
  const json::Array& results = member(in, "results").items();
  std::vector<CalculatorLine> lines;
  const auto number = [](const Value& d, std::string_view name) {
    return optional_number_in(d, name).value_or(k_absent);
  };
  for (const Value& d : results) {
    CalculatorLine line{text_in(d, "resultKey"), text_in(d, "hwKey"), {}};
    line.estimate = {.value = number(d, "value"),
                     .output_throughput = number(d, "outputTputValue"),
                     .input_throughput = number(d, "inputTputValue"),
                     .cost = number(d, "cost"),
                     .cost_input = number(d, "costInput"),
                     .cost_output = number(d, "costOutput"),
                     .throughput_per_mw = number(d, "tpPerMw"),
                     .input_throughput_per_mw = number(d, "inputTpPerMw"),
                     .output_throughput_per_mw = number(d, "outputTpPerMw"),
                     .concurrency = optional_integer_in(d, "concurrency").value_or(0),
                     .nearest = {}};
    lines.push_back(std::move(line));
  }
  CsvTable table = calculator_csv(lines, number_in(in, "targetInteractivity"));
  // An estimate always has a concurrency; a case may leave it out.
  constexpr std::size_t k_concurrency_column = 12;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (member(results[i], "concurrency").is_null()) table.rows[i][k_concurrency_column] = {};
  }
  return table_json(table);
}

Result<Value> trend_table(const Value& in) {
  std::map<std::string, std::vector<TrendPoint>> trends;
  for (const Value& pair : member(member(in, "trendLines"), "__map__").items()) {
    auto& trend = trends[text_of(pair.items()[0])];
    for (const Value& point : pair.items()[1].items())
      trend.push_back(
          {text_in(point, "date"), number_in(point, "value"), flag_in(point, "synthetic")});
  }
  std::vector<TrendLine> lines;
  for (const Value& line : member(in, "lineConfigs").items())
    lines.push_back({text_in(line, "id"), text_in(line, "label"), text_in(line, "precision")});
  return table_json(
      trend_csv(trends, lines, text_in(in, "metricLabel"), number_in(in, "targetInteractivity")));
}

DatedEvaluation evaluation_of(const Value& row) {
  DatedEvaluation dated;
  dated.row.config = config_of(row);
  dated.row.task = text_in(row, "task");
  dated.row.conc = optional_integer_in(row, "conc");
  dated.row.metrics = metrics_of(member(row, "metrics"));
  dated.config_id = optional_integer_in(row, "config_id").value_or(0);
  dated.date = text_in(row, "date");
  dated.timestamp = text_in(row, "timestamp");
  if (member(row, "run_url").is_string()) dated.run_url = text_in(row, "run_url");
  return dated;
}

template <class T>
Value maybe(const std::optional<T>& value) {
  if (!value) return undefined();
  if constexpr (std::is_same_v<T, bool>)
    return Value::boolean(*value);
  else if constexpr (std::is_same_v<T, std::string>)
    return text(*value);
  else
    return Value::number(*value);
}

Result<Value> bars(const Value& in) {
  std::vector<DatedEvaluation> rows;
  for (const Value& row : member(in, "rawData").items()) rows.push_back(evaluation_of(row));
  EvaluationChoice choice{.task = text_in(in, "selectedBenchmark"),
                          .model = text_in(in, "selectedModel"),
                          .precisions = texts_in(in, "selectedPrecisions"),
                          .date = std::nullopt};
  if (const std::string date = text_in(in, "selectedRunDate"); !date.empty()) choice.date = date;
  Value list = Value::array();
  for (const EvaluationBar& bar :
       evaluation_bars(rows, choice, registry(), labels(), EvaluationKeys::as_dashboard)) {
    const DatedEvaluation& one = bar.evaluation;
    const EvalRow& row = one.row;
    const ServingConfig& c = row.config;
    list.items().push_back(object_of({{"configId", Value::number(one.config_id)},
                                      {"hwKey", text(bar.hw_key)},
                                      {"configLabel", text(bar.label)},
                                      {"score", number_of(bar.score)},
                                      {"scoreError", number_of(bar.score_error)},
                                      {"model", text(c.model)},
                                      {"benchmark", text(row.task)},
                                      {"specDecode", text(c.spec_method)},
                                      {"date", text(one.date)},
                                      {"datetime", text(one.timestamp)},
                                      {"precision", text(c.precision)},
                                      {"framework", text(c.framework)},
                                      {"tp", Value::number(c.decode_tp)},
                                      {"ep", Value::number(c.decode_ep)},
                                      {"dp_attention", Value::boolean(c.decode_dp_attention)},
                                      {"conc", maybe(row.conc)},
                                      {"runUrl", maybe(one.run_url)}}));
  }
  return list;
}

/// A bar of a case; its config_id is its position.
EvaluationBar bar_of(const Value& d, std::size_t position) {
  EvaluationBar bar;
  bar.evaluation.config_id = static_cast<std::int64_t>(position);
  bar.evaluation.date = text_in(d, "date");
  EvalRow& row = bar.evaluation.row;
  row.task = text_in(d, "benchmark");
  row.conc = optional_integer_in(d, "conc");
  row.config.model = text_in(d, "model");
  row.config.spec_method = text_in(d, "specDecode");
  row.config.precision = text_in(d, "precision");
  row.config.framework = text_in(d, "framework");
  row.config.decode_tp = optional_integer_in(d, "tp").value_or(0);
  row.config.decode_ep = optional_integer_in(d, "ep").value_or(0);
  row.config.decode_dp_attention = flag_in(d, "dp_attention");
  bar.hw_key = text_in(d, "hwKey");
  bar.label = text_in(d, "configLabel");
  bar.score = number_in(d, "score");
  bar.score_error = number_in(d, "scoreError");
  return bar;
}

Result<Value> aggregated_bars(const Value& in) {
  const json::Array& data = member(in, "unfilteredChartData").items();
  std::vector<EvaluationBar> all;
  for (std::size_t i = 0; i < data.size(); ++i) all.push_back(bar_of(data[i], i));
  const auto enabled = texts_in(in, "enabledHardware");
  Value list = Value::array();
  for (const EvaluationBar& bar : aggregated(all, {enabled.begin(), enabled.end()}, labels())) {
    Value& out =
        list.items().emplace_back(data[static_cast<std::size_t>(bar.evaluation.config_id)]);
    out.set("score", number_of(bar.score));
    out.set("scoreError", number_of(bar.score_error));
    out.set("minScore", number_of(bar.score_min));
    out.set("maxScore", number_of(bar.score_max));
    out.set("errorMin", number_of(bar.error_min));
    out.set("errorMax", number_of(bar.error_max));
  }
  return list;
}

Result<Value> evaluation_table(const Value& in) {
  std::vector<EvaluationBar> all;
  for (const Value& d : in.items()) {
    EvaluationBar bar = bar_of(d, all.size());
    const auto number = [&](std::string_view name) {
      return optional_number_in(d, name).value_or(k_absent);
    };
    bar.score_error = number("scoreError");
    bar.score_min = number("minScore");
    bar.score_max = number("maxScore");
    all.push_back(std::move(bar));
  }
  return table_json(evaluation_csv(all));
}

Result<Value> volume(const Value& in) {
  std::vector<SubmittedVolume> all;
  for (const Value& one : in.items())
    all.push_back({text_in(one, "date"), text_in(one, "hardware"), number_in(one, "datapoints")});
  BL_TRY(const auto weeks, weekly_volume(all, registry()));
  Value list = Value::array();
  for (const WeekOfSubmissions& week : weeks) {
    list.items().push_back(object_of({{"week", text(week.monday)},
                                      {"nvidia", number_of(week.nvidia)},
                                      {"nonNvidia", number_of(week.others)},
                                      {"total", number_of(week.nvidia + week.others)}}));
  }
  return list;
}

/// Rows of an artifact that was not ingested, as the API's rows.
Result<Value> unofficial_rows(const Value& in) {
  SkipTracker tracker;
  RowMapper mapper(registry(), MappingRules::april_2026(), tracker);
  Value list = Value::array();
  for (const BenchmarkRow& row : mapper.benchmark_rows(member(in, "rawRows"), "rawRows")) {
    DatedRow dated;
    dated.row = row;
    dated.date = text_in(in, "date");
    list.items().push_back(row_json(dated));
  }
  return list;
}

/// 3.35 of `3.35 TB/s`.
double leading_number(const std::string& quantity) {
  return parse_double(quantity.substr(0, quantity.find(' '))).value_or(0);
}

DataSheet sheet_of(const Value& spec) {
  DataSheet sheet;
  sheet.name = text_in(spec, "name");
  sheet.memory_gb = leading_number(text_in(spec, "memory"));
  sheet.memory_tb_per_s = leading_number(text_in(spec, "memoryBandwidth"));
  sheet.scale_up_world_size = number_in(spec, "scaleUpWorldSize");
  sheet.scale_up_topology = text_in(spec, "scaleUpTopology");
  if (member(spec, "scaleOutTopology").is_string())
    sheet.scale_out_topology = text_in(spec, "scaleOutTopology");
  return sheet;
}

Result<Value> scale_up(const Value& in) {
  const ScaleUpTopology topology = scale_up_topology(sheet_of(in));
  const auto count = [](int n) { return Value::number(static_cast<std::int64_t>(n)); };
  return object_of({{"type", text(topology.switched ? "switched" : "mesh")},
                    {"gpuCount", count(topology.accelerators)},
                    {"switchCount", count(topology.switches)},
                    {"techName", member(in, "scaleUpTech")},
                    {"totalBandwidth", member(in, "scaleUpBandwidth")},
                    {"nodeCount", count(topology.nodes)},
                    {"gpusPerNode", count(topology.accelerators_per_node)}});
}

Result<Value> scale_out(const Value& in) {
  if (!sheet_of(in).scale_out_topology) return Value();
  return Error{Code::unsupported, "the diagram of a scale-out network is the page's own"};
}

}  // namespace

std::vector<Function> table_functions() {
  return {
      {"csvCell",
       [](const Value& in) -> Result<Value> {
         return text(csv_cell(is_undefined(in) ? CsvCell() : cell_of(in)));
       }},
      {"csv_inferenceChartToCsv", inference_table},
      {"csv_calculatorChartToCsv", calculator_table},
      {"csv_historicalTrendToCsv", trend_table},
      {"csv_evaluationChartToCsv", evaluation_table},
      {"eval_buildEvaluationChartRows", bars},
      {"eval_aggregateEvaluationChartRows", aggregated_bars},
      {"unofficialRun_normalizeArtifactRows", unofficial_rows},
      {"submissions_groupVolumeByWeek", volume},
      {"submissions_getVendor",
       [](const Value& in) -> Result<Value> { return text(vendor_of(registry(), text_of(in))); }},
      {"submissions_isNonNvidia",
       [](const Value& in) -> Result<Value> {
         return Value::boolean(vendor_of(registry(), text_of(in)) != "NVIDIA");
       }},
      {"gpuSpecs_getScaleUpDomainMemory",
       [](const Value& in) -> Result<Value> { return text(domain_memory_text(sheet_of(in))); }},
      {"gpuSpecs_getScaleUpDomainMemoryBw",
       [](const Value& in) -> Result<Value> {
         return text(domain_memory_bandwidth_text(sheet_of(in)));
       }},
      {"gpuSpecs_formatTflops",
       [](const Value& in) -> Result<Value> { return text(tflops_text(double_of(in))); }},
      {"gpuSpecs_getScaleUpTopologyConfig", scale_up},
      {"gpuSpecs_getTopologyConfig", scale_out},
  };
}

}  // namespace bl::inference::conformance
