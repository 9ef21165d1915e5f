#include "measure.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/json.h"
#include "base/numbers.h"

namespace bl::bench {
namespace {

double quantile(const std::vector<double>& sorted, double q) {
  if (sorted.empty()) return 0;
  const auto last = static_cast<double>(sorted.size() - 1);
  return sorted[static_cast<std::size_t>(q * last + 0.5)];
}

std::string line_of(const Timing& timing) {
  char line[200];
  std::snprintf(line, sizeof line, "%-34s %8lld  %9.3f  %9.3f  %9.3f  %9.3f  %10.0f\n",
                timing.name.c_str(), static_cast<long long>(timing.count), timing.p50_ms,
                timing.p90_ms, timing.p99_ms, timing.max_ms, timing.per_second);
  return line;
}

}  // namespace

Timing timing_of(std::string name, std::vector<double> milliseconds, double wall_seconds) {
  std::sort(milliseconds.begin(), milliseconds.end());
  Timing timing;
  timing.name = std::move(name);
  timing.count = static_cast<std::int64_t>(milliseconds.size());
  timing.p50_ms = quantile(milliseconds, 0.5);
  timing.p90_ms = quantile(milliseconds, 0.9);
  timing.p99_ms = quantile(milliseconds, 0.99);
  timing.max_ms = milliseconds.empty() ? 0 : milliseconds.back();
  timing.per_second = wall_seconds > 0 ? static_cast<double>(timing.count) / wall_seconds : 0;
  return timing;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double cpu_seconds_of_tree(int pid) {
  const double ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  double ticks = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    std::ifstream file(entry.path() / "stat");
    std::string text;
    if (!std::getline(file, text)) continue;
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) continue;
    const int own = std::atoi(text.c_str());
    // Fields from the third on: state, parent, ...; the 14th to 17th are the times.
    std::istringstream fields(text.substr(name_end + 2));
    std::vector<std::string> field;
    for (std::string one; fields >> one;) field.push_back(one);
    if (field.size() < 15) continue;
    if (own != pid && std::atoi(field[1].c_str()) != pid) continue;
    ticks += std::atof(field[11].c_str()) + std::atof(field[12].c_str());
    if (own == pid) ticks += std::atof(field[13].c_str()) + std::atof(field[14].c_str());
  }
  return ticks / ticks_per_second;
}

Timing measure(std::string name, std::int64_t count,
               const std::function<void(std::int64_t)>& operation) {
  std::vector<double> milliseconds;
  milliseconds.reserve(static_cast<std::size_t>(count));
  const auto start = std::chrono::steady_clock::now();
  for (std::int64_t i = 0; i < count; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    operation(i);
    milliseconds.push_back(seconds_since(begin) * 1e3);
  }
  return timing_of(std::move(name), std::move(milliseconds), seconds_since(start));
}

void Report::add(Timing timing) {
  std::fputs(line_of(timing).c_str(), stdout);
  std::fflush(stdout);
  timings_.push_back(std::move(timing));
}

std::string Report::table() const {
  std::string text = benchmark_ + "\n";
  for (const auto& [name, value] : facts_) {
    text += "  " + name + ": " + json_number(value) + "\n";
  }
  char header[200];
  std::snprintf(header, sizeof header, "%-34s %8s  %9s  %9s  %9s  %9s  %10s\n", "operation",
                "count", "p50 ms", "p90 ms", "p99 ms", "max ms", "per second");
  text += header;
  for (const Timing& timing : timings_) text += line_of(timing);
  return text;
}

std::string Report::json() const {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("benchmark", benchmark_).key("facts").begin_object();
  for (const auto& [name, value] : facts_) writer.member(name, value);
  writer.end_object().key("timings").begin_array();
  for (const Timing& timing : timings_) {
    writer.begin_object()
        .member("name", timing.name)
        .member("count", timing.count)
        .member("p50_ms", timing.p50_ms)
        .member("p90_ms", timing.p90_ms)
        .member("p99_ms", timing.p99_ms)
        .member("max_ms", timing.max_ms)
        .member("per_second", timing.per_second)
        .end_object();
  }
  writer.end_array().end_object();
  return text + "\n";
}

bool Report::save(const std::string& path) const {
  if (path.empty()) return true;
  std::ofstream file(path, std::ios::binary);
  file << json();
  file.close();
  if (!file) std::fprintf(stderr, "cannot write the report: %s\n", path.c_str());
  return static_cast<bool>(file);
}

Options::Options(int argc, char** argv, std::vector<std::pair<std::string, std::string>> known)
    : values_(std::move(known)) {
  for (int i = 1; i < argc; i += 2) {
    const auto found = std::find_if(values_.begin(), values_.end(),
                                    [&](const auto& value) { return value.first == argv[i]; });
    if (found == values_.end() || i + 1 == argc) {
      ok_ = false;
      std::fprintf(stderr, "not understood: %s\noptions, with what they are without:\n", argv[i]);
      for (const auto& [name, value] : values_) {
        std::fprintf(stderr, "  %s %s\n", name.c_str(), value.empty() ? "(none)" : value.c_str());
      }
      return;
    }
    found->second = argv[i + 1];
  }
}

std::string Options::text(const std::string& name) const {
  for (const auto& [known, value] : values_) {
    if (known == name) return value;
  }
  return {};
}

std::int64_t Options::integer(const std::string& name) const {
  return parse_int64(text(name)).value_or(0);
}

}  // namespace bl::bench
