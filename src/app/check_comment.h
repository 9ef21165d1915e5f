#pragma once

#include <memory>

#include "advice/ports.h"
#include "gate/commands.h"

/// `check --comment`: a gate's judgement as the comment of the pull request that a CI job runs for,
/// and as its check run. No server takes part.
namespace bl::app {

std::unique_ptr<gate::CheckObserver> make_check_comment();

/// The rows of a gate, as it decided them: it corrected for their number. `sha`: of the pull
/// request's head.
advice::ChangeReport change_report_of(const gate::CheckedChange& change, const std::string& sha);

}  // namespace bl::app
