#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/certificate.h"
#include "store/database.h"
#include "store/inspection.h"

/// What an operator works on, in values. No I/O.
namespace bl::ops {

/// Where a store is and how much room it may take.
struct StorePlace {
  std::string uri;
  store::Dialect dialect = store::Dialect::sqlite;
  std::string file;      ///< SQLite: the database file
  std::string redacted;  ///< the URI without its password, for people
  store::DatabaseLimits limits;
};
/// Errors: those of parse_uri.
Result<StorePlace> place_of(const std::string& uri, const store::DatabaseLimits& limits);

/// One thing that doctor looked at.
struct Finding {
  enum class Severity : unsigned char {
    fine,
    note,     ///< worth knowing
    warning,  ///< works today
    error,    ///< does not work, or loses data
  };
  Severity severity = Severity::fine;
  std::string check;   ///< `schema`, `disk_space`: for scripts
  std::string where;   ///< a file, a setting, a table
  std::string what;    ///< one sentence
  std::string remedy;  ///< what to do; empty when nothing
};
const char* name_of(Finding::Severity severity);

/// A number about what is stored, from the domain that knows it.
struct StoredFact {
  std::string name;   ///< `results`, `stale_series`
  std::string title;  ///< for people
  std::int64_t value = 0;
};

/// The lake's part of a backup, in the folder `FILE.lake`.
struct LakeManifest {
  std::vector<store::TableRows> tables;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;  ///< of them
  std::string list_sha256;  ///< of `files.json`, which has each file's
};

/// The part of a backup that is the log of build events, in the folder `FILE.events`.
struct EventsManifest {
  std::int64_t events = 0;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;  ///< of them
  std::string list_sha256;  ///< of `files.json`, which has each file's
};

/// What lies beside a backup, in `FILE.manifest.json`. A backup without it is not whole.
struct Manifest {
  store::Dialect dialect = store::Dialect::sqlite;
  std::uint64_t bytes = 0;
  std::string sha256;
  Timestamp made_at;
  std::string program_version;
  std::int64_t schema = 0;  ///< number of the newest migration
  std::vector<store::TableRows> tables;
  std::optional<LakeManifest> lake;      ///< nullopt: there was none, or it was left out
  std::optional<EventsManifest> events;  ///< likewise
};
std::string encode(const Manifest& manifest);
/// Errors: corrupt, unsupported (of a newer program).
Result<Manifest> decode_manifest(std::string_view text);
std::string manifest_path(const std::string& backup);

/// How far a long call is; false ends it with `cancelled`. `phase` is a word for people.
using Progress =
    std::function<bool(std::string_view phase, std::uint64_t done, std::uint64_t total)>;
/// The same for one phase. `progress` outlives it.
inline std::function<bool(std::uint64_t, std::uint64_t)> phase_of(const Progress& progress,
                                                                  std::string_view phase) {
  return [&progress, phase](std::uint64_t done, std::uint64_t total) {
    return progress(phase, done, total);
  };
}

}  // namespace bl::ops
