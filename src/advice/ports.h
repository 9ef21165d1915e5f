#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "advice/model.h"
#include "base/result.h"

/// What this domain needs of others; bound by app. Threads: any. Errors of all: those of whoever
/// keeps the facts.
namespace bl::advice {

/// Which commit is asked about, and what it is compared with.
struct Question {
  std::string repository, sha;
  std::optional<std::string> base;  ///< none: where the commit left the default branch
};

/// What the history says of one benchmark at the commit.
enum class Call : unsigned char { unknown, steady, slower, faster, wait };

/// One benchmark of the commit, judged by whoever keeps its history.
struct JudgedRow {
  std::string name, fingerprint, hardware;
  json::Value tags = json::Value::object();
  std::optional<std::string> unit;
  std::string result_id;
  std::optional<std::string> baseline_result_id;

  Call call = Call::unknown;
  std::optional<double> confidence;  ///< probability of the change that `call` speaks of
  std::optional<double> percent;     ///< of the value
  bool is_worse = false;             ///< of that change
  bool is_of_unit = false;           ///< a step from one unit to another: no slowdown
  std::optional<std::string> since_sha;
  std::optional<std::int64_t> repeats;  ///< of wait: further runs that decide

  std::optional<double> noise_percent;              ///< standard deviation of a result
  std::int64_t runs_before = 0, runs_after = 0;     ///< results on either side of the change
  std::optional<double> percent_low, percent_high;  ///< where measured directly, not from noise

  std::optional<std::string> command;  ///< that measured it, recorded with the result; one line
  bool failed = false, baseline_failed = false;
  /// The change began before the commit's branch did: not its doing.
  bool began_before = false;
  std::string reason;  ///< the error's words
  /// Why `call` is unknown.
  Unknown::Code unknown_code = Unknown::Code::too_little_history;
  /// Whoever judged corrected for the number of rows, and decided; then `confidence` may be
  /// missing.
  bool is_corrected = false;
};

/// A commit and what was measured of it.
struct ChangeReport {
  CommitFacts head;
  std::optional<std::string> base_sha;
  bool is_on_default_branch = false;
  /// Commits between base and head beside head itself that were not measured; none: not known.
  std::optional<std::int64_t> commits_between;
  std::vector<JudgedRow> rows;
  std::vector<CommitFacts> commits;  ///< that rows name, as far as they are known
  std::vector<std::string> run_ids;
  std::vector<Unknown> unknown;
  std::string report_url;
};

class ChangeFacts {
 public:
  virtual ~ChangeFacts() = default;
  /// A commit that nobody measured is a report without rows. Errors: invalid (of the question).
  virtual Result<ChangeReport> report(const Question& question) = 0;
};

/// Traces linked as exemplars of two results of one benchmark, compared.
struct TraceComparison {
  enum class State : unsigned char {
    compared,
    not_linked,  ///< one of the results names no trace
    gone,        ///< named, and not kept any more
    too_few,     ///< no difference between so few would be evidence
  };
  State state = State::not_linked;
  std::size_t base_count = 0, compare_count = 0;
  std::vector<GrownSpan> grown;  ///< the largest first; `finding` is not set
};

class TraceFacts {
 public:
  virtual ~TraceFacts() = default;
  virtual Result<TraceComparison> compare(std::string_view baseline_result_id,
                                          std::string_view result_id) = 0;
};

class BuildFacts {
 public:
  virtual ~BuildFacts() = default;
  /// Those among the builds of these ids that failed: a run's id is its build's.
  virtual Result<std::vector<FailedBuild>> failed(const std::vector<std::string>& build_ids) = 0;
};

/// Where pull requests are: GitHub, GitLab.
class Forge {
 public:
  virtual ~Forge() = default;
  enum class Outcome : unsigned char { created, updated, unchanged, no_pull_request };
  struct Posted {
    Outcome outcome = Outcome::no_pull_request;
    std::optional<std::string> url;
  };
  struct Target {
    std::string sha;
    /// Of the pull request; none: the open one whose newest commit this is. So a late result of an
    /// older commit changes nothing.
    std::optional<std::int64_t> number;
  };
  /// The one comment of ours on the pull request: made, or changed where its text is another one.
  /// Where there is none, nobody is told, and that is a success. Errors: forbidden, not_found,
  /// unavailable, timeout, too_many, malformed: in the forge's own words, never with a credential.
  virtual Result<Posted> upsert_comment(const Target& target, const std::string& markdown) = 0;
  /// The commit's check run (GitHub) or status (GitLab). Gives its page, where it has one.
  /// `passes`: nullopt is neither.
  struct Check {
    std::optional<bool> passes;
    std::string title, markdown, details_url;
  };
  virtual Result<std::optional<std::string>> upsert_check(const std::string& sha,
                                                          const Check& check) = 0;
};
const char* name_of(Forge::Outcome outcome);

}  // namespace bl::advice
