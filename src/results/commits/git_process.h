#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// The `git` command, run on one folder: no shell, no terminal, no variables of the caller's own
/// git (GIT_DIR and the like), English messages.
namespace bl::results {

struct GitProcessLimits {
  std::chrono::milliseconds time_max{10'000};  ///< of one command; then it is killed
  std::size_t output_bytes_max = 16 << 20;     ///< that run() collects
  std::size_t message_bytes_max = 4 << 10;     ///< of standard error that are kept
};

struct GitOutput {
  int exit_code = 0;
  std::string out;
  std::string err;  ///< its first line
};

/// Any exit code is a success here. Errors: unavailable (no `git` program), timeout, too_large, io.
Result<GitOutput> run_git(const std::string& folder, const std::vector<std::string>& arguments,
                          const GitProcessLimits& limits = {});
/// The same, its output piece by piece and not kept.
Result<GitOutput> run_git(const std::string& folder, const std::vector<std::string>& arguments,
                          const GitProcessLimits& limits,
                          const std::function<void(std::string_view)>& on_output);

}  // namespace bl::results
