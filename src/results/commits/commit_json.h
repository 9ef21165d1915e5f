#pragma once

#include "base/json.h"
#include "results/model.h"

/// What both lists and reports say of a commit.
namespace bl::results {

/// Message, author and time: members of an object that is open.
void write_what_was_committed(json::Writer& out, const Commit& commit);

}  // namespace bl::results
