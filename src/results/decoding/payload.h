#pragma once

#include <string>

#include "base/json.h"

namespace bl::results {

/// The canonical form of a submission for recognising it again [2.10]: keys sorted at every level,
/// numbers as they were written (1 and 1.0 differ), members of the schema's own objects that are
/// null left out, blank strings of the top level taken as null, without `submission_key` and
/// without `github.commit_info`: what is known of a commit grows, and makes no other result. Empty
/// collections stay.
std::string canonical_payload(const json::Value& submission);

}  // namespace bl::results
