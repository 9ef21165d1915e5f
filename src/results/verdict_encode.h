#pragma once

#include <string>

#include "base/json.h"
#include "results/series_judge.h"
#include "results/verdicts.h"

/// Verdicts -> JSON, with the members of openapi_verdicts.yaml. One pass of appending.
namespace bl::results {

/// Schema `Verdict`.
std::string encode_verdict(const SeriesVerdict& verdict);
/// Schema `VerdictChange`.
std::string encode_change(const VerdictChange& change);
/// The members `"segments":[...],"changes":[...],"drifts":[...],"said":[...]` of a picture.
std::string encode_segments(const JudgedSeries& judged);
/// Schema `VerdictPicture`.
std::string encode_picture(const VerdictPicture& picture);
/// Schema `CommitVerdict`.
std::string encode_commit_verdict(const CommitVerdict& verdict);
/// Schema `RunVerdict`; null when no series of the run has a verdict.
void write_run_verdict(json::Writer& out, const RunVerdict& verdict);
/// The member `verdict` of a series; null when it has none.
void write_verdict(json::Writer& out, const StoredVerdicts& verdicts, std::string_view fingerprint);
/// StoredVerdict::badness: so that the worst is the smallest.
double badness_of(const SeriesVerdict& verdict);
/// What a run shows of a slower series; nothing when `verdict_json` tells of no change.
std::optional<RunVerdict::Worst> worst_of(std::string_view fingerprint, std::string_view name,
                                          std::string_view verdict_json);
/// Schema `VerdictProject`, and the list of them.
std::string encode_project(const VerdictProject& project);
std::string encode_projects(const VerdictProjects& projects);

}  // namespace bl::results
