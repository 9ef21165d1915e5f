#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// What this process has used so far, as the kernel counts it; and the system's cache of files.
/// Private to the proof.
namespace bl::results::proof {

struct ProcessCounters {
  double cpu_s = 0;  ///< of all threads, user and system
  /// Asked of files by read calls, whether the disk or the cache had them; absent: not told.
  std::optional<std::uint64_t> bytes_read;
  std::optional<std::uint64_t> peak_memory_bytes;
};
ProcessCounters process_counters();

/// Bytes of memory of this machine; 0: not told.
std::uint64_t machine_memory_bytes();
int machine_processors();

/// Puts the files out of the system's cache, as far as they are on the disk. A file that is not
/// there is passed over.
void drop_from_cache(std::span<const std::string> paths);

/// The value that `share` (0 to 1) of all do not exceed: one of them, by nearest rank. 0 of none.
double percentile(std::vector<double> values, double share);

}  // namespace bl::results::proof
