#include "inference/chart_point.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

namespace bl::inference {
namespace {

constexpr Axes k_interactivity = {"median_intvty", "tput_per_gpu"};
constexpr Axes k_end_to_end = {"median_e2el", "tput_per_gpu"};

constexpr auto k_standard_values = std::to_array<std::string_view>({"tput_per_gpu",
                                                                    "output_tput_per_gpu",
                                                                    "input_tput_per_gpu",
                                                                    "mean_ttft",
                                                                    "median_ttft",
                                                                    "std_ttft",
                                                                    "p99_ttft",
                                                                    "mean_tpot",
                                                                    "median_tpot",
                                                                    "std_tpot",
                                                                    "p99_tpot",
                                                                    "mean_intvty",
                                                                    "median_intvty",
                                                                    "std_intvty",
                                                                    "p99_intvty",
                                                                    "mean_itl",
                                                                    "median_itl",
                                                                    "std_itl",
                                                                    "p99_itl",
                                                                    "mean_e2el",
                                                                    "median_e2el",
                                                                    "std_e2el",
                                                                    "p99_e2el"});

Metrics values_of(const Metrics& measured, MissingValues missing) {
  if (missing == MissingValues::absent) return measured;
  Metrics values;
  for (const std::string_view name : standard_values()) {
    const double* found = find_metric(measured, name);
    values.emplace_back(name, found ? *found : 0);
  }
  return values;
}

double value_or_zero(const Metrics& values, std::string_view name) {
  const double* found = find_metric(values, name);
  return found ? *found : 0;
}

std::string segment(const Parallelism& p, std::int64_t tp_otherwise) {
  const std::int64_t tp = p.tp.value_or(tp_otherwise), ep = p.ep.value_or(1);
  const bool attention = p.dp_attention.value_or(false);
  if (ep <= 1) return (attention ? "DPATP" : "TP") + std::to_string(tp);
  if (tp == ep) return (attention ? "DEP" : "TEP") + std::to_string(ep);
  return (attention ? "DPAEP" : "EP") + std::to_string(ep);
}

}  // namespace

std::span<const std::string_view> standard_values() {
  return k_standard_values;
}

ChartEntry chart_entry(const DatedRow& dated, const Registry& registry, MissingValues missing) {
  const BenchmarkRow& row = dated.row;
  const ServingConfig& c = row.config;
  const Parallelism decode{c.decode_tp, c.decode_ep, c.decode_dp_attention, c.decode_num_workers};
  return {.hw = c.hardware,
          .hw_key = "",
          .framework = c.framework,
          .model = model_display(registry, c.model),
          .precision = c.precision,
          .spec_decoding = c.spec_method,
          .mtp = false,
          .conc = row.conc,
          .disagg = c.disagg,
          .is_multinode = c.is_multinode,
          .all = {decode.tp, decode.ep, decode.dp_attention, std::nullopt},
          .prefill = {c.prefill_tp, c.prefill_ep, c.prefill_dp_attention, c.prefill_num_workers},
          .decode = decode,
          .num_prefill_gpu = c.num_prefill_gpu,
          .num_decode_gpu = c.num_decode_gpu,
          .image = row.image,
          .values = values_of(row.metrics, missing),
          .date = dated.date,
          .actual_date = dated.actual_date.value_or(dated.date),
          .run_url = dated.run_url};
}

std::optional<ChartPoint> chart_point(ChartEntry entry, Axes axes, const PowerAndCost& accelerator,
                                      MissingValues missing) {
  const Metrics& values = entry.values;
  if (missing == MissingValues::absent &&
      !(find_metric(values, axes.x) && find_metric(values, axes.y)))
    return std::nullopt;
  ChartPoint point;
  point.x = value_or_zero(values, axes.x);
  point.y = value_or_zero(values, axes.y);
  point.derived = derive({.total = value_or_zero(values, "tput_per_gpu"),
                          .output = value_or_zero(values, "output_tput_per_gpu"),
                          .input = value_or_zero(values, "input_tput_per_gpu")},
                         accelerator);
  if (entry.disagg)
    entry.all.tp = entry.num_prefill_gpu.value_or(0) + entry.num_decode_gpu.value_or(0);
  point.entry = std::move(entry);
  return point;
}

Charts charts_of(const std::vector<DatedRow>& rows, const Registry& registry,
                 const ChartLabels& labels, MissingValues missing) {
  Charts charts;
  for (const DatedRow& row : rows) {
    ChartEntry entry = chart_entry(row, registry, missing);
    entry.hw_key = serving_key(labels, {.hardware = entry.hw,
                                        .framework = entry.framework,
                                        .spec = entry.spec_decoding,
                                        .mtp = entry.mtp,
                                        .disagg = entry.disagg});
    const PowerAndCost accelerator = power_and_cost(registry, entry.hw_key);
    if (auto point = chart_point(entry, k_interactivity, accelerator, missing))
      charts.interactivity.push_back(std::move(*point));
    if (auto point = chart_point(std::move(entry), k_end_to_end, accelerator, missing))
      charts.end_to_end.push_back(std::move(*point));
  }
  return charts;
}

std::string point_label(const ChartEntry& e) {
  const std::int64_t tp = e.all.tp.value_or(0);
  if (e.is_multinode.value_or(false) && e.disagg) {
    return std::to_string(e.prefill.workers.value_or(1)) + "x" + segment(e.prefill, tp) + "+" +
           std::to_string(e.decode.workers.value_or(1)) + "x" + segment(e.decode, tp);
  }
  if (!e.all.ep) return std::to_string(tp);
  return segment(e.all, tp);
}

std::string front_label(const ChartEntry& entry) {
  const std::string label = point_label(entry);
  const bool bare = label.find_first_not_of("0123456789") == std::string::npos;
  return bare ? "TP" + label : label;
}

std::vector<DatedRow> newest_of_each_line(std::vector<DatedRow> rows) {
  using Line = std::tuple<std::string, std::string, std::string, bool, std::string>;
  const auto line_of = [](const DatedRow& dated) {
    const ServingConfig& row = dated.row.config;
    return Line{row.hardware, row.framework, row.spec_method, row.disagg, row.precision};
  };
  std::map<Line, std::string> newest;
  for (const DatedRow& row : rows) {
    std::string& date = newest[line_of(row)];
    date = std::max(date, row.date);
  }
  std::erase_if(rows, [&](const DatedRow& row) { return row.date != newest[line_of(row)]; });
  return rows;
}

}  // namespace bl::inference
