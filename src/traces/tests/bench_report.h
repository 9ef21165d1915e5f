#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/time.h"
#include "traces/trace_store.h"

/// What a benchmark of traces found: lines for people, and the artifact that `benchlake traces
/// triggers` reads (docs/deferred-optimizations.md). One thread.
namespace bl::traces {

using Timer = std::chrono::steady_clock;

inline double ms_since(Timer::time_point start) {
  return std::chrono::duration<double, std::milli>(Timer::now() - start).count();
}

/// Of all threads: on a machine that others use it says more than the time that passed.
inline double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

/// A line of /proc/self/status: `VmRSS`, `VmHWM`, `RssAnon`.
inline double resident_mb(std::string_view line_name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(line_name))
      return std::strtod(line.c_str() + line.find(':') + 1, nullptr) / 1024;
  }
  return 0;
}

/// Numbers of one kind, in order.
class Samples {
 public:
  void add(double value) {
    values_.push_back(value);
    is_sorted_ = false;
  }
  std::size_t size() const { return values_.size(); }
  /// Nearest rank; 0 of none.
  double quantile(double share) {
    if (!std::exchange(is_sorted_, true)) std::ranges::sort(values_);
    if (values_.empty()) return 0;
    const auto at = static_cast<std::size_t>(share * static_cast<double>(values_.size()));
    return values_[std::min(values_.size() - 1, at)];
  }
  double mean() const {
    double sum = 0;
    for (const double one : values_) sum += one;
    return values_.empty() ? 0 : sum / static_cast<double>(values_.size());
  }

 private:
  std::vector<double> values_;
  bool is_sorted_ = false;
};

/// Times of one kind of question, and what the answers cost.
struct Scenario {
  std::string name;
  Samples ms, cpu, files, groups, requests, kilobytes;

  template <class Ask>
  void ask(const Ask& question) {
    const double cpu_before = cpu_ms();
    const auto start = Timer::now();
    const ReadCost cost = question();
    ms.add(ms_since(start));
    cpu.add(cpu_ms() - cpu_before);
    files.add(static_cast<double>(cost.files_read));
    groups.add(static_cast<double>(cost.row_groups_read));
    requests.add(static_cast<double>(cost.requests));
    kilobytes.add(static_cast<double>(cost.bytes_read) / 1024);
  }
};

class Report {
 public:
  void heading() const {
    fmt::print("{:<52} {:>5} {:>9} {:>9} {:>9} {:>9} {:>9} {:>6} {:>6} {:>6} {:>8}\n", "scenario",
               "count", "p50 ms", "p95 ms", "p99 ms", "max ms", "cpu p95", "files", "groups",
               "reqs", "kB");
  }
  /// Files, groups and requests are those of the 95th of a hundred; kilobytes the mean.
  void print(Scenario& of) const {
    fmt::print(
        "{:<52} {:>5} {:>9.4g} {:>9.4g} {:>9.4g} {:>9.4g} {:>9.4g} {:>6} {:>6} {:>6} {:>8.4g}\n",
        of.name, of.ms.size(), of.ms.quantile(0.5), of.ms.quantile(0.95), of.ms.quantile(0.99),
        of.ms.quantile(1), of.cpu.quantile(0.95), of.files.quantile(0.95), of.groups.quantile(0.95),
        of.requests.quantile(0.95), of.kilobytes.mean());
    std::fflush(stdout);
  }
  void print(std::string_view what, double value, std::string_view unit) const {
    fmt::print("{:<52} {:>15.4g} {}\n", what, value, unit);
    std::fflush(stdout);
  }
  /// Of the artifact.
  void add(std::string name, double value, std::size_t samples) {
    measurements_ += fmt::format("{}{{\"name\":\"{}\",\"value\":{},\"samples\":{}}}",
                                 measurements_.empty() ? "" : ",", name, value, samples);
  }
  /// `PROFILE-SECONDS.json` in the folder.
  void write(const std::string& folder, std::string_view profile, const Clock& clock) {
    const Timestamp now = clock.now();
    std::filesystem::create_directories(folder);
    std::ofstream file(fmt::format("{}/{}-{}.json", folder, profile, now.micros / 1'000'000));
    file << fmt::format(
        "{{\"kind\":\"traces_bench\",\"created\":\"{}\",\"profile\":\"{}\",\"measurements\":[{}]}}"
        "\n",
        to_rfc3339(now), profile, measurements_);
    file.close();
    BL_CHECK(file.good());
    measurements_.clear();
  }

 private:
  std::string measurements_;
};

}  // namespace bl::traces
