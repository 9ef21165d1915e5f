#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "inference/model.h"
#include "inference/skips.h"

/// What the store keeps of sweeps (spec/inference.md 1), and what goes into it.
namespace bl::inference {

/// A run of an inference team's CI; (github_run_id, attempt) is its natural key. Reads see the
/// newest attempt of a run alone.
struct SweepRun {
  std::int64_t github_run_id = 0;
  std::int64_t attempt = 0;
  std::string name;
  std::optional<std::string> status;
  std::optional<std::string> conclusion;
  std::optional<std::string> head_sha;
  std::optional<std::string> head_branch;
  std::optional<std::string> html_url;  ///< without the attempt
  Timestamp created_at;
  std::optional<Timestamp> started_at;
  std::string date;          ///< YYYY-MM-DD, UTC: of its results
  bool append_only = false;  ///< its points stand beside those of the run before it
};

/// Where a value was read: what a number's provenance says.
struct Origin {
  std::string artifact;  ///< `bmk_dsr1_..._conc32_mi355x.zip`
  std::string path;      ///< entry and JSON pointer: `agg_x.json#/3`
};

struct SweepPoint {
  BenchmarkRow row;
  Origin origin;
  std::optional<std::size_t> server_log;  ///< position among Sweep::server_logs
};
struct SweepEval {
  EvalRow row;
  Origin origin;
};
struct ServerLog {
  Origin origin;
  std::string text;  ///< UTF-8 without NUL
};
/// Samples of a gpu_metrics artifact, reduced.
struct GpuMetricSummary {
  Origin origin;
  std::string vendor;  ///< `nvidia`, `amd`
  std::int64_t gpus = 0;
  std::int64_t samples = 0;
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> ended_at;
  json::Value statistics;  ///< {metric: {gpu: {count, min, max, mean, median, p95, p99, stddev}}}
  std::string csv_sha256;
};
/// All entries of one changelog_metadata.json.
struct Changelog {
  std::string base_ref;
  std::string head_ref;
  std::vector<ChangelogEntry> entries;
};

/// What was read of one run, ready to be written.
struct Sweep {
  SweepRun run;
  std::vector<SweepPoint> points;
  std::vector<SweepEval> evals;
  std::vector<RunStat> stats;
  std::vector<Changelog> changelogs;
  std::vector<ServerLog> server_logs;
  std::vector<GpuMetricSummary> gpu_metrics;
};

/// What writing changed. Of equal natural keys in one sweep the last counts; the others are
/// `repeated`.
struct WriteCount {
  std::int64_t added = 0;
  std::int64_t changed = 0;    ///< was there, with other values
  std::int64_t unchanged = 0;  ///< was there, equal: nothing was written
  std::int64_t repeated = 0;
};
struct Written {
  WriteCount points, evals, stats, changelogs, configs, server_logs, gpu_metrics;
};

/// A point as it is read back.
struct StoredPoint {
  std::int64_t id = 0;
  std::int64_t config_id = 0;
  BenchmarkRow row;
  Origin origin;
  std::string date;
  std::int64_t github_run_id = 0;
  std::int64_t attempt = 0;
  std::optional<std::string> html_url;  ///< of the run, without the attempt
  bool has_server_log = false;
  /// The run whose snapshot of the line this point belongs to; the same as the point's own, but
  /// for points of older runs on which an append-only run stands.
  std::string curve_date;
  std::int64_t curve_run_id = 0;
  std::optional<Timestamp> curve_started_at;
};

struct StoredEval {
  std::int64_t id = 0;
  std::int64_t config_id = 0;
  EvalRow row;
  Origin origin;
  std::string date;
  std::int64_t github_run_id = 0;
  std::int64_t attempt = 0;
  std::optional<std::string> html_url;
  Timestamp run_created_at;
};

/// For what there are successful points on a day.
struct Availability {
  std::string model;
  std::optional<std::int64_t> isl, osl;
  std::string precision, hardware, framework, spec_method;
  bool disagg = false;
  std::string benchmark_type;
  std::string date;
  auto operator<=>(const Availability&) const = default;
};

struct DatedRunStat {
  RunStat stat;
  std::string date;
};

struct StoredChangelog {
  std::int64_t github_run_id = 0;
  std::string date, base_ref, head_ref;
  ChangelogEntry entry;
};

/// What there is of one day.
struct WorkflowInfo {
  std::vector<SweepRun> runs;  ///< with a conclusion, by created_at
  std::vector<StoredChangelog> changelogs;
  std::vector<Availability> configs;  ///< distinct
};

/// Points of one configuration on one day.
struct SubmissionSummary {
  ServingConfig config;
  std::string date;
  std::int64_t points = 0;
  std::int64_t distinct_sequences = 0;
  std::int64_t distinct_concurrencies = 0;
  std::int64_t max_concurrency = 0;
  std::optional<std::string> image;  ///< the first that is not null
};
struct SubmissionVolume {
  std::string date, hardware;
  std::int64_t points = 0;
};
struct Submissions {
  std::vector<SubmissionSummary> summary;  ///< newest first, then most points
  std::vector<SubmissionVolume> volume;    ///< by date
};

struct StoredServerLog {
  std::int64_t point_id = 0;
  Origin origin;
  std::string text;
};

/// How an ingest of one source went: kept so that what was left out can be seen later.
struct IngestReport {
  std::string id;
  Timestamp at;
  std::string source;     ///< the folder, file or upload that was given
  std::string submitter;  ///< a user's or a job's name
  std::optional<std::int64_t> github_run_id;
  std::optional<std::int64_t> attempt;
  Written written;
  std::map<std::string, std::int64_t> skipped;  ///< by reason (skips.h)
  std::vector<Skip> examples;                   ///< at most SkipTracker::k_examples_max
  std::vector<std::string> models, hardware, precisions, new_metrics;  ///< unknown to the registry
};

}  // namespace bl::inference
