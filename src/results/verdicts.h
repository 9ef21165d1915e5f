#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "results/thresholds.h"
#include "verdict/detector.h"

/// The verdict of a series, kept beside it: whether it changed, since which commit, how sure, in
/// one sentence (docs/verdict.md). Additional to the status of a series (ports.h), whose meaning is
/// Conbench's. Made in the background (store_verdict_refresh.h), stored with the detector and
/// version that made it, and read as it is stored: reading never judges, but for the results of a
/// run off the default branch, which no series has among its points.
namespace bl::results {

/// At the newest result. Slower and faster: worse and better, whatever the unit measures.
enum class VerdictDecision : unsigned char {
  unknown,  ///< too few results, or none with a value
  steady,   ///< nothing beyond what the series does by itself
  slower,   ///< said within the newest VerdictRules::news_results results, and still so
  faster,
  wait,  ///< something may have begun; more results decide
};
const char* name_of(VerdictDecision decision);

/// A change of level. Values are levels in the unit of the series.
struct VerdictChange {
  std::string result_id, commit_sha;  ///< of the first result of the new level
  Timestamp commit_timestamp;
  double before = 0, after = 0;
  double percent = 0;  ///< positive: the value grew, whatever is better
  bool is_worse = false;
  bool is_recovery = false;  ///< back to the level before the previous change
  bool of_unit = false;      ///< the jump is that from one unit to another: the benchmark changed
  double confidence = 0;     ///< probability, 0 .. 1
};

/// A steady movement.
struct VerdictDrift {
  std::string first_result_id, last_result_id;
  double percent = 0;
  bool is_worse = false;
};

struct SeriesVerdict {
  std::string detector = std::string(verdict::k_detector_name);
  int version = verdict::k_detector_version;
  VerdictDecision decision = VerdictDecision::unknown;
  /// Probability of what the decision says; of steady: that nothing has begun. None for unknown.
  std::optional<double> confidence;
  std::optional<int> repeats;  ///< of wait: further results that decide; none: more than ten
  /// The newest known one; of slower, faster and wait the one that they speak of.
  std::optional<VerdictChange> change;
  std::optional<VerdictDrift> drift;  ///< when it reaches to the newest result
  std::optional<std::string> judged_result_id;
  std::int64_t results = 0;             ///< that it rests on
  std::optional<double> noise_percent;  ///< how much a result varies by itself
  std::string sentence;                 ///< for people; plain text
};

/// What was said when a result was the newest. Later results never change it.
struct SaidVerdict {
  std::string at_result_id, since_result_id;
  bool is_worse = false;
  double percent = 0, confidence = 0;
};

/// A stretch on one level and one machine.
struct VerdictSegment {
  std::string first_result_id, last_result_id;
  std::uint32_t environment = 0;
  std::int64_t results = 0;
  double level = 0, low = 0, high = 0;  ///< median; nine tenths lie between low and high
};

struct VerdictPoint {
  std::string result_id, commit_sha, commit_message;
  Timestamp result_timestamp, commit_timestamp;
  double value = 0;
  std::uint32_t environment = 0;
  verdict::Lesson lesson = verdict::Lesson::none;
  bool is_confirmed = false;  ///< annotated `confirmed`; teaches the detector nothing
};

/// Everything that one picture of a series shows. Points are read now, the rest is as stored.
struct VerdictPicture {
  std::string history_fingerprint, repository;
  std::optional<std::string> unit;
  std::string verdict_json;   ///< as encode_verdict(); empty: there is none
  std::string segments_json;  ///< members `segments`, `changes`, `drifts`, `said`; empty with it
  bool is_stale = false;      ///< a new one is on its way
  std::optional<Timestamp> judged_at;
  std::vector<VerdictPoint> points;  ///< the newest, in the order of commits
  bool more_points = false;
  std::vector<std::string> environments;
};

/// One series that changed at a commit.
struct CommitVerdictRow {
  std::string history_fingerprint, name, tags_json, hardware, detector;
  int version = 0;
  std::optional<std::string> unit;
  std::string change_json;  ///< schema `VerdictChange`
};

/// Many series of a commit as one statement (verdict/merge.h).
struct CommitVerdict {
  std::string repository, commit_sha;
  bool enabled = true;      ///< the project has verdicts; without, nothing is known of the commit
  std::int64_t series = 0;  ///< measured at this commit
  std::int64_t slower = 0, faster = 0, doubtful = 0;
  double false_share = 0;
  bool common_cause = false;
  std::optional<double> common_percent;
  std::vector<CommitVerdictRow> changed;  ///< believed, most probable first
  std::string sentence;
};

/// The series of a run by decision: of those whose newest judged result is of the run.
struct RunVerdict {
  struct Worst {  ///< the slower one with the largest change
    std::string history_fingerprint, name, commit_sha, sentence;
    double percent = 0;
  };
  std::int64_t slower = 0, faster = 0, wait = 0, steady = 0, unknown = 0;
  std::optional<Worst> worst;
  bool any() const { return slower + faster + wait + steady + unknown > 0; }
  void count(VerdictDecision decision, std::int64_t series);
};

struct RunKey {
  std::string_view run_id, repository;
};

/// A stored verdict as others show it.
struct StoredVerdict {
  VerdictDecision decision = VerdictDecision::unknown;
  double badness = 0;  ///< of a slower one its change in percent, negative; else 0
  std::string json;    ///< schema `Verdict`
};
/// By fingerprint; none for a series without one.
using StoredVerdicts = std::map<std::string, StoredVerdict, std::less<>>;

/// What a run off the default branch measured of one series, oldest first.
struct ContenderResult {
  std::string_view result_id, commit_sha;
  Timestamp result_timestamp, commit_timestamp;
  double value = 0;
};
struct ContenderSeries {
  std::string_view history_fingerprint, unit;
  std::vector<ContenderResult> results;
};
struct BranchRun {
  Timestamp up_to;  ///< the branch left the default branch at a commit of that time
  std::vector<ContenderSeries> series;
};

/// A project's switch.
struct VerdictProject {
  std::string repository;
  bool enabled = false;
  Timestamp updated_at;
  std::string updated_by;
};

struct VerdictProjects {
  bool enabled_by_default = false;  ///< of projects that are not listed
  std::int64_t waiting = 0;         ///< series that wait for a verdict
  std::vector<VerdictProject> projects;
};

struct VerdictLimits {
  int points_max = 100'000;           ///< of a picture
  std::size_t changed_max = 1'000;    ///< rows of a commit's statement
  std::int64_t merged_max = 100'000;  ///< changes that one statement is made of
  std::size_t repository_bytes_max = 300;
  std::size_t contenders_max = 200;     ///< series of a run off the default branch that are judged
  std::size_t contender_results = 160;  ///< of the history, the newest, that they are judged by
};

class VerdictReader {
 public:
  virtual ~VerdictReader() = default;
  /// Errors: not_found (no such series).
  virtual Result<VerdictPicture> picture(std::string_view fingerprint, int points_max) = 0;
  /// Of those that have one. Cost: one statement, however many.
  virtual Result<StoredVerdicts> verdicts(std::span<const std::string_view> fingerprints) = 0;
  /// One for each, in their order. Cost: two index ranges each.
  virtual Result<std::vector<RunVerdict>> runs(std::span<const RunKey> runs) = 0;
  /// The verdicts that the run's series would have if its results came next after those of the
  /// default branch up to where the branch left it: of the first contenders_max, of those with a
  /// verdict of their own. Cost: about 4 ms a series.
  virtual Result<StoredVerdicts> contenders(const BranchRun& run) = 0;
  /// Errors: not_found (no such commit in that repository).
  virtual Result<CommitVerdict> commit(std::string_view repository, std::string_view sha) = 0;
};

/// What lists, histories, comparisons and reports show beside their series. An additional member
/// fails no answer: without a reader, and where it fails (a database that nobody migrated, seen by
/// a role that may only read), there is no verdict.
StoredVerdicts shown_verdicts(VerdictReader* reader,
                              std::span<const std::string_view> fingerprints);
/// One for each run, or none.
std::vector<RunVerdict> shown_verdicts(VerdictReader* reader, std::span<const RunKey> runs);

StoredVerdicts shown_verdicts(VerdictReader* reader, const BranchRun& run);

class VerdictSwitches {
 public:
  virtual ~VerdictSwitches() = default;
  virtual Result<VerdictProjects> projects() = 0;
  /// Durable, with its audit row. On: all series of the project wait for a verdict. Off: what they
  /// had is gone.
  virtual Result<VerdictProject> set(std::string_view repository, bool enabled,
                                     const Change& change) = 0;
};

}  // namespace bl::results
