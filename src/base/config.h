#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// Configuration (DESIGN 10): TOML file, environment, flags; flag > environment > file > default.
/// Every key is declared once, in a table of ConfigKey; the file's unknown keys are errors with
/// line numbers, unknown BENCHLAKE_* variables are warnings, docs and `--help` are made from the
/// table.
namespace bl {

enum class ConfigType { text, integer, boolean, duration_ms, bytes };

/// One setting. `name` is `section.key`; section names have no `_`; the environment variable is
/// BENCHLAKE_SECTION_KEY.
struct ConfigKey {
  std::string name;
  ConfigType type = ConfigType::text;
  std::string default_text;  ///< as it would stand in the file, without quotes
  std::string help;          ///< one line
  bool secret = false;       ///< never printed
};

/// Where a value came from, for `doctor` and for error messages.
enum class ConfigOrigin { built_in, file, environment, flag };

/// All settings, resolved and checked for type. Immutable after load; any thread.
class Config {
 public:
  struct Sources {
    std::string file_name;                           ///< for messages
    std::optional<std::string> file_text;            ///< TOML
    std::map<std::string, std::string> environment;  ///< all variables of the process
    std::map<std::string, std::string> flags;        ///< `section.key` -> text
  };
  /// Errors: invalid, naming file and line, variable or flag; every fault at once.
  static Result<Config> load(const std::vector<ConfigKey>& keys, const Sources& sources);

  const std::string& text(
      std::string_view name) const;  ///< BL_CHECKs that the key is declared with that type
  std::int64_t integer(
      std::string_view name) const;  ///< also duration_ms (`5s`, `250ms`, `2m`) and bytes (`64MiB`)
  bool boolean(std::string_view name) const;
  ConfigOrigin origin(std::string_view name) const;
  /// Warnings for the log: unknown BENCHLAKE_* variables (but BENCHLAKE_SHARED, _PERF_SEED,
  /// _GITHUB_API).
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  struct Setting {
    ConfigKey key;
    std::string text;
    std::int64_t number = 0;
    ConfigOrigin origin = ConfigOrigin::built_in;
  };
  const Setting& setting(std::string_view name) const;
  std::map<std::string, Setting, std::less<>> settings_;
  std::vector<std::string> warnings_;
};

}  // namespace bl
