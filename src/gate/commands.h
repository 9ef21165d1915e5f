#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/command_line.h"
#include "gate/report.h"

namespace bl::gate {

/// What `check --comment` has to tell.
struct CheckedChange {
  const Report& report;
  std::optional<std::string> against;  ///< the revision that it was compared with
  std::string command;                 ///< as a line of a shell
};

/// Port: tells others of a check, such as a pull request. Bound by app.
class CheckObserver {
 public:
  virtual ~CheckObserver() = default;
  /// Before anything is measured, so that nothing is measured in vain. Errors: invalid (it is not
  /// known whom to tell).
  virtual Result<void> prepare(const CommandIo& io) = 0;
  /// One line on what became of it. Errors: those of whoever is told; they do not change the check.
  virtual Result<std::string> tell(const CheckedChange& change) = 0;
};
using MakeCheckObserver = std::function<std::unique_ptr<CheckObserver>()>;

/// `check`, `bisect`, `gate run`, `gate check`, `gate record`, `gate explain`, `gate self-check`.
/// `version` of the program stands in what `gate record` writes.
/// `make_observer`: nobody is told without; then `check` has no --comment.
std::vector<Command> commands(const std::string& version, MakeCheckObserver make_observer = {});

}  // namespace bl::gate
