#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

/// Timing of one operation again and again, and the report: a table for people, JSON for machines.
/// Nothing here asserts on a time.
namespace bl::bench {

struct Timing {
  std::string name;
  std::int64_t count = 0;
  double p50_ms = 0, p90_ms = 0, p99_ms = 0, max_ms = 0;
  double per_second = 0;
};

/// From the durations of single operations, in milliseconds, and the time that they took together.
Timing timing_of(std::string name, std::vector<double> milliseconds, double wall_seconds);
/// Runs `operation(i)` for i in [0, count) on this thread and times each.
Timing measure(std::string name, std::int64_t count,
               const std::function<void(std::int64_t)>& operation);

double seconds_since(std::chrono::steady_clock::time_point start);
/// Of this process, all threads, user and system: what an operation costs on a busy machine too.
double cpu_seconds();
/// The same of another process, its children and those that it has waited for.
double cpu_seconds_of_tree(int pid);

/// Facts of a run (sizes, seconds, bytes) and its timings.
class Report {
 public:
  explicit Report(std::string benchmark) : benchmark_(std::move(benchmark)) {}
  void fact(std::string name, double value) { facts_.emplace_back(std::move(name), value); }
  void add(Timing timing);  ///< also prints its line
  std::string table() const;
  std::string json() const;
  /// Writes json() to a file, or nothing when the path is empty. False when it cannot.
  bool save(const std::string& path) const;

 private:
  std::string benchmark_;
  std::vector<std::pair<std::string, double>> facts_;
  std::vector<Timing> timings_;
};

/// `--name value` of a command line; the rest is an error that is printed. Names as given.
class Options {
 public:
  Options(int argc, char** argv, std::vector<std::pair<std::string, std::string>> known);
  bool ok() const { return ok_; }
  std::string text(const std::string& name) const;
  std::int64_t integer(const std::string& name) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
  bool ok_ = true;
};

}  // namespace bl::bench
