#include "lake/ducklake/attach.h"

#include <fmt/format.h>

#include "base/json.h"
#include "duck/connection.h"
#include "lake/ducklake/listing.h"
#include "objects/s3_access.h"

namespace bl::lake {
namespace {

// An object that names the lake's catalog: the number that its first schema got when it was made.
constexpr const char* k_marker = "catalog.json";
constexpr std::string_view k_version = "1.0";

enum class Found : unsigned char { nothing, a_catalog };

Error of_another(std::string_view what, const CatalogPlace& place) {
  return Error{Code::unsupported, fmt::format("not supported: {}: {}", what, place.address)};
}

Result<Found> check_version(CatalogSession& session, const CatalogPlace& place) {
  auto rows = session.look_at("bl_probe", fmt::format("SELECT m.value FROM {} m WHERE m.{} = "
                                                      "'version'",
                                                      place.table("metadata"), "key"));
  if (!rows.ok()) return std::move(rows).error();
  if (rows->count() != 1 || !rows->text(0, 0)) {
    return Error{Code::corrupt, "the catalog does not say its version: " + place.address};
  }
  if (*rows->text(0, 0) == k_version) return Found::a_catalog;
  return of_another(fmt::format("a lake's catalog of version {} (this program writes {})",
                                *rows->text(0, 0), k_version),
                    place);
}

Result<Found> probe_sqlite(CatalogSession& session, const CatalogPlace& place) {
  BL_TRY(const Rows rows, session.look_at("bl_probe",
                                          "SELECT count(*) AS a, coalesce(sum(name = "
                                          "'ducklake_metadata'), 0) AS b FROM sqlite_master"));
  if (rows.number(0, 0) == 0) return Found::nothing;
  if (rows.number(0, 1) == 0) return of_another("a SQLite file that is no lake's catalog", place);
  return check_version(session, place);
}

Result<Found> probe_postgres(CatalogSession& session, const CatalogPlace& place) {
  BL_TRY(const Rows rows,
         session.look_at("bl_probe",
                         fmt::format("SELECT count(*) AS a, count(*) FILTER (WHERE tablename = "
                                     "'ducklake_metadata') AS b FROM pg_tables WHERE schemaname = "
                                     "'{}'",
                                     place.schema)));
  if (rows.number(0, 0) == 0) return Found::nothing;
  if (rows.number(0, 1) == 0) {
    return of_another(
        fmt::format("a schema with tables that are no lake's catalog ({})", place.schema), place);
  }
  return check_version(session, place);
}

const char* scanner_of(const CatalogPlace& place) {
  return place.kind == CatalogPlace::Kind::sqlite ? "sqlite_scanner" : "postgres_scanner";
}

Result<void> attach_plain(CatalogSession& session, const CatalogPlace& place,
                          std::string_view name) {
  BL_TRY(const std::string target, duck::quoted_text(place.target));
  const bool sqlite = place.kind == CatalogPlace::Kind::sqlite;
  auto attached = session.run(
      fmt::format("ATTACH {} AS {} (TYPE {})", target, name, sqlite ? "sqlite" : "postgres"));
  if (!attached.ok()) return std::move(attached).error().with_context(place.address);
  return {};
}

/// What is there, before the extension touches it.
Result<Found> probe(CatalogSession& session, const CatalogPlace& place, Disk& disk) {
  const bool sqlite = place.kind == CatalogPlace::Kind::sqlite;
  if (sqlite) {
    BL_TRY(const bool there, disk.exists(place.target));
    if (!there) return Found::nothing;
  }
  BL_RETURN_IF_ERROR(attach_plain(session, place, "bl_probe"));
  auto found = sqlite ? probe_sqlite(session, place) : probe_postgres(session, place);
  (void)session.run("DETACH bl_probe");
  if (!found.ok() && found.error().message.find(place.address) == std::string::npos) {
    return std::move(found).error().with_context(place.address);
  }
  return found;
}

Result<std::string> read_marker(objects::ObjectStore& store) {
  auto bytes = store.get(k_marker);
  if (!bytes.ok()) {
    if (bytes.error().code == Code::not_found) return std::string();
    return std::move(bytes).error();
  }
  const auto document = json::parse(*bytes);
  const json::Value* named = document.ok() ? document->find("catalog") : nullptr;
  if (named == nullptr || !named->is_string()) {
    return Error{Code::corrupt,
                 fmt::format("not what names a lake's catalog: {}", store.address(k_marker))};
  }
  return named->as_string();
}

Result<void> write_marker(objects::ObjectStore& store, const std::string& number) {
  std::string text;
  json::Writer(text).begin_object().member("format", 1).member("catalog", number).end_object();
  return store.put_if_absent(k_marker, text + "\n");
}

Result<void> attach(CatalogSession& session, const CatalogPlace& place,
                    const std::string& data_path, bool make) {
  const bool sqlite = place.kind == CatalogPlace::Kind::sqlite;
  BL_TRY(const std::string target,
         duck::quoted_text((sqlite ? "ducklake:sqlite:" : "ducklake:postgres:") + place.target));
  BL_TRY(const std::string path, duck::quoted_text(data_path));
  const std::string more = sqlite ? std::string("META_BUSY_TIMEOUT 5000")
                                  : fmt::format("METADATA_SCHEMA '{}'", place.schema);
  const auto attached = session.run(
      fmt::format("ATTACH {} AS lake (DATA_PATH {}, OVERRIDE_DATA_PATH true, CREATE_IF_NOT_EXISTS "
                  "{}, {})",
                  target, path, make, more));
  if (!attached.ok()) return Error(attached.error()).with_context(place.address);
  return {};
}

/// The catalog of these objects, and no other's. Gives its number.
Result<std::string> check_marker(CatalogSession& session, const CatalogPlace& place,
                                 const CatalogOptions& options, objects::ObjectStore& store,
                                 const std::string& marker) {
  BL_TRY(const Rows rows, session.look(fmt::format("SELECT x.schema_uuid FROM {} x WHERE "
                                                   "x.schema_id = 0",
                                                   place.table("schema"))));
  if (rows.count() != 1 || !rows.text(0, 0)) {
    return Error{Code::corrupt, "the catalog has no first schema: " + place.address};
  }
  std::string number(*rows.text(0, 0));
  if (number == marker) return number;
  if (!marker.empty()) {
    Listing listing(session, place, "");
    BL_TRY(const std::int64_t head, listing.head());
    BL_TRY(const auto tables, listing.tables(head));
    if (options.creation != CatalogCreation::anew || !tables.empty()) {
      return Error{Code::conflict,
                   fmt::format("this is the catalog of another lake than that of {}: {}",
                               store.address(k_marker), place.address)};
    }
    BL_RETURN_IF_ERROR(store.remove(k_marker));
  }
  const auto written = write_marker(store, number);
  if (written.ok()) return number;
  if (written.error().code != Code::conflict) return written.error();
  BL_TRY(const std::string other, read_marker(store));  // another process was faster
  if (other == number) return number;
  return Error{Code::conflict, "the objects of this lake have another catalog: " + place.address};
}

/// Where the files of tables lie, in the catalog's rows: `tables/` of the lake's objects.
Result<void> set_paths(CatalogSession& session, const CatalogPlace& place,
                       const std::string& data_path) {
  BL_TRY(const Rows front, session.look(fmt::format("SELECT x.path FROM {} x WHERE x.schema_id = 0",
                                                    place.table("schema"))));
  if (front.text(0, 0) == "main/") {
    BL_TRY(const Rows tables, session.look(fmt::format("SELECT count(*) AS n FROM {} x WHERE "
                                                       "x.schema_id = 0",
                                                       place.table("table"))));
    if (tables.number(0, 0) != 0) {
      return of_another("a catalog with tables that another program made", place);
    }
    auto moved = session.run(fmt::format("UPDATE {} SET path = 'tables/' WHERE schema_id = 0",
                                         place.attached_table("schema")));
    if (!moved.ok()) return std::move(moved).error();
  }
  BL_TRY(const Rows path, session.look(fmt::format("SELECT m.value FROM {} m WHERE m.{} = "
                                                   "'data_path'",
                                                   place.table("metadata"), "key")));
  if (path.count() == 1 && path.text(0, 0) == data_path) return {};
  auto set = session.run(fmt::format("UPDATE {} SET \"value\" = $1 WHERE \"key\" = 'data_path'",
                                     place.attached_table("metadata")),
                         {data_path});  // the lake was moved
  if (!set.ok()) return std::move(set).error();
  return {};
}

/// Small inserts of others become files, not rows of the catalog that files do not show.
Result<void> set_options(CatalogSession& session, const CatalogPlace& place) {
  BL_TRY(const Rows set, session.look(fmt::format("SELECT count(*) AS n FROM {} m WHERE m.{} = "
                                                  "'data_inlining_row_limit' AND m.scope = "
                                                  "'schema'",
                                                  place.table("metadata"), "key")));
  if (set.number(0, 0) != 0) return {};
  auto done = session.run("CALL lake.set_option('data_inlining_row_limit', 0, schema => 'main')");
  if (!done.ok()) return std::move(done).error();
  return {};
}

Result<void> make_publishers(CatalogSession& session, const CatalogPlace& place) {
  BL_TRY(const Rows there, session.look(fmt::format("SELECT count(*) AS n FROM {} x WHERE "
                                                    "x.schema_name = '{}'",
                                                    place.table("schema"), k_publishers)));
  if (there.number(0, 0) != 0) return {};
  const std::string statements[] = {
      "BEGIN", fmt::format("CREATE SCHEMA lake.{}", k_publishers),
      fmt::format("CREATE TABLE lake.{}.{}(number BIGINT)", k_publishers, k_fence),
      fmt::format("INSERT INTO lake.{}.{} VALUES (0)", k_publishers, k_fence), "COMMIT"};
  for (const std::string& statement : statements) {
    auto done = session.run(statement);
    if (done.ok()) continue;
    Error error = std::move(done).error();
    (void)session.run("ROLLBACK");
    return error;
  }
  return {};
}

/// The official catalog has no indexes but of its keys.
Result<void> make_indexes(CatalogSession& session, const CatalogPlace& place) {
  const std::pair<const char*, const char*> wanted[] = {
      {"file_column_stats", "table_id, data_file_id"}, {"data_file", "table_id"}};
  const bool sqlite = place.kind == CatalogPlace::Kind::sqlite;
  BL_TRY(const Rows rows,
         session.look(sqlite ? std::string("SELECT count(*) AS n FROM sqlite_master WHERE name "
                                           "LIKE 'bl_%_of_table'")
                             : fmt::format("SELECT count(*) AS n FROM pg_indexes WHERE schemaname "
                                           "= '{}' AND indexname LIKE 'bl_%_of_table'",
                                           place.schema)));
  if (rows.number(0, 0) == std::ssize(wanted)) return {};
  for (const auto& [table, columns] : wanted) {
    const std::string name = fmt::format("bl_{}_of_table", table);
    std::string sql =
        fmt::format("CREATE INDEX IF NOT EXISTS {} ON {}({})", name,
                    sqlite ? place.attached_table(table) : place.table(table), columns);
    if (!sqlite) {
      BL_TRY(const std::string quoted, duck::quoted_text(sql));
      sql = fmt::format("CALL postgres_execute('__ducklake_metadata_lake', {})", quoted);
    }
    auto made = session.run(sql);
    if (!made.ok()) return std::move(made).error();
  }
  return {};
}

/// What makes a catalog this program's; every step may be found done.
Result<void> complete(CatalogSession& session, const CatalogPlace& place,
                      const std::string& data_path) {
  BL_RETURN_IF_ERROR(set_paths(session, place, data_path));
  BL_RETURN_IF_ERROR(set_options(session, place));
  BL_RETURN_IF_ERROR(make_publishers(session, place));
  return make_indexes(session, place);
}

}  // namespace

Result<std::unique_ptr<CatalogSession>> changing_session(const CatalogOptions& options,
                                                         const CatalogPlace& place, Disk& disk) {
  duck::DatabaseOptions engine;
  engine.counts_progress = false;
  engine.limits.memory_bytes_max = options.limits.memory_bytes_max;
  engine.limits.temp_folder = options.temp_folder;
  engine.extensions.push_back(scanner_of(place));
  if (options.objects.starts_with("s3:")) engine.extensions.push_back("httpfs");
  engine.extensions.push_back("ducklake");
  BL_TRY(auto opened, duck::Database::open(std::move(engine)));
  BL_TRY(auto session, CatalogSession::open(std::move(opened), place, "__ducklake_metadata_lake",
                                            options.limits.call_time_max));
  BL_RETURN_IF_ERROR(tell_credentials(*session, options, disk));
  return session;
}

Result<std::unique_ptr<CatalogSession>> looking_session(const CatalogOptions& options,
                                                        const CatalogPlace& place) {
  duck::DatabaseOptions engine;
  engine.counts_progress = false;
  engine.limits.memory_bytes_max = options.limits.memory_bytes_max;
  engine.extensions.push_back(scanner_of(place));
  BL_TRY(auto opened, duck::Database::open(std::move(engine)));
  BL_TRY(auto session,
         CatalogSession::open(std::move(opened), place, "catalog", options.limits.call_time_max));
  BL_RETURN_IF_ERROR(attach_plain(*session, place, "catalog"));
  return session;
}

Result<void> attach_again(CatalogSession& session, const CatalogPlace& place,
                          const std::string& data_path) {
  return attach(session, place, data_path, false);
}

Result<void> tell_credentials(CatalogSession& session, const CatalogOptions& options, Disk& disk) {
  if (!options.objects.starts_with("s3:")) return {};
  BL_TRY(const objects::S3Access access,
         objects::s3_access(options.objects, options.variables, disk));
  const auto& settings = access.settings;
  const std::string scope = settings.text();
  std::string words;
  const std::pair<const char*, std::string_view> texts[] = {
      {"KEY_ID", access.access_key_id},
      {"SECRET", access.secret_access_key},
      {"SESSION_TOKEN", access.session_token},
      {"REGION", settings.region},
      {"ENDPOINT", settings.host},
      {"URL_STYLE", settings.style == objects::S3Settings::Style::path ? "path" : "vhost"},
      {"SCOPE", scope}};
  for (const auto& [key, text] : texts) {
    if (text.empty()) continue;
    BL_TRY(const std::string quoted, duck::quoted_text(text));
    words += fmt::format(", {} {}", key, quoted);
  }
  if (!settings.ca_file.empty()) {
    BL_TRY(const std::string file, duck::quoted_text(settings.ca_file));
    auto set = session.run("SET GLOBAL ca_cert_file = " + file);
    if (!set.ok()) return std::move(set).error();
  }
  // Errors of the engine quote its SQL: here they must not be handed on.
  const auto told = session.run(fmt::format(
      "CREATE OR REPLACE SECRET bl_lake (TYPE s3{}, USE_SSL {})", words, settings.https));
  if (told.ok()) return {};
  return Error{told.error().code,
               "the engine does not take the credentials for " + settings.text()};
}

Result<std::string> attach_catalog(CatalogSession& session, const CatalogOptions& options,
                                   const CatalogPlace& place, const std::string& data_path,
                                   objects::ObjectStore& store, Disk& disk) {
  BL_TRY(const Found found, probe(session, place, disk));
  BL_TRY(const std::string marker, read_marker(store));
  if (found == Found::nothing) {
    if (options.creation == CatalogCreation::never) {
      return Error{Code::not_found, "no catalog of a lake is there: " + place.address};
    }
    if (!marker.empty() && options.creation != CatalogCreation::anew) {
      return Error{Code::corrupt,
                   "the lake's catalog is gone; `lake rebuild` makes it anew from the files: " +
                       place.address};
    }
  }
  BL_RETURN_IF_ERROR(attach(session, place, data_path, found == Found::nothing));
  BL_TRY(std::string number, check_marker(session, place, options, store, marker));
  BL_RETURN_IF_ERROR(complete(session, place, data_path));
  return number;
}

}  // namespace bl::lake
