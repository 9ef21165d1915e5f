#pragma once

#include "advice/compose.h"
#include "advice/ports.h"
#include "base/log.h"

/// Asks the ports and composes.
namespace bl::advice {

/// Threads: any. The ports outlive this.
class Adviser {
 public:
  struct Ports {
    ChangeFacts& changes;
    TraceFacts* traces = nullptr;  ///< none: nothing is said of spans
    BuildFacts* builds = nullptr;
    Log* log = nullptr;
  };
  explicit Adviser(Ports ports, ComposeRules rules = {}) : ports_(ports), rules_(rules) {}

  /// Errors: those of ChangeFacts. What traces and builds cannot say is told in the comment, and
  /// fails nothing. Cost: that of the report, and of the traces of at most traced_max findings.
  Result<Comment> comment(const Question& question) const;

 private:
  std::vector<TracedFinding> trace(const std::vector<Finding>& findings,
                                   std::vector<Unknown>& unknown) const;
  void note(const char* what, const Error& error, std::vector<Unknown>& unknown) const;

  const Ports ports_;
  const ComposeRules rules_;
};

}  // namespace bl::advice
