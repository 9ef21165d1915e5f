#include "lake/ducklake/place.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/uri.h"

namespace bl::lake {
namespace {

/// `key='it\'s'`: a word of libpq's connection string.
std::string word(std::string_view key, std::string_view value) {
  std::string out(key);
  out += "='";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

bool is_schema_name(std::string_view name) {
  return !name.empty() && name.size() <= 63 && name.front() >= 'a' && name.front() <= 'z' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

Result<CatalogPlace> sqlite_place(const Uri& uri) {
  if (!uri.path.starts_with('/') || uri.path.ends_with('/') || !uri.query.empty()) {
    return Error{Code::invalid,
                 "a catalog in SQLite is sqlite:///ABSOLUTE/FILE: " + uri.redacted()};
  }
  CatalogPlace place;
  place.target = uri.path;
  place.address = "ducklake:sqlite:" + uri.path;
  return place;
}

Result<CatalogPlace> postgres_place(const Uri& uri, const CatalogOptions& options) {
  if (!is_schema_name(options.schema)) {
    return Error{Code::invalid,
                 "a catalog's schema is letters, digits and _ in lower case: " + options.schema};
  }
  std::string database = uri.path;
  if (database.starts_with('/')) database.erase(0, 1);
  if (database.empty() || database.find('/') != std::string::npos) {
    return Error{Code::invalid,
                 "a catalog in PostgreSQL is postgres://USER@HOST/DATABASE: " + uri.redacted()};
  }
  std::string shown = word("dbname", database);
  if (!uri.host.empty()) shown += " " + word("host", uri.host);
  if (!uri.port.empty()) shown += " " + word("port", uri.port);
  if (!uri.user.empty()) shown += " " + word("user", uri.user);
  CatalogPlace place;
  place.kind = CatalogPlace::Kind::postgres;
  place.schema = options.schema;
  place.address = "ducklake:postgres:" + shown;
  // A server that went away is noticed; what a lost client left open there ends.
  const auto seconds = std::max<std::int64_t>(options.limits.call_time_max.count() / 1'000, 1);
  place.target = shown + fmt::format(
                             " application_name='benchlake lake' connect_timeout='10' "
                             "keepalives_idle='10' keepalives_interval='5' keepalives_count='3' "
                             "tcp_user_timeout='{0}000' options='-c statement_timeout={0}s "
                             "-c idle_in_transaction_session_timeout={1}s'",
                             seconds, 2 * seconds);
  for (const auto& [key, value] : uri.query) place.target += " " + word(key, value);
  if (!uri.password.empty()) {
    place.password = uri.password;
    place.target += " " + word("password", uri.password);
  }
  return place;
}

}  // namespace

std::string CatalogPlace::table(const char* name) const {
  if (kind == Kind::sqlite) return fmt::format("ducklake_{}", name);
  return fmt::format("\"{}\".ducklake_{}", schema, name);
}

std::string CatalogPlace::attached_table(const char* name) const {
  return std::string("__ducklake_metadata_lake.") + (kind == Kind::sqlite ? "main." : "") +
         table(name);
}

Result<CatalogPlace> catalog_place(const CatalogOptions& options) {
  BL_TRY(const Uri uri, parse_uri(options.catalog));
  if (uri.scheme == "sqlite") return sqlite_place(uri);
  if (uri.scheme == "postgres") return postgres_place(uri, options);
  return Error{Code::unsupported,
               "not supported: a catalog of this kind (there are sqlite:///FILE and "
               "postgres://USER@HOST/DATABASE): " +
                   uri.redacted()};
}

}  // namespace bl::lake
