#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "results/exemplar.h"
#include "verdict/comparison.h"

/// Benchmark results: the values and their rules, without I/O. The source of every rule is
/// spec/results-conbench.md (section in brackets).
namespace bl::results {

/// Units of the success path [2.3]. `b/s` is rewritten to `B/s` before it gets here.
struct Unit {
  std::string_view symbol;     ///< B, B/s, s, ns, i/s
  std::string_view long_name;  ///< "bytes per second"
  verdict::Direction direction;
};
/// The units of the contract, then the operator's (units.h).
const std::vector<Unit>& known_units();
/// nullptr when unknown. Does not rewrite.
const Unit* find_unit(std::string_view symbol);
/// Old rows may hold any text: but for known units, more is better where it ends in `/s` [2.3].
verdict::Direction direction_of(std::string_view unit);

/// A hardware row: a machine with 16 values, or a cluster with two documents [2.4].
struct Hardware {
  enum class Type : unsigned char { machine, cluster };
  Type type = Type::machine;
  std::string name;
  // machine: texts
  std::optional<std::string> architecture_name, kernel_name, os_name, os_version, cpu_model_name;
  // machine: numbers
  std::optional<std::int64_t> cpu_l1d_cache_bytes, cpu_l1i_cache_bytes, cpu_l2_cache_bytes,
      cpu_l3_cache_bytes, cpu_core_count, cpu_thread_count, cpu_frequency_max_hz, memory_bytes,
      gpu_count;
  std::optional<std::vector<std::string>> gpu_product_names;
  // cluster
  json::Value info;           ///< null for machines
  json::Value optional_info;  ///< null for machines

  /// Decides comparability [2.4]: `m1-0-2-4-17179869184`, or the name and the MD5 of the canonical
  /// info. Missing counts are 0.
  std::string hash() const;
  /// Equal text <=> the same row: all 16 values, or name, info and optional_info.
  std::string identity() const;
};

/// What is known of a commit. `sha` empty: the result has no commit. `timestamp` absent: an unknown
/// commit, whose results never enter a history [2.7].
struct Commit {
  std::string sha;
  std::string repository;  ///< normalised
  std::optional<std::string> parent;
  std::optional<Timestamp> timestamp;  ///< author date
  std::string message;                 ///< first line, at most 240 characters
  std::string author_name;
  std::optional<std::string> author_login, author_avatar;
  std::optional<std::string> branch;
  std::optional<std::string> fork_point_sha;  ///< equal to sha: on the default branch
  /// What a submission says of its pull request: it helps to find the branch. The row has no place
  /// for it.
  std::optional<std::int64_t> pull_request;

  bool on_default_branch() const { return fork_point_sha && *fork_point_sha == sha; }
};

/// `git@github.com:` becomes `https://github.com/`, trailing slashes go [2.7]; `.git` stays: the
/// URL is part of a series' identity, and Conbench keeps it. Errors: invalid unless it then starts
/// with `https://` (the host is not restricted to GitHub).
Result<std::string> normalise_repository(std::string_view text);

/// The conceptual benchmark and its parameters [2.5].
struct Case {
  std::string name;
  json::Value tags;  ///< object, string values only, keys sorted, without `name`
};
/// `k=v` pairs sorted by key, joined with `, `; `no-permutations` when there are none [2.5].
std::string case_permutation(const Case& benchmark_case);
/// A tag's value as Python would print it; nullopt drops the key (null, ""). Arrays and objects are
/// the caller's fault.
std::optional<std::string> tag_text(const json::Value& value);

/// The numbers of one result. `data` and `times` keep the decimal text on the error path; on the
/// success path they are shortest round-trip doubles.
struct Stats {
  json::Array data;   ///< numbers and nulls
  json::Array times;  ///< numbers and nulls
  std::optional<std::string> unit, time_unit;
  std::optional<std::int64_t> iterations;
  std::optional<double> min, max, mean, median, stdev, q1, q3, iqr;
};

/// The eight aggregates as the success path computes them [2.3]; `samples` is not empty. Quantiles:
/// linear interpolation; stdev: ddof 1. Only the mean for fewer than three samples.
void set_aggregates(Stats& stats, const std::vector<double>& samples);

/// Single value summary [2.3].
enum class SummaryMode : unsigned char { best, mean };
struct Summary {
  std::optional<double> value;  ///< nullopt: failed
  std::string_view type;        ///< "min", "max", "mean", "n/a"
};

/// A result as it is submitted and stored.
struct BenchmarkResult {
  std::string id;  ///< empty before it is stored
  std::string run_id;
  std::optional<std::string> batch_id;
  Timestamp timestamp;
  std::optional<std::string> run_reason;
  json::Value run_tags = json::Value::object();
  Case benchmark_case;
  json::Value context = json::Value::object();
  json::Value info = json::Value::object();
  Hardware hardware;
  std::string repository;  ///< commit_repo_url
  Commit commit;
  Stats stats;
  json::Value error;                    ///< null = no error
  json::Value optional_benchmark_info;  ///< null when absent
  json::Value validation;               ///< null when absent
  json::Value change_annotations = json::Value::object();
  std::string history_fingerprint;  ///< set when stored

  /// No unit, no data, an error, or a null among the data [2.3].
  bool failed() const;
  Summary summary(SummaryMode mode) const;
  bool begins_distribution_change() const;
};

/// MD5 over case id, context id, hardware hash, repository, without separators [2.8].
std::string history_fingerprint(std::string_view case_id, std::string_view context_id,
                                std::string_view hardware_hash, std::string_view repository);

/// Who sent a submission, for its receipt (receipts.h): empty for commands and tests.
struct Submitter {
  std::string id;  ///< of the token or user
  std::string name;
};

/// What a client sent: the result, and how to recognise the same submission again [2.10].
struct Submission {
  BenchmarkResult result;
  std::vector<Exemplar> exemplars;  ///< traces that it names
  std::optional<std::string> submission_key;
  std::string payload_sha256;  ///< of decoding/payload.h
  Submitter submitter;         ///< no part of the payload
};

}  // namespace bl::results
