#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "base/result.h"

/// A real PostgreSQL for tests: a cluster of its own in a temporary folder, gone at the end. Root
/// becomes the user `postgres`, because the server refuses root. Needs the server's programs
/// (Debian: postgresql-15); BENCHLAKE_POSTGRES_BIN names another folder of them.
namespace bl::store::testing {

class PostgresServer {
 public:
  struct Options {
    bool fsync = false;  ///< tests outlive no power cut; benchmarks want it on
  };
  /// Errors: not_found (no server programs), io (initdb or the server failed; with its log).
  static Result<std::unique_ptr<PostgresServer>> start(const Options& options);
  static Result<std::unique_ptr<PostgresServer>> start() { return start(Options{}); }
  /// A hot standby that follows `primary` by streaming: what commits there is readable here a
  /// moment later. Errors as above.
  static Result<std::unique_ptr<PostgresServer>> start_standby_of(const PostgresServer& primary);
  /// One for the whole process, started when first asked for. BL_CHECKs that it starts.
  static PostgresServer& shared();

  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  /// `postgres://...` of a database, through its socket or through TCP on 127.0.0.1.
  std::string uri(const std::string& database) const;
  std::string tcp_uri(const std::string& database, int port) const;
  int port() const { return port_; }
  pid_t pid() const { return pid_; }
  const std::string& folder() const { return folder_; }

  /// A new empty database with a name of its own.
  std::string create_database();
  void drop_database(const std::string& name);
  /// Runs a statement as the superuser and gives its first column's first row, or "".
  std::string run(const std::string& database, const std::string& sql);

  enum class Stop : unsigned char { fast, kill };  ///< fast: SIGINT; kill: SIGKILL of all of it
  void stop(Stop how);
  /// Starts again after stop(), on the same port. BL_CHECKs that it does.
  void restart();

 private:
  PostgresServer() = default;
  Result<void> take_folder();
  Result<void> initialize();
  Result<void> launch();

  Options options_;
  std::string bin_, folder_;
  int port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace bl::store::testing
