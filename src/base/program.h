#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// Another program, run to its end: no shell, nothing on its standard input, no signal blocked.
namespace bl {

struct ProgramCall {
  std::vector<std::string> words;  ///< the program (looked for in PATH), its arguments
  std::map<std::string, std::string> variables;  ///< beside those of this process, or instead
  /// Which of this process's variables are kept from it. Empty: none.
  std::function<bool(std::string_view name)> hides;
  std::string folder;                                 ///< where it runs; empty: where we are
  std::optional<std::chrono::milliseconds> time_max;  ///< then it is ended
  /// Asked ten times a second; false ends the program.
  std::function<bool()> go_on;
  std::size_t kept_bytes = 1 << 20;  ///< of each stream's end, at least
  /// Takes the output piece by piece; nothing of it is kept then.
  std::function<void(std::string_view)> on_output;
  /// What it starts ends with it; a terminal's Ctrl+C does not reach it.
  bool own_group = false;
};

struct ProgramEnd {
  int exit_code = 0;  ///< 128 and the signal, when it died of one
  std::string out, err;
};

/// Any exit code is a success here. A program that is ended is asked first and killed two seconds
/// later; it is gone on return. Errors: not_found (no such program or folder), io, timeout
/// (time_max), cancelled (go_on).
Result<ProgramEnd> run_program(const ProgramCall& call);

}  // namespace bl
