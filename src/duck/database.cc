#include "duck/database.h"

#include <fmt/format.h>

#include "duck/engine/decimal_functions.h"
#include "duck/engine/session.h"
#include "duck/extensions.h"

namespace bl::duck {
namespace {

constexpr int k_threads_max = 1'024;

/// Settings that hold from the first moment, before any SQL.
Result<ConfigHandle> config_of(const DatabaseLimits& limits) {
  ConfigHandle config;
  duckdb_create_config(config.out());
  const std::pair<const char*, std::string> settings[] = {
      {"threads", std::to_string(limits.threads)},
      {"memory_limit", fmt::format("{}B", limits.memory_bytes_max)},
      {"temp_directory", limits.temp_folder},
      {"autoinstall_known_extensions", "false"},
      {"autoload_known_extensions", "false"},
      {"allow_community_extensions", "false"},
      {"allow_unsigned_extensions", "false"},
  };
  for (const auto& [name, value] : settings) {
    if (duckdb_set_config(config.get(), name, value.c_str()) != DuckDBSuccess) {
      return Error{Code::invalid,
                   fmt::format("the engine refuses its setting {}: {}", name, value)};
    }
  }
  return config;
}

Result<void> set_all(Connection& connection, std::initializer_list<std::string> settings) {
  for (const auto& setting : settings) {
    auto set = connection.run(setting);
    if (!set.ok()) return std::move(set).error();
  }
  return {};
}

Result<void> load_extensions(Connection& connection, const DatabaseOptions& options) {
  const std::string folder =
      options.extension_folder.empty() ? default_extension_folder() : options.extension_folder;
  for (const auto& name : options.extensions) {
    BL_TRY(const std::string path, checked_extension(folder, name));
    BL_TRY(const std::string quoted, quoted_text(path));
    auto loaded = connection.run("LOAD " + quoted);
    if (!loaded.ok()) return std::move(loaded).error().with_context("cannot load " + name);
  }
  return {};
}

/// What closes after the extensions were loaded.
Result<void> close_access(Connection& connection, const DatabaseOptions& options) {
  if (options.access == Access::everything) return {};
  std::string folders;
  if (options.access == Access::folders) {
    for (const auto& folder : options.folders) {
      BL_TRY(const std::string quoted, quoted_text(folder));
      folders += (folders.empty() ? "" : ", ") + quoted;
    }
  }
  if (!folders.empty()) {
    auto set = connection.run("SET allowed_directories = [" + folders + "]");
    if (!set.ok()) return std::move(set).error();
  }
  auto closed = connection.run("SET enable_external_access = false");
  if (!closed.ok()) return std::move(closed).error();
  return {};
}

}  // namespace

struct Database::State {
  // In this order: the handle closes first.
  Watchdog watchdog;
  Offers offers;
  DatabaseHandle handle;
  bool counts_progress = true;
};

Database::Database() : state_(std::make_unique<State>()) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(DatabaseOptions options) {
  if (duckdb_library_version() != k_engine_version) {
    return Error{Code::unsupported,
                 fmt::format("benchlake is built for DuckDB {}, the library is: {}",
                             k_engine_version, duckdb_library_version())};
  }
  if (options.limits.threads < 1 || options.limits.threads > k_threads_max) {
    return Error{Code::invalid, fmt::format("the engine has 1 to {} threads, not: {}",
                                            k_threads_max, options.limits.threads)};
  }
  BL_TRY(const ConfigHandle config, config_of(options.limits));
  std::unique_ptr<Database> database(new Database());
  database->state_->counts_progress = options.counts_progress;
  char* message = nullptr;
  const char* path = options.path.empty() ? nullptr : options.path.c_str();
  if (duckdb_open_ext(path, database->state_->handle.out(), config.get(), &message) !=
      DuckDBSuccess) {
    Error error = engine_error(message);
    duckdb_free(message);
    if (error.message.find("Could not set lock") != std::string::npos) error.code = Code::conflict;
    return std::move(error).with_context("cannot open the database");
  }
  BL_TRY(const auto connection, database->connect());
  BL_RETURN_IF_ERROR(
      register_batch_scan(connection->state_->handle.get(), database->state_->offers));
  BL_RETURN_IF_ERROR(register_decimal_functions(connection->state_->handle.get()));
  BL_RETURN_IF_ERROR(load_extensions(*connection, options));
  BL_RETURN_IF_ERROR(set_all(*connection, {// Footers are small and immutable: read once.
                                           "SET GLOBAL parquet_metadata_cache = true",
                                           // As a setting of open the engine forgets it.
                                           fmt::format("SET max_temp_directory_size = '{}B'",
                                                       options.limits.temp_bytes_max)}));
  BL_RETURN_IF_ERROR(close_access(*connection, options));
  return database;
}

Result<std::unique_ptr<Connection>> Database::connect() {
  auto session = std::unique_ptr<Connection::State>(
      new Connection::State{state_->watchdog, state_->offers, {}});
  if (duckdb_connect(state_->handle.get(), session->handle.out()) != DuckDBSuccess) {
    return Error{Code::internal, "the engine opens no connection"};
  }
  std::unique_ptr<Connection> connection(new Connection(std::move(session)));
  BL_RETURN_IF_ERROR(set_all(*connection, {"SET TimeZone = 'UTC'"}));
  if (state_->counts_progress) {
    // It is counted only where a bar is; printing it is off. Each of these makes a bar.
    BL_RETURN_IF_ERROR(set_all(
        *connection, {"SET enable_progress_bar = true", "SET enable_progress_bar_print = false",
                      "SET progress_bar_time = 0"}));
  }
  return connection;
}

Result<Database::Usage> Database::usage() {
  BL_TRY(const auto connection, connect());
  BL_TRY(auto answer,
         connection->query("SELECT sum(memory_usage_bytes)::BIGINT, "
                           "sum(temporary_storage_bytes)::BIGINT FROM duckdb_memory()"));
  BL_TRY(const auto batch, answer.all());
  BL_TRY(const auto memory, batch.column(0).as<std::int64_t>());
  BL_TRY(const auto temp, batch.column(1).as<std::int64_t>());
  return Usage{static_cast<std::uint64_t>(memory[0]), static_cast<std::uint64_t>(temp[0])};
}

}  // namespace bl::duck
