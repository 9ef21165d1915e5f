#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "store/database.h"

/// The store's change log as the replica reads it. Private to the replica.
namespace bl::results::replica {

/// A row of the change log: the last one that is taken care of. Its content tells whether the store
/// still has the past that the replica was made from.
struct LogPlace {
  std::int64_t seq = 0;  ///< 0: before the first
  std::string result_id;
  std::int64_t at = 0;
  bool operator==(const LogPlace&) const = default;
};

/// A place in all results by (timestamp, id).
struct ExportPlace {
  std::int64_t timestamp = 0;
  std::string id;
  bool operator==(const ExportPlace&) const = default;
};

/// What the newest snapshot of the lake's table `results` says of it (docs/formats/replica.md).
struct Note {
  std::string store;                ///< which store it is a replica of
  LogPlace log;                     ///< changes up to here are in the lake
  std::optional<ExportPlace> from;  ///< the first export goes on behind it; nullopt: it is over
};
std::string encode(const Note& note);
/// Errors: corrupt (with the note).
Result<Note> decode_note(std::string_view text);

/// The store's own name, made when it has none: a restored copy has the same.
Result<std::string> identity_of(store::Database& database, IdSource& ids);

/// Up to where the log is complete: no transaction that is under way will add a row below.
class SafeEnd {
 public:
  /// The newest place that is safe. It may be older than the log's end as long as writers are under
  /// way; then the next call is nearer to it.
  Result<LogPlace> look(store::Database& database);
  /// The last look was at the log's end of then.
  bool is_at_end() const { return !pending_; }

 private:
  // PostgreSQL: all rows up to `end` were asked for before the transaction `before` began, so they
  // are there or never will be once no older one is under way.
  struct Look {
    LogPlace end;
    std::int64_t before = 0;
  };
  std::optional<Look> pending_;
  LogPlace safe_;
};

/// True when the row at that place is still the same.
Result<bool> is_there(store::Database& database, const LogPlace& place);

struct Changes {
  LogPlace end;                    ///< of what was read
  std::set<std::string> inserted;  ///< results that were only inserted
  std::set<std::string> changed;   ///< updated, deleted, or more than once
  std::set<std::string> deleted;   ///< those of `changed` that were
  std::set<std::string> commits;   ///< commits of which more became known
  std::int64_t rows = 0;           ///< of the log
};
/// The rows behind `after` up to `end`, at most `rows_max` of them.
Result<Changes> read_changes(store::Connection& connection, const LogPlace& after,
                             const LogPlace& end, std::int64_t rows_max);

/// Removes rows before `place` that were written before `older_than`, the oldest ones first, at
/// most `rows_max` of them, in one transaction. The row of the place and the newest one stay. Gives
/// how many.
Result<std::int64_t> prune_log(store::Database& database, const LogPlace& place,
                               Timestamp older_than, std::int64_t rows_max);

struct LogLag {
  std::int64_t rows = 0;               ///< of the log behind a place, an estimate
  std::optional<Timestamp> oldest_at;  ///< when the first of them was written
};
Result<LogLag> lag_behind(store::Database& database, const LogPlace& place);

}  // namespace bl::results::replica
