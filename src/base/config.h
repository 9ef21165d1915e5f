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

/// How a value is written: `text` and `duration_ms` are strings in the file, the others may stand
/// there as themselves.
enum class ConfigType {
  text,
  integer,
  boolean,      ///< `true`, `false`
  duration_ms,  ///< `250ms`, `5s`, `2m`, `12h`, `7d`, or `0`
  bytes,        ///< `4096`, `512B`, `16KiB`, `64MiB`, `2GiB`
};

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
  /// BL_CHECKs the table: names, unique, defaults of their type.
  /// Errors: invalid, naming file and line, variable or flag; every fault at once (of a file that
  /// is no TOML, the first).
  static Result<Config> load(const std::vector<ConfigKey>& keys, const Sources& sources);

  /// Each BL_CHECKs that the key is declared with that type.
  const std::string& text(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;  ///< also duration_ms and bytes
  bool boolean(std::string_view name) const;
  ConfigOrigin origin(std::string_view name) const;
  /// Warnings for the log: unknown BENCHLAKE_* variables (but BENCHLAKE_SHARED, _PERF_SEED,
  /// _GITHUB_API, and the commands' _SERVER, _TOKEN, _CA and
  /// _POSTGRES_BIN).
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  class Loader;
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

/// The environment variable of a key: `store.uri` -> BENCHLAKE_STORE_URI.
std::string environment_name(std::string_view key_name);

}  // namespace bl
