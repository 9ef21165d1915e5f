#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/disk.h"
#include "base/testing/temporary_folder.h"
#include "events/open_log.h"
#include "store/testing/postgres_server.h"

/// Where the logs of a test lie: a SQLite file each, or with BL_TEST_STORE=postgres a database each
/// of a real server.
namespace bl::events::testing {

inline bool on_postgres() {
  const char* store = std::getenv("BL_TEST_STORE");
  return store != nullptr && std::string_view(store) == "postgres";
}

/// One log that can be opened again and again; gone with this.
class LogPlace {
 public:
  enum class Kind : unsigned char { owned, shared, postgres };
  explicit LogPlace(Kind kind = on_postgres() ? Kind::postgres : Kind::owned) : kind_(kind) {
    if (kind == Kind::postgres) {
      database_ = store::testing::PostgresServer::shared().create_database();
    }
  }
  ~LogPlace() {
    if (kind_ == Kind::postgres) {
      store::testing::PostgresServer::shared().drop_database(database_);
    }
  }
  LogPlace(const LogPlace&) = delete;
  LogPlace& operator=(const LogPlace&) = delete;

  std::string path() const { return folder_.at("events.db"); }
  std::string folder() const { return folder_.path(); }
  /// `more`: `strict=1`, ...
  std::string uri(const std::string& more = "") const {
    std::string uri = kind_ == Kind::postgres
                          ? store::testing::PostgresServer::shared().uri(database_)
                          : "sqlite://" + path();
    std::string parameters = kind_ == Kind::shared ? "shared=1" : "";
    if (!more.empty()) parameters += (parameters.empty() ? "" : "&") + more;
    if (!parameters.empty()) uri += (uri.find('?') == std::string::npos ? "?" : "&") + parameters;
    return uri;
  }
  LogWorld world(const std::string& scratch = "scratch") {
    return {disk(), clock_, random_, metrics_, log_, folder_.at(scratch)};
  }
  Result<std::unique_ptr<EventLog>> try_open(const std::string& more = "",
                                             const std::string& scratch = "scratch") {
    BL_TRY(const LogUri parsed, parse_log_uri(uri(more)));
    return open_log(parsed, world(scratch));
  }
  std::unique_ptr<EventLog> open(const std::string& more = "",
                                 const std::string& scratch = "scratch") {
    auto opened = try_open(more, scratch);
    if (!opened.ok()) std::fprintf(stderr, "%s\n", opened.error().message.c_str());
    BL_CHECK(opened.ok());
    return std::move(opened).value();
  }
  std::string database() const { return database_; }
  Metrics& metrics() { return metrics_; }

 private:
  static Disk& disk() {
    static const std::unique_ptr<Disk> disk = make_real_disk();
    return *disk;
  }

  const Kind kind_;
  TemporaryFolder folder_;
  std::string database_;
  SystemClock clock_;
  SystemRandom random_;
  Metrics metrics_;
  Log log_{clock_, LogLevel::error, [](std::string_view) {}};
};

}  // namespace bl::events::testing
