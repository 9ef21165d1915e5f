#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>

#include <fmt/format.h>

#include "inference/sweep_ports.h"

namespace bl::inference {

/// Keeps sweeps as a store would: by natural keys, the last of equal ones counts.
class FakeSweeps final : public SweepWriter {
 public:
  Result<Written> write(const Sweep& sweep) override {
    const std::lock_guard lock(mutex_);
    if (failure) return *failure;
    if (overloaded_writes > 0 && overloaded_writes-- > 0) {
      return Error{Code::overloaded, "come back later"};
    }
    for (const SweepPoint& point : sweep.points) {
      if (refused_concurrencies.contains(point.row.conc)) {
        return Error{Code::invalid, fmt::format("refused: {}", point.row.conc)};
      }
    }
    ++writes;
    runs[{sweep.run.github_run_id, sweep.run.attempt}] = sweep.run;
    const std::string run = fmt::format("{}/{}/", sweep.run.github_run_id, sweep.run.attempt);
    Written written;
    for (const SweepPoint& point : sweep.points) {
      const BenchmarkRow& row = point.row;
      std::string key =
          fmt::format("{}{} {} {}/{} {}", run, config_cache_key(row.config), row.benchmark_type,
                      row.isl.value_or(0), row.osl.value_or(0), row.conc);
      ++(points.contains(key) ? written.points.changed : written.points.added);
      SweepPoint kept = point;
      if (point.server_log) logs[key] = sweep.server_logs.at(*point.server_log).text;
      points[key] = std::move(kept);
    }
    for (const SweepEval& eval : sweep.evals) {
      std::string key = fmt::format("{}{} {} {}", run, config_cache_key(eval.row.config),
                                    eval.row.task, eval.row.conc.value_or(0));
      ++(evals.contains(key) ? written.evals.changed : written.evals.added);
      evals[key] = eval;
    }
    for (const RunStat& stat : sweep.stats) {
      ++(stats.contains(run + stat.hardware) ? written.stats.changed : written.stats.added);
      stats[run + stat.hardware] = stat;
    }
    for (const Changelog& changelog : sweep.changelogs) {
      for (const ChangelogEntry& entry : changelog.entries) {
        const bool is_new = changelogs.insert(run + entry.description).second;
        ++(is_new ? written.changelogs.added : written.changelogs.unchanged);
      }
    }
    for (const GpuMetricSummary& summary : sweep.gpu_metrics) gpu_metrics.push_back(summary);
    return written;
  }
  Result<void> report(const IngestReport& report) override {
    const std::lock_guard lock(mutex_);
    reports.push_back(report);
    return {};
  }

  std::optional<Error> failure;
  int overloaded_writes = 0;  // so many are refused first
  std::set<std::int64_t> refused_concurrencies;
  std::map<std::pair<std::int64_t, std::int64_t>, SweepRun> runs;
  std::map<std::string, SweepPoint> points;
  std::map<std::string, std::string> logs;  // of points
  std::map<std::string, SweepEval> evals;
  std::map<std::string, RunStat> stats;
  std::set<std::string> changelogs;
  std::vector<GpuMetricSummary> gpu_metrics;
  std::vector<IngestReport> reports;
  std::size_t writes = 0;

 private:
  std::mutex mutex_;
};

}  // namespace bl::inference
