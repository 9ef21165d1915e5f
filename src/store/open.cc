#include "store/open.h"

#include "base/uri.h"
#include "store/postgres/postgres_database.h"
#include "store/sqlite/sqlite_database.h"

namespace bl::store {

Result<std::unique_ptr<Database>> open_database(std::string_view uri, const DatabaseLimits& limits,
                                                Log& log, Metrics& metrics) {
  BL_TRY(const Uri parsed, parse_uri(uri));
  if (parsed.scheme == "postgres") return open_postgres(parsed, limits, log, metrics);
  if (parsed.scheme != "sqlite") {
    return Error(Code::unsupported,
                 "not supported: a store other than sqlite:///absolute.db, sqlite://relative.db, "
                 "sqlite::memory: and postgres://user@host/database: " +
                     parsed.redacted());
  }
  if (!parsed.query.empty()) {
    return Error(Code::invalid, "unknown parameter of the store's URI: " + parsed.query[0].first);
  }
  if (parsed.path.empty() || parsed.path.back() == '/') {
    return Error(Code::invalid, "the store's URI names no file: " + parsed.redacted());
  }
  return open_sqlite(parsed.path, limits, log, metrics);
}

}  // namespace bl::store
