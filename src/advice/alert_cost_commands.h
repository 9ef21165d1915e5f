#pragma once

#include "base/command_line.h"

namespace bl::advice {

/// `benchlake alert-cost`: what GET /api/v1/advice/alert-cost answers, for people or as JSON.
Command alert_cost_command();

}  // namespace bl::advice
