#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "inference/sweep_ports.h"

namespace bl::inference {

/// Sweeps in memory: every point is of one run of its day, and the newest day of a line is its
/// state. For tests of what is made of rows; how states come about is the store's to prove.
class CannedSweeps final : public SweepReader {
 public:
  std::vector<StoredPoint> rows;
  std::vector<Availability> available;
  WorkflowInfo day;
  std::vector<StoredEval> evals;
  std::vector<DatedRunStat> stats;
  Submissions submitted;
  std::vector<IngestReport> ingests;
  std::atomic<std::int64_t> revision_now = 1;
  std::atomic<int> reads = 0;
  std::function<void()> while_reading;  ///< called in the middle of points()

  Result<std::vector<StoredPoint>> points(std::span<const std::string> models,
                                          const PointsWhen& when, LineRule) override {
    ++reads;
    if (while_reading) while_reading();
    if (when.run_id && std::none_of(rows.begin(), rows.end(), [&](const StoredPoint& row) {
          return row.github_run_id == *when.run_id;
        })) {
      return Error{Code::not_found, "no such run: " + std::to_string(*when.run_id)};
    }
    std::vector<StoredPoint> found;
    for (const StoredPoint& row : rows) {
      const bool of_model =
          std::find(models.begin(), models.end(), row.row.config.model) != models.end();
      const bool in_time =
          !when.date || (when.exact ? row.date == *when.date : row.date <= *when.date);
      if (of_model && in_time) found.push_back(row);
    }
    std::string newest;
    for (const StoredPoint& row : found) newest = std::max(newest, row.date);
    std::erase_if(found, [&](const StoredPoint& row) { return row.date != newest; });
    return found;
  }
  Result<std::vector<StoredPoint>> history(std::span<const std::string> models,
                                           std::optional<std::int64_t> isl,
                                           std::optional<std::int64_t> osl) override {
    std::vector<StoredPoint> found;
    for (const StoredPoint& row : rows) {
      if (std::find(models.begin(), models.end(), row.row.config.model) != models.end() &&
          row.row.isl == isl && row.row.osl == osl)
        found.push_back(row);
    }
    return found;
  }
  Result<std::vector<Availability>> availability() override { return available; }
  Result<WorkflowInfo> workflow_info(std::string_view) override { return day; }
  Result<std::vector<StoredEval>> evaluations() override { return evals; }
  Result<std::vector<DatedRunStat>> reliability() override { return stats; }
  Result<Submissions> submissions() override { return submitted; }
  Result<StoredServerLog> server_log(std::int64_t id) override {
    if (id != 1) return Error{Code::not_found, "no log of this point: " + std::to_string(id)};
    return StoredServerLog{1, {"server_logs_x.zip", "server.log"}, "it started\n"};
  }
  Result<std::vector<IngestReport>> reports(int limit) override {
    std::vector<IngestReport> newest = ingests;
    if (newest.size() > static_cast<std::size_t>(limit))
      newest.resize(static_cast<std::size_t>(limit));
    return newest;
  }
  Result<std::int64_t> revision() override { return revision_now.load(); }
};

/// A point of DeepSeek R1, 8k/1k, fp8, on `hardware` with TensorRT; its throughput falls as
/// interactivity rises.
inline StoredPoint a_point(std::int64_t id, double interactivity, double throughput,
                           std::string date = "2026-06-01", std::string hardware = "h200") {
  StoredPoint point;
  point.id = id;
  point.config_id = 7;
  ServingConfig& c = point.row.config;
  c.hardware = std::move(hardware);
  c.framework = "trt";
  c.model = "dsr1";
  c.precision = "fp8";
  c.spec_method = "none";
  c.decode_tp = c.prefill_tp = 8;
  c.num_prefill_gpu = c.num_decode_gpu = 8;
  point.row.isl = 8192;
  point.row.osl = 1024;
  point.row.conc = 4 * id;
  point.row.image = "trt:1";
  point.row.metrics = {{"median_intvty", interactivity},
                       {"median_e2el", 1000 / interactivity},
                       {"p99_intvty", interactivity / 2},
                       {"p99_ttft", 0.5},
                       {"mean_ttft", 0.2},
                       {"tput_per_gpu", throughput},
                       {"output_tput_per_gpu", throughput * 0.8},
                       {"input_tput_per_gpu", throughput * 0.2}};
  point.origin = {"bmk_dsr1_conc" + std::to_string(4 * id) + ".zip", "agg.json#/0"};
  point.date = point.curve_date = std::move(date);
  point.github_run_id = point.curve_run_id = 9'007'199'254'740'993;  // beyond 2^53
  point.attempt = 2;
  point.html_url = "https://github.com/o/r/actions/runs/1";
  return point;
}

}  // namespace bl::inference
