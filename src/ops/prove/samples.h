#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/database.h"

/// What a restored Conbench database is asked for when a move is proved
/// (spec/results-conbench.md 8.3): one result of each category, a pair to compare, a run to report.
namespace bl::ops {

struct Sample {
  std::string result_id, history_fingerprint;
  std::int64_t point_count = 0;  ///< of its history
  std::string note;              ///< which source it came from
};

struct SampleManifest {
  std::map<std::string, Sample> categories;
  std::vector<std::string> warnings;  ///< sources that took too long, categories without a row
  struct Pair {
    std::string baseline_id, contender_id, history_fingerprint;
  };
  std::optional<Pair> compare;
  struct Report {
    std::string repository, commit_sha, run_id;
  };
  std::optional<Report> ci_report;
};

/// The categories, in the order of the report.
const std::vector<std::string>& sample_categories();

/// Looks at no more than 512 rows a source. A source that runs out of time is a warning. Errors:
/// those of the driver but timeout.
Result<SampleManifest> pick_samples(store::Database& database);

/// JSON with everything; not for publishing.
std::string encode(const SampleManifest& manifest, std::string_view generated_at);

}  // namespace bl::ops
