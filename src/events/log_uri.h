#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

/// Where a log is (spec/events-delta.md 1.7).
namespace bl::events {

struct LogUri {
  enum class Backend : unsigned char { sqlite, postgres, delta };
  enum class Mode : unsigned char {
    normal,  ///< Delta: through the journal
    direct,  ///< Delta: each append is a commit
    read,    ///< nothing is written, nothing created
  };
  Backend backend = Backend::sqlite;
  Mode mode = Mode::normal;
  std::string database;  ///< SQL: the URI for store::open_database, without our parameters
  std::string path;      ///< SQLite: the file; Delta on a disk: the table's folder, absolute
  std::string bucket;    ///< Delta on S3; `path` is the prefix then, without `/` at either end
  std::string endpoint, region;
  bool path_style = false, allow_http = false;
  bool is_strict = false;                        ///< `strict=1`
  bool is_shared = false;                        ///< SQLite `shared=1`: a rollback journal
  bool is_synchronous = true;                    ///< SQLite `synchronous=normal`: false
  std::chrono::milliseconds flush_every{1'000};  ///< `flush_ms`
  std::int64_t flush_events = 10'000;            ///< `flush_events`
  std::optional<std::int64_t> checkpoint_interval;
  std::string shown;  ///< without secrets, for people and logs
};

/// `sqlite://FILE`, `postgres://...` (and `postgresql://`), `delta:///ABSOLUTE/PATH`,
/// `delta+s3://BUCKET/PATH`. Errors: invalid (names the part; an unknown scheme or parameter with
/// those there are), unsupported (`delta+azure`, `delta+gs`, by name). Credentials of S3 come from
/// the environment alone.
Result<LogUri> parse_log_uri(std::string_view text);

}  // namespace bl::events
