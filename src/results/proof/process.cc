#include "results/proof/process.h"

#include <fcntl.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <fstream>
#include <thread>

namespace bl::results::proof {
namespace {

std::optional<std::uint64_t> number_behind(const char* file, const std::string& name) {
  std::ifstream in(file);
  for (std::string word; in >> word;) {
    std::uint64_t number = 0;
    if (word == name && in >> number) return number;
  }
  return std::nullopt;
}

}  // namespace

ProcessCounters process_counters() {
  ProcessCounters counters;
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  counters.cpu_s = static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  counters.bytes_read = number_behind("/proc/self/io", "rchar:");
  if (const auto kib = number_behind("/proc/self/status", "VmHWM:")) {
    counters.peak_memory_bytes = *kib * 1024;
  }
  return counters;
}

std::uint64_t machine_memory_bytes() {
  struct sysinfo info{};
  return sysinfo(&info) == 0 ? std::uint64_t{info.totalram} * info.mem_unit : 0;
}

int machine_processors() {
  return static_cast<int>(std::thread::hardware_concurrency());
}

void drop_from_cache(std::span<const std::string> paths) {
  for (const std::string& path : paths) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    close(file);
  }
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const double rank = std::ceil(share * static_cast<double>(values.size()));
  return values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

}  // namespace bl::results::proof
