#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

/// Another program, run to its end. Private to ops.
namespace bl::ops {

struct ProgramCall {
  std::vector<std::string> words;  ///< the program (looked for in PATH), its arguments
  std::map<std::string, std::string> variables;  ///< beside those of this process
  /// Asked ten times a second; false ends the program.
  std::function<bool()> go_on = [] { return true; };
};

struct ProgramEnd {
  int exit_code = 0;
  std::string out, err;  ///< the last MiB of each, at least
};

/// Standard input is empty. Errors: not_found (no such program), io, cancelled (go_on said so; the
/// program is gone). Any exit code is a success here.
Result<ProgramEnd> run_program(const ProgramCall& call);

}  // namespace bl::ops
