#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

/// What benchmark tools write, read into Conbench submissions (spec/results-conbench.md 2.2, as
/// JSON documents): one document per result, ready for `POST /api/results`. Readers are pure: bytes
/// in, documents out. What cannot become a result is named, never dropped silently.
namespace bl::formats {

enum class Format : unsigned char {
  conbench,          ///< one submission, an array of them, or NDJSON
  google_benchmark,  ///< `--benchmark_format=json`
  asv,               ///< a results directory of airspeed velocity, or one result file of it
};
const char* name_of(Format format);
/// Errors: invalid, with the names that exist.
Result<Format> parse_format(std::string_view name);
/// Looks at the bytes (a file) only. nullopt when it is none of ours.
std::optional<Format> detect(std::string_view bytes);

/// What the file does not say itself, or what the caller overrides. Absent: the file's own word,
/// else what was detected.
struct Facts {
  std::optional<std::string> run_id, batch_id, run_reason;
  std::optional<std::string> repository, commit, branch;
  std::optional<std::int64_t> pr_number;
  std::optional<Timestamp> timestamp;  ///< of results whose file has none
  json::Value commit_info;             ///< null, or the object of results/decode.h
  json::Value machine;                 ///< null, or machine_info; fills what the file does not say
  std::optional<std::string> machine_name;                     ///< overrides the name
  std::map<std::string, std::string> tags, context, run_tags;  ///< added to each result
};

/// Something in a file that did not become a result.
struct Skipped {
  std::string place;  ///< `file.json#/benchmarks/3`
  std::string reason;
};

struct Reading {
  std::vector<json::Value> submissions;
  std::vector<Skipped> skipped;
};

/// One file of a format that needs no other file. `place` names it in messages. Errors: malformed,
/// invalid (also a Conbench document that is no object: then nothing of the file is read).
Result<Reading> read_conbench(std::string_view bytes, const std::string& place, const Facts& facts);
Result<Reading> read_google_benchmark(std::string_view bytes, const std::string& place,
                                      const Facts& facts);

/// An asv results directory (the one that holds benchmarks.json and a folder per machine), read
/// file by file.
class AsvDirectory {
 public:
  /// `folder` is the results directory, or the asv project with `results/` in it (then
  /// asv.conf.json beside it gives the repository). Errors: not_found, malformed, invalid.
  static Result<AsvDirectory> open(Disk& disk, const std::string& folder);
  /// Result files, oldest commit first is not known before reading: by name.
  const std::vector<std::string>& files() const { return files_; }
  std::string path(std::size_t file) const { return folder_ + "/" + files_[file]; }
  /// One commit's results: one submission per benchmark and parameter combination. `date` is the
  /// commit's time, samples become `stats.data`; null is a failed benchmark (an error), NaN a
  /// combination that asv left out (skipped). Facts' machine is not laid over: the folder says
  /// itself where the results come from. Errors: malformed, invalid.
  Result<Reading> read(std::size_t file, const Facts& facts) const;

 private:
  Disk* disk_ = nullptr;
  std::string folder_;
  std::optional<std::string> repository_;
  json::Value benchmarks_;
  std::map<std::string, json::Value> machines_;
  std::vector<std::string> files_;
};

}  // namespace bl::formats
