#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inference/chart_labels.h"
#include "inference/derived_metrics.h"
#include "inference/model.h"

/// Rows of benchmark results become points of charts (spec/inference.md 5.3). Pure; threads: any.
namespace bl::inference {

/// How a model is spread over accelerators, for one role. What a result does not say is absent.
struct Parallelism {
  std::optional<std::int64_t> tp;  ///< tensor parallel
  std::optional<std::int64_t> ep;  ///< expert parallel
  std::optional<bool> dp_attention;
  std::optional<std::int64_t> workers;
};

/// A row with what a store knows beside it.
struct DatedRow {
  BenchmarkRow row;
  std::string date;                        ///< YYYY-MM-DD
  std::optional<std::string> actual_date;  ///< when `date` is the one that was asked for
  std::optional<std::string> run_url;
};

/// What becomes of a value that a row lacks: 0 for clients of the InferenceX API, absent on our own
/// charts.
enum class MissingValues : unsigned char { absent, zero };

/// The values that every entry has when missing ones are 0; percentiles beyond them are left out.
std::span<const std::string_view> standard_values();

/// A row, flat, with one parallelism: the decoder's.
struct ChartEntry {
  std::string hw;
  std::string hw_key;
  std::string framework;
  std::string model;  ///< its display name
  std::string precision;
  std::string spec_decoding;
  bool mtp = false;  ///< rows of 2025 say it so
  std::int64_t conc = 0;
  bool disagg = false;
  std::optional<bool> is_multinode;
  Parallelism all;
  Parallelism prefill;
  Parallelism decode;
  std::optional<std::int64_t> num_prefill_gpu;
  std::optional<std::int64_t> num_decode_gpu;
  std::optional<std::string> image;
  Metrics values;
  std::string date;
  std::string actual_date;
  std::optional<std::string> run_url;
};
ChartEntry chart_entry(const DatedRow& row, const Registry& registry, MissingValues missing);

/// An entry in a chart. `entry.all.tp` counts all accelerators when prefill and decode are apart.
struct ChartPoint {
  ChartEntry entry;
  double x = 0;
  double y = 0;
  DerivedMetrics derived;
};

/// Which measured values a chart's axes show.
struct Axes {
  std::string_view x;
  std::string_view y;
};
/// nullopt when a value of the axes is missing and missing ones are not 0.
std::optional<ChartPoint> chart_point(ChartEntry entry, Axes axes, const PowerAndCost& accelerator,
                                      MissingValues missing);

/// The interactivity and the end-to-end chart of rows, in the rows' order.
struct Charts {
  std::vector<ChartPoint> interactivity;
  std::vector<ChartPoint> end_to_end;
};
Charts charts_of(const std::vector<DatedRow>& rows, const Registry& registry,
                 const ChartLabels& labels, MissingValues missing);

/// `TP8`, `DEP8`, `5xDEP4+1xDEP8`; a bare `8` when a result says nothing of experts
/// (spec/inference.md 5.4).
std::string point_label(const ChartEntry& entry);
/// The same with `TP` before a bare number.
std::string front_label(const ChartEntry& entry);

/// The rows of each line (hardware, framework, speculation, disaggregation, precision) that have
/// the line's newest date, in their order: what the InferenceX dashboard shows as latest.
std::vector<DatedRow> newest_of_each_line(std::vector<DatedRow> rows);

}  // namespace bl::inference
