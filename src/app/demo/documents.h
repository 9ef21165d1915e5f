#pragma once

#include <string>
#include <vector>

#include "app/demo/measurement.h"
#include "events/model.h"
#include "traces/model.h"

/// The story as the domains take it in. What belongs together has one id: results, build and traces
/// that of their run, a result's exemplars those of its samples' traces, a sweep its commit and, in
/// the run's tags, its number. Pure.
namespace bl::app::demo {

/// The body of `POST /api/results`.
std::string submission_of(const Story& story, const Measurement& measurement);
/// The spans of all samples; none of a benchmark that is not traced.
traces::Spans spans_of(const Measurement& measurement);
/// The build of a commit: it compiles the shop, then runs the benchmarks.
std::vector<events::BuildEvent> build_of(const Story& story, const StoryCommit& commit);
/// What the runner of an inference sweep writes: rows of the commit's sweep.
std::string sweep_rows_of(const Story& story, const StoryCommit& commit);

/// `commit: a1b2c3d4e5f6`, as the page calls the run.
std::string run_name_of(const StoryCommit& commit);

}  // namespace bl::app::demo
