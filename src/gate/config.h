#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "formats/formats.h"
#include "gate/model.h"

/// gate.toml: what is measured, and how much slower it may become (docs/gate.md). Unknown keys are
/// errors; every fault of a file is named with its line.
namespace bl::gate {

inline constexpr double k_bound = 0.10;

/// Of a rate or another extra number of a benchmark.
struct ExtraBound {
  double bound = k_bound;
  Direction better = Direction::more_is_better;
  bool operator==(const ExtraBound&) const = default;
};

/// How much worse a figure may be, as a share: 0.1 is ten percent.
struct Bounds {
  double median = k_bound;
  std::map<int, double> percentiles;  ///< 50, 95, 99
  std::map<std::string, ExtraBound> rates;
  std::set<std::string> counters;  ///< must be equal to the digit
  bool operator==(const Bounds&) const = default;
};

/// How often and how long.
struct Effort {
  int rounds = 5;
  int rounds_max = 15;                                ///< when `rounds` of them cannot decide
  int warmup = 1;                                     ///< rounds before, not counted
  std::chrono::milliseconds timeout{600'000};         ///< of one run
  std::optional<std::chrono::milliseconds> time_max;  ///< no round beyond `rounds` starts later
  bool operator==(const Effort&) const = default;
};

/// A command that emits figures, or is timed itself.
struct Scenario {
  std::string name;
  std::vector<std::string> command;  ///< no shell; `{output}` is the file below
  bool is_timed = false;             ///< the whole command's wall time; else it emits a format
  bool may_be_timed = false;         ///< timed when what its first run prints is no known format
  std::optional<formats::Format> format;  ///< else looked for
  std::string output;  ///< the file that it writes; empty: `{output}`, else standard output
  std::string folder;  ///< empty: that of gate.toml
  std::map<std::string, std::string> env;
  Effort effort;
  Bounds bounds;
};

struct GateLimits {
  std::size_t file_bytes_max = 1 << 20;
  std::size_t scenarios_max = 1'000;
  int rounds_max = 1'000;
  std::chrono::milliseconds timeout_max = std::chrono::hours(24);
  std::chrono::milliseconds machine_time_max = std::chrono::days(365);
};

struct GateConfig {
  std::string baselines = "baselines";  ///< folder, seen from gate.toml
  double false_share_max = 0.05;  ///< `alpha`: of regressions that are none, among those reported
  /// How long a virtual machine counts as that of a baseline: its host's other guests change.
  /// Absent: until it is started again.
  std::optional<std::chrono::milliseconds> virtual_machine_time;
  std::vector<std::string> binaries;  ///< files whose SHA-256 a baseline names; seen from gate.toml
  /// By name, commands whose output a baseline keeps (a compiler and its flags). Another output now
  /// is a warning.
  std::map<std::string, std::vector<std::string>> provenance;
  std::vector<Scenario> scenarios;
};

/// Errors: malformed (no TOML), invalid (every fault with `FILE:LINE`), too_large.
Result<GateConfig> parse_gate_config(std::string_view toml, const std::string& file_name,
                                     const GateLimits& limits = {});

/// `10%`, `2.5%`: above 0, at most 1000. As a share.
std::optional<double> parse_percent(std::string_view text);
/// `250ms`, `5s`, `2m`, `1h`.
std::optional<std::chrono::milliseconds> parse_time(std::string_view text);

}  // namespace bl::gate
