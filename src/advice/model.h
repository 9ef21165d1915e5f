#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

/// What is told of a commit: values, no I/O. The wire is openapi_advice.yaml (encode.h), the text
/// under a pull request is markdown.h, the rules are compose.h.
namespace bl::advice {

/// Of a finding; in the order in which they are told.
enum class Kind : unsigned char {
  slower,
  failed,  ///< the benchmark failed, and did not fail before
  unsure,  ///< it may be slower: more runs decide
  faster,
};
const char* name_of(Kind kind);

/// Of the whole comment: the first that holds.
enum class Status : unsigned char {
  slower,
  failed,
  unsure,
  faster,
  steady,   ///< all that was judged is as it was
  unknown,  ///< nothing could be judged
};
const char* name_of(Status status);

struct CommitFacts {
  std::string sha;
  std::string subject, author;  ///< empty: not known
};

/// Percents are of the value: positive is more of it, whatever is better.
struct Finding {
  Kind kind = Kind::unsure;
  std::string name;
  json::Value tags = json::Value::object();  ///< the benchmark's parameters
  std::optional<std::string> unit;
  std::optional<double> percent, percent_low, percent_high;  ///< the interval holds 95 of 100 times
  std::optional<double> confidence;                          ///< probability, 0 .. 1
  std::optional<CommitFacts> since;
  std::optional<std::int64_t> repeats;  ///< of unsure: so many more runs decide
  std::optional<std::size_t> group;     ///< place in Comment::groups
  std::string sentence;                 ///< an error's words; why it is unsure
  std::string result_id;
  std::optional<std::string> baseline_result_id;
  std::string fingerprint;  ///< of its series
};

struct Group {
  enum class Cause : unsigned char {
    same_change,  ///< the same commit, direction and about the same size
    same_span,    ///< the same span of their traces grew most
  };
  Cause cause = Cause::same_change;
  double percent = 0;                 ///< median of theirs
  std::vector<std::size_t> findings;  ///< places in Comment::findings, at least two
  std::string sentence;
};

/// A span that takes longer than before, by its own time; nanoseconds of a trace.
struct GrownSpan {
  std::size_t finding = 0;  ///< place in Comment::findings
  std::string service, name;
  std::vector<std::string> path;  ///< names from the root to it
  double before_ns = 0, after_ns = 0, shift_ns = 0, shift_low_ns = 0, shift_high_ns = 0;
  /// Of the shift of whole traces, 0 .. 1; none where those did not grow for sure.
  std::optional<double> share;
  std::vector<std::string> base_traces, compare_traces;  ///< 32 hex digits each
};

struct Reproduction {
  enum class Source : unsigned char {
    recorded,   ///< came with the results
    suggested,  ///< nothing recorded one
    none,
  };
  std::optional<std::string> command;
  Source source = Source::none;
  std::string sentence;
};

struct Repeats {
  std::size_t finding = 0;
  std::optional<std::int64_t> runs;  ///< none: more than anybody would want
  std::string sentence;
};

struct FailedBuild {
  std::string id, status, sentence;
};

/// What is not known, and would matter.
struct Unknown {
  enum class Code : unsigned char {
    no_results,
    no_baseline,
    runs_missing,
    commit_unknown,
    too_little_history,
    not_comparable,
    build_failed,
    no_traces,
    traces_gone,
    verdicts_off,
    facts_failed,
  };
  Code code = Code::facts_failed;
  std::string sentence;
  bool operator==(const Unknown&) const = default;
};
const char* name_of(Unknown::Code code);

struct Counts {
  std::int64_t benchmarks = 0, slower = 0, failed = 0, unsure = 0, faster = 0, steady = 0,
               unknown = 0;
};

struct Comment {
  std::string repository, sha;
  std::optional<std::string> base_sha;
  Status status = Status::unknown;
  std::string headline;  ///< one sentence, plain text
  Counts counts;
  std::vector<Finding> findings;  ///< by kind, then the largest change first
  std::vector<Group> groups;
  std::vector<GrownSpan> spans;  ///< by finding, the largest first
  Reproduction reproduce;
  std::vector<Repeats> repeats;
  std::optional<Reproduction> next;  ///< finds the commit where it is one of several
  std::vector<FailedBuild> builds;
  std::vector<Unknown> unknown;
  std::string report_url;  ///< path and query of the page of the CI report
};

/// Paths on the web page.
std::string series_url_of(const Finding& finding);
std::optional<std::string> compare_url_of(const Finding& finding);
/// Path and query of the page of a comment.
std::string page_url_of(const Comment& comment);

}  // namespace bl::advice
