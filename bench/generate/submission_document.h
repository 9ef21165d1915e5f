#pragma once

#include <string>

#include "results/model.h"

namespace bl::bench {

/// The submission as a client writes it for `POST /api/results` (spec/results-conbench.md 2.2).
std::string submission_document(const results::Submission& submission);

}  // namespace bl::bench
