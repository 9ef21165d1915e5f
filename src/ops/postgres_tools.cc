#include "ops/postgres_tools.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/numbers.h"
#include "base/program.h"
#include "base/uri.h"
#include "ops/store_access.h"

namespace bl::ops {
namespace {

std::string tool(const char* name) {
  const char* folder = getenv("BENCHLAKE_POSTGRES_BIN");
  return folder == nullptr ? name : std::string(folder) + "/" + name;
}

/// `pg_dump (PostgreSQL) 15.14 (Debian ...)` -> 15. Errors: unsupported.
Result<std::int64_t> major_version_of(const char* name) {
  const auto end = run_program({.words = {tool(name), "--version"}});
  if (!end.ok() || end->exit_code != 0) {
    return Error(Code::unsupported,
                 fmt::format("{} is needed for a store in PostgreSQL (Debian: apt install "
                             "postgresql-client); not found in BENCHLAKE_POSTGRES_BIN or PATH",
                             name));
  }
  const std::size_t begin = end->out.find(") ");
  const std::string_view rest =
      begin == std::string::npos ? "" : std::string_view(end->out).substr(begin + 2);
  const auto major = parse_int64(rest.substr(0, rest.find_first_not_of("0123456789")));
  if (major) return *major;
  return Error(Code::unsupported, fmt::format("{} tells no version: {}", name, end->out));
}

Result<void> demand_tool(const char* name, std::int64_t server_major) {
  BL_TRY(const std::int64_t major, major_version_of(name));
  if (major >= server_major) return {};
  return Error(Code::unsupported,
               fmt::format("{} is older than the server (PostgreSQL {}): {}; install "
                           "postgresql-client-{} or name its folder in BENCHLAKE_POSTGRES_BIN",
                           name, server_major, major, server_major));
}

Result<std::string> text_of(store::Connection& connection, const store::Sql& sql) {
  std::string text;
  BL_RETURN_IF_ERROR(connection.query(sql, {}, [&](const store::Row& row) {
    text = row.text(0);
    return true;
  }));
  return text;
}

Result<std::int64_t> server_major(store::Connection& connection) {
  BL_TRY(const std::string number, text_of(connection, "SHOW server_version_num"));
  return parse_int64(number).value_or(0) / 10'000;
}

/// Who and where for libpq's programs; the password stands in the environment.
Result<ProgramCall> call_of(const StorePlace& place, const char* name) {
  BL_TRY(Uri uri, parse_uri(place.uri));
  ProgramCall call;
  call.words = {tool(name), "--dbname=" + uri.redacted(), "--no-password"};
  if (!uri.password.empty()) call.variables["PGPASSWORD"] = uri.password;
  // A tool that waits for a lock for ever would look like one that works.
  call.variables["PGOPTIONS"] = "-c lock_timeout=60s";
  return call;
}

Error error_of(const char* name, const ProgramEnd& end) {
  std::string_view words = end.err;
  while (words.ends_with('\n')) words.remove_suffix(1);
  if (words.size() > 500) words = words.substr(0, 500);
  const bool is_full = end.err.find("No space left on device") != std::string::npos;
  return Error(is_full ? Code::disk_full : Code::io,
               fmt::format("{} ended with {}: {}", name, end.exit_code, words));
}

Result<void> run_dump(const StorePlace& place, const std::string& snapshot, const std::string& path,
                      const Progress& progress) {
  BL_TRY(ProgramCall call, call_of(place, "pg_dump"));
  call.words.insert(call.words.end(),
                    {"--format=custom", "--no-owner", "--no-privileges", "--schema=public",
                     "--schema=benchlake", "--snapshot=" + snapshot, "--file=" + path});
  call.go_on = [&] {
    struct stat facts{};
    const bool is_there = stat(path.c_str(), &facts) == 0;
    return progress("dumping", is_there ? static_cast<std::uint64_t>(facts.st_size) : 0, 0);
  };
  BL_TRY(const ProgramEnd end, run_program(call));
  if (end.exit_code != 0) return error_of("pg_dump", end);
  return {};
}

/// Gone with this object.
class TemporaryFile {
 public:
  static Result<TemporaryFile> with(std::string_view content) {
    std::string path = std::filesystem::temp_directory_path() / "benchlake-restore-XXXXXX";
    const int file = mkstemp(path.data());
    if (file < 0) return Error(Code::io, "cannot make a temporary file: " + path);
    TemporaryFile made(path);
    const ssize_t written = write(file, content.data(), content.size());
    close(file);
    if (written == static_cast<ssize_t>(content.size())) return made;
    return Error(Code::disk_full, "cannot write a temporary file: " + path);
  }
  ~TemporaryFile() {
    if (!path_.empty()) unlink(path_.c_str());
  }
  TemporaryFile(TemporaryFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

/// What is in the dump, but not the schemas themselves: those cannot be dropped while they hold
/// something that is not in the dump, and need not be.
Result<std::string> list_without_schemas(const std::string& path) {
  BL_TRY(const ProgramEnd end, run_program({.words = {tool("pg_restore"), "--list", path}}));
  if (end.exit_code != 0) return error_of("pg_restore", end);
  std::string list;
  std::string_view rest = end.out;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, std::min(rest.find('\n'), rest.size() - 1) + 1);
    rest.remove_prefix(line.size());
    const bool is_schema = line.find(" SCHEMA - ") != std::string_view::npos ||
                           line.find(" COMMENT - SCHEMA ") != std::string_view::npos;
    if (!is_schema) list += line;
  }
  return list;
}

}  // namespace

Result<void> dump_postgres(const StorePlace& place, const std::string& path, const Clock& clock,
                           Manifest& manifest, const Progress& progress) {
  BL_TRY(const OpenedStore opened, open_for_reading(place, clock));
  BL_TRY(const auto steps, store::plan_migrations(*opened.database, {}));
  manifest.schema = steps.empty() ? 0 : steps.back().number;
  // The transaction that exports the snapshot stays open until pg_dump has ended.
  return opened.database->read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(const std::int64_t major, server_major(connection));
    BL_RETURN_IF_ERROR(demand_tool("pg_dump", major));
    BL_TRY(const std::string snapshot, text_of(connection, "SELECT pg_export_snapshot()"));
    BL_TRY(manifest.tables, store::count_rows(connection));
    return run_dump(place, snapshot, path, progress);
  });
}

Result<void> load_postgres(const RestoreTarget& target, const std::string& path,
                           const Progress& progress) {
  BL_RETURN_IF_ERROR(demand_tool("pg_restore", 0));
  BL_TRY(const std::string list, list_without_schemas(path));
  BL_TRY(const TemporaryFile list_file, TemporaryFile::with(list));
  BL_TRY(ProgramCall call, call_of(target.place, "pg_restore"));
  call.words.insert(call.words.end(), {"--single-transaction", "--exit-on-error", "--no-owner",
                                       "--no-privileges", "--use-list=" + list_file.path()});
  if (target.clean) call.words.insert(call.words.end(), {"--clean", "--if-exists"});
  call.words.push_back(path);
  call.go_on = [&] { return progress("restoring", 0, 0); };
  BL_TRY(const ProgramEnd end, run_program(call));
  if (end.exit_code == 0) return {};
  Error error = error_of("pg_restore", end);
  if (end.err.find("already exists") != std::string::npos) error.code = Code::conflict;
  return error;
}

}  // namespace bl::ops
