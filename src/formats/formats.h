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
  pytest_benchmark,  ///< `--benchmark-json`, or a file of `--benchmark-save`
  hyperfine,         ///< `--export-json`
  go,                ///< `go test -bench`, as text or as the stream of `go test -json`
  criterion,         ///< a folder `target/criterion`, or `cargo criterion --message-format=json`
  jmh,               ///< `-rf json`
  folly,             ///< `--bm_json_verbose`, or `--json`
};
const char* name_of(Format format);
/// Errors: invalid, with the names that exist.
Result<Format> parse_format(std::string_view name);
/// The names that exist, in the order of the enum.
std::vector<std::string> format_names();
/// Looks at the bytes (a file) only. nullopt when it is none of ours; also Folly's `--json`, an
/// object of plain numbers, in which nothing says whose it is.
std::optional<Format> detect(std::string_view bytes);

/// What the file does not say itself, or what the caller overrides. Absent: the file's own word,
/// else what was detected.
struct Facts {
  std::optional<std::string> run_id, batch_id, run_reason;
  std::optional<std::string> repository, commit, branch;
  std::optional<std::int64_t> pr_number;
  std::optional<Timestamp> timestamp;  ///< of results whose file has none
  json::Value commit_info;             ///< null, or the object of results/decode.h
  /// Nobody named the commit, branch and pull request above: another commit that a file names wins,
  /// and then they say nothing of it.
  bool commit_is_detected = false;
  json::Value machine;  ///< null, or machine_info; fills what the file does not say
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

/// The unit is the seconds of a round; without `stats.data` (`--benchmark-save` leaves it out) the
/// minimum stands for the samples, and info says so.
Result<Reading> read_pytest_benchmark(std::string_view bytes, const std::string& place,
                                      const Facts& facts);
/// Wall time in seconds, one sample a run; user and system time and the memory as metrics of their
/// own. A command with an exit code other than 0 is an error.
Result<Reading> read_hyperfine(std::string_view bytes, const std::string& place,
                               const Facts& facts);
/// Repeats (`-count N`) of one benchmark of one package are the samples of one result.
Result<Reading> read_go(std::string_view bytes, const std::string& place, const Facts& facts);
/// The lines of `cargo criterion --message-format=json`.
Result<Reading> read_criterion_messages(std::string_view bytes, const std::string& place,
                                        const Facts& facts);
/// Iterations of all forks are the samples; of the mode `sample`, whose histograms may hold
/// millions, the mean of each iteration.
Result<Reading> read_jmh(std::string_view bytes, const std::string& place, const Facts& facts);
/// `--bm_json_verbose` in nanoseconds, `--json` in picoseconds; one sample each, Folly keeps no
/// more.
Result<Reading> read_folly(std::string_view bytes, const std::string& place, const Facts& facts);
/// Any of the above but asv, which needs its folder. Errors: as theirs; invalid for asv and for a
/// single file of Criterion's folder.
Result<Reading> read(Format format, std::string_view bytes, const std::string& place,
                     const Facts& facts);

/// Which format's folder it is: asv (benchmarks.json), Criterion (`*/new/benchmark.json`, also of
/// the folder above: `target`, or the checkout) or pytest-benchmark (`.benchmarks`). nullopt: none.
std::optional<Format> detect_folder(Disk& disk, const std::string& folder);
/// `target/criterion`, read as a whole: the newest measurement (`new`) of each benchmark; its
/// samples are nanoseconds per iteration. Errors: not_found (no measurement in it).
Result<Reading> read_criterion_folder(Disk& disk, const std::string& folder, const Facts& facts);
/// The files of a `.benchmarks` folder (`MACHINE/0001_*.json`), sorted.
std::vector<std::string> pytest_benchmark_files(Disk& disk, const std::string& folder);

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
