// The log of build events for `backup` and `restore` while no server runs.
#include <filesystem>

#include "app/event_log.h"
#include "base/uri.h"
#include "events/copy_log.h"
#include "events/open_log.h"

namespace bl::app {
namespace {

/// What a command opens a log with.
struct LogAround {
  explicit LogAround(std::string scratch) : scratch(std::move(scratch)) {}
  events::LogWorld world() { return {*disk, clock, random, metrics, log, scratch}; }
  /// Errors: those of opening.
  Result<std::unique_ptr<events::EventLog>> open(const events::LogUri& uri) {
    BL_RETURN_IF_ERROR(disk->make_folder(scratch));
    return events::open_log(uri, world());
  }
  /// nullopt: there is none.
  Result<std::unique_ptr<events::EventLog>> open_if_there(events::LogUri uri) {
    const auto wanted = uri.mode;
    uri.mode = events::LogUri::Mode::read;
    auto log = open(uri);
    if (!log.ok() && log.error().code == Code::not_found) {
      return std::unique_ptr<events::EventLog>();
    }
    // What processes that are gone have left in journals belongs to a Delta log.
    const bool has_journals = uri.backend == events::LogUri::Backend::delta;
    if (!log.ok() || !has_journals || wanted == events::LogUri::Mode::read) return log;
    log->reset();
    uri.mode = events::LogUri::Mode::normal;
    return open(uri);
  }

  const std::string scratch;
  const std::unique_ptr<Disk> disk = make_real_disk();
  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  Log log{clock, LogLevel::warning, stderr_sink()};
};

/// Errors: unsupported (it is not on this machine's disk).
Result<std::vector<std::string>> files_of(const events::LogUri& uri) {
  using Backend = events::LogUri::Backend;
  if (uri.backend == Backend::sqlite)
    return std::vector{uri.path, uri.path + "-wal", uri.path + "-shm", uri.path + "-journal"};
  if (uri.backend == Backend::delta && uri.bucket.empty()) return std::vector{uri.path};
  return Error{Code::unsupported,
               "not supported: moving a log of build events aside that is not on this machine's "
               "disk; name another one, or remove what is there: " +
                   uri.shown};
}

bool is_one_database(const events::LogUri& log, const std::string& store_uri) {
  if (log.backend != events::LogUri::Backend::postgres) return false;
  const auto one = parse_uri(log.database), other = parse_uri(store_uri);
  return one.ok() && other.ok() && other->scheme != "sqlite" && one->host == other->host &&
         one->port == other->port && one->path == other->path;
}

}  // namespace

Result<std::optional<std::int64_t>> copy_for_backup(events::EventLog& log,
                                                    const std::string& folder,
                                                    const events::LogWorld& world,
                                                    const ops::Progress& progress) {
  BL_TRY(const std::int64_t events,
         events::copy_log(log, folder, world, [&](std::int64_t done, std::int64_t total) {
           return progress("copying build events", static_cast<std::uint64_t>(done),
                           static_cast<std::uint64_t>(total));
         }));
  return std::optional(events);
}

ops::EventLogPort event_log_port(const EventSettings& settings, const std::string& data_folder,
                                 const std::string& store_uri) {
  ops::EventLogPort port;
  if (settings.log_uri.empty()) return port;
  auto parsed = events::parse_log_uri(settings.log_uri);
  if (!parsed.ok()) return port;  // the settings were read: it is one
  const events::LogUri uri = *std::move(parsed);
  const std::string scratch =
      std::filesystem::absolute(data_folder).lexically_normal().string() + "/events";
  port.shown = uri.shown;
  port.copy = [uri, scratch](const std::string& folder,
                             const ops::Progress& progress) -> Result<std::optional<std::int64_t>> {
    LogAround around(scratch);
    BL_TRY(const auto log, around.open_if_there(uri));
    if (log == nullptr) return std::optional<std::int64_t>();
    return copy_for_backup(*log, folder, around.world(), progress);
  };
  // The store's own rows are asked for, and its tables replaced, by the store's restore.
  const bool is_in_store = is_one_database(uri, store_uri);
  port.is_there = [uri, scratch, is_in_store]() -> Result<bool> {
    if (is_in_store) return false;
    LogAround around(scratch);
    BL_TRY(const auto log, around.open_if_there(uri));
    if (log == nullptr) return false;
    BL_TRY(const events::LogStatus status, log->status());
    return status.events > 0;
  };
  port.files = [uri] { return files_of(uri); };
  port.load = [uri, scratch](const std::string& folder, std::int64_t events,
                             const ops::Progress& progress) -> Result<void> {
    LogAround around(scratch);
    BL_TRY(const auto log, around.open(uri));
    return events::load_log(
        folder, events, *log, around.world(), [&](std::int64_t done, std::int64_t total) {
          return progress("", static_cast<std::uint64_t>(done), static_cast<std::uint64_t>(total));
        });
  };
  return port;
}

}  // namespace bl::app
