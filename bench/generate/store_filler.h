#pragma once

#include <functional>
#include <string>

#include "generate/lake_filler.h"

/// A Conbench database of any size in PostgreSQL, by COPY: the results of a LakePlan with their
/// samples, and what they name. As Conbench left it: without our tables, for `benchlake migrate` to
/// bring on.
namespace bl::bench {

/// Fills the six tables, which are there and empty but for months that a call before wrote whole:
/// one that was killed is gone on with. `uri`: `postgres://...`. `scratch`: a folder that is there.
/// `done` gets months done and all. Errors: those of the engine and of the server. Memory:
/// constant.
Result<void> fill_conbench(const std::string& uri, Disk& disk, const std::string& scratch,
                           const LakePlan& plan,
                           const std::function<void(std::int64_t, std::int64_t)>& done);

}  // namespace bl::bench
