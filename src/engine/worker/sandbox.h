#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

/// What a worker takes from itself, by the kernel, so that SQL that escaped from the engine would
/// find nothing. Everything here holds until the process ends. Private to this folder.
namespace bl::engine {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool k_is_sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool k_is_sanitized = true;
#else
inline constexpr bool k_is_sanitized = false;
#endif
#else
/// A sanitizer maps memory and has threads as it likes: there is no limit for either then.
inline constexpr bool k_is_sanitized = false;
#endif

/// The process ends with its parent, has no core file, and can never get more rights. Errors:
/// cancelled (the parent is gone already), io.
Result<void> tie_to_parent(std::int64_t parent);

/// Landlock, for the calling thread and those that it starts later: files below `readable` may be
/// read, `temp_folder` is its own, no other file may be opened, made or run; no TCP port, and no
/// abstract socket or signal of another. Gives the kernel's version of Landlock, 0 where it has
/// none: then nothing is restricted (the engine's own locks remain). Errors: io (a folder that is
/// not there, a refusal), internal (other threads run already, and would stay free).
Result<std::int64_t> enter_landlock(const std::vector<std::string>& readable,
                                    const std::string& temp_folder);

struct ProcessLimits {
  std::int64_t cpu_s = 0;        ///< SIGXCPU ends it
  std::uint64_t data_bytes = 0;  ///< private memory, as ProcessCounts::data_bytes() counts it
  std::uint64_t file_bytes = 0;  ///< of one file; more is an error of the write
};
/// Also: no new process (and no thread, but for root). Errors: io.
Result<void> limit_process(const ProcessLimits& limits);

/// What the kernel counts of this process. Opened before Landlock closes /proc.
class ProcessCounts {
 public:
  ProcessCounts();
  ~ProcessCounts();
  ProcessCounts(const ProcessCounts&) = delete;
  ProcessCounts& operator=(const ProcessCounts&) = delete;

  std::int64_t cpu_us() const;
  /// Bytes that read calls gave, of files only.
  std::int64_t bytes_read() const;
  std::int64_t peak_memory_bytes() const;
  /// Private memory that may be written, as RLIMIT_DATA counts it.
  std::int64_t data_bytes() const;

 private:
  int io_ = -1;
  int status_ = -1;
};

}  // namespace bl::engine
