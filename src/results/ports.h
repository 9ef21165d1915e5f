#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/search.h"
#include "base/text_arena.h"
#include "results/model.h"
#include "verdict/lookback.h"

/// What the results domain offers to routes and commands, whoever keeps the data. Each reader will
/// have a store and a lake implementation. Threads: any. Errors of all: io, overloaded, timeout,
/// and those named.
namespace bl::results {

struct Submitted {
  std::string id;
  std::string run_id;
  std::string history_fingerprint;
  bool replayed = false;  ///< the same submission was stored before; nothing was added
};

class ResultWriter {
 public:
  virtual ~ResultWriter() = default;
  /// Durable on return. Errors: conflict (the submission key is taken by another content),
  /// outcome_unknown (cut off during the commit).
  virtual Result<Submitted> submit(const Submission& submission) = 0;
  /// Many, in their order, each with an outcome of its own; durable on return. Not all or nothing:
  /// the good ones are stored.
  virtual std::vector<Result<Submitted>> submit_many(std::span<const Submission> submissions) = 0;
};

/// A stored commit's row, or nothing.
struct StoredCommit : Commit {
  std::string id;
};

/// Everything about one result.
struct StoredResult : BenchmarkResult {
  std::string case_id, context_id, info_id, hardware_id, hardware_hash;
  std::optional<StoredCommit> stored_commit;
};

/// A row of the results list: no samples, no documents.
struct ResultRow {
  std::string id, run_id;
  std::optional<std::string> run_reason, batch_id, unit;
  json::Value run_tags;
  Timestamp timestamp;
  Summary summary;
  std::string history_fingerprint, case_name;
  json::Value case_tags;
  std::optional<StoredCommit> commit;
  bool has_error = false;
};

/// A page of whole results, newest id first.
struct WholePage {
  std::vector<StoredResult> results;
  bool may_go_on = false;  ///< full, or cut because the samples were many: ask for what comes after
};

struct ResultFilter {
  std::optional<std::string> run_id, batch_id, run_reason;
  std::optional<Timestamp> earliest, latest;  ///< inclusive
  std::optional<std::string> before_id;       ///< cursor: only ids smaller than this
  std::optional<std::string> from_id;         ///< only ids not smaller than this
  int page_size = 100;                        ///< 1..1000
};

/// A recent run of a repository.
struct RunRow {
  std::string run_id, repository, latest_result_id;
  std::optional<std::string> run_reason, latest_batch_id, commit_sha;
  json::Value run_tags;
  std::int64_t batch_count = 0, result_count = 0, error_count = 0, series_count = 0;
  /// Series whose newest point is of this run, by status; the newest points of the rest are of
  /// other runs. A status may lag by one refresh.
  std::int64_t regressed_count = 0, improved_count = 0, stable_count = 0, insufficient_count = 0;
  Timestamp first_result_at, last_result_at;
  std::optional<StoredCommit> commit;
};

class RunBrowser {
 public:
  virtual ~RunBrowser() = default;
  /// Newest id first. Pages are stable: a later page never repeats or skips what was there when the
  /// first was read.
  virtual Result<std::vector<ResultRow>> results(const ResultFilter& filter) = 0;
  /// The same page with everything about each. Shorter than asked when its samples are more than a
  /// limit, but never empty then.
  virtual Result<WholePage> whole_results(const ResultFilter& filter) = 0;
  /// Errors: not_found.
  virtual Result<StoredResult> result(std::string_view id) = 0;
  /// Newest result first.
  virtual Result<std::vector<RunRow>> recent_runs(std::optional<std::string> repository,
                                                  int count) = 0;
  virtual Result<std::vector<std::string>> repositories() = 0;
};

/// One point of a history: a good result on the default branch.
/// Its texts are kept by the history that it stands in.
struct HistoryPoint {
  std::string_view result_id, run_id, commit_sha, commit_message;
  Timestamp result_timestamp, commit_timestamp;
  std::optional<double> mean;
  Summary summary;
  std::string_view unit;
  std::string_view data_json;      ///< JSON array as stored
  std::string_view run_tags_json;  ///< JSON object as stored
  std::string_view change_annotations_json;
  std::string_view info_id;         ///< in History::infos
  verdict::LookbackStats lookback;  ///< exclusive window [4.6]
};

struct History {
  std::string fingerprint;
  std::string repository, hardware_hash;                  ///< of every point
  std::vector<HistoryPoint> points;                       ///< by commit time, then result time
  std::map<std::string, std::string, std::less<>> infos;  ///< by id: JSON objects as stored
  TextArena texts;
};

/// What a history's points do not say and the legacy dialect shows.
struct HistoryDetails {
  std::string case_id, context_id;                              ///< of every point; empty: no point
  std::map<std::string, std::string, std::less<>> times_jsons;  ///< by result id: as stored
};

class HistoryReader {
 public:
  virtual ~HistoryReader() = default;
  /// Empty points when the series has no good result on the default branch. Errors: not_found
  /// (nobody ever submitted to that fingerprint).
  virtual Result<History> history(std::string_view fingerprint) = 0;
  /// Of all results without an error. Cost: the facts of one series.
  virtual Result<HistoryDetails> details(std::string_view fingerprint) = 0;
  /// Errors: not_found.
  virtual Result<std::string> fingerprint_of(std::string_view result_id) = 0;
};

struct CompareSide {
  std::string result_id, run_id, history_fingerprint;
  std::optional<std::string> unit;
  Summary summary;
  bool failed = false;
};

/// What a comparison needs: both sides, and the baseline commit's distribution for that series
/// [4.3, 4.4].
struct CompareInput {
  CompareSide baseline, contender;
  verdict::Distribution distribution;
};

class CompareReader {
 public:
  virtual ~CompareReader() = default;
  /// Errors: not_found (naming the side), invalid (another series, units that do not match).
  virtual Result<CompareInput> compare(std::string_view baseline_id,
                                       std::string_view contender_id) = 0;
  /// The distribution of any series over the ancestry of the baseline's commit [4.3, 4.4]: what a
  /// contender of that series is judged by. Undefined when the baseline has no commit. Errors:
  /// not_found.
  virtual Result<verdict::Distribution> distribution(std::string_view baseline_id,
                                                     std::string_view fingerprint) = 0;
};

/// How a series stands: its newest good default-branch result against the commits before it, |z|
/// > 5.
enum class SeriesStatus : unsigned char { insufficient, stable, regressed, improved };
const char* name_of(SeriesStatus status);

struct SeriesRow {
  std::string history_fingerprint, name, hardware, repository;
  json::Value tags;  ///< with name
  json::Value context;
  std::optional<std::string> unit;
  SeriesStatus status = SeriesStatus::insufficient;
  std::optional<double> z_score, change_percent;  ///< of the newest point; negative = worse
  std::string latest_result_id;
  Summary latest_summary;
  std::optional<std::string> latest_commit_sha;
  std::optional<Timestamp> latest_commit_timestamp;
  Timestamp latest_result_timestamp;
  std::int64_t point_count = 0;
  std::vector<double> sparkline;  ///< newest values on the default branch, oldest first
};

struct SeriesFilter {
  enum class Sort : unsigned char { recent, name, change };
  std::optional<std::string>
      text;  ///< every blank-separated word is a substring of name or tags, case-insensitive
  std::optional<std::string> hardware, repository, fingerprint;
  std::optional<Timestamp> active_since, active_until;  ///< of the newest result
  std::optional<SeriesStatus> status;
  Sort sort = Sort::recent;
  std::string cursor;  ///< opaque; empty = first page
  int page_size = 100;
};

struct SeriesPage {
  std::vector<SeriesRow> series;
  std::optional<std::string> next_cursor;
};

struct Facts {
  std::int64_t series = 0, results = 0, runs = 0, commits = 0;
  std::vector<std::string> repositories;
};

class ProjectHealthReader {
 public:
  virtual ~ProjectHealthReader() = default;
  /// Errors: invalid (cursor).
  virtual Result<SeriesPage> series(const SeriesFilter& filter) = 0;
  virtual Result<Facts> facts() = 0;
  /// Series by text; runs, results and commits by the beginning of their id.
  virtual Result<std::vector<SearchHit>> search(std::string_view text, int count_max) = 0;
};

}  // namespace bl::results
