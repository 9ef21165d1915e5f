#pragma once

#include <memory>
#include <mutex>

#include "base/log.h"
#include "base/metrics.h"
#include "net/server.h"
#include "net/stream.h"

/// The pair that a server shows to new connections, and how it follows its files. Private to the
/// server.
namespace bl::net {

class ServedCertificate {
 public:
  /// Errors: invalid, with the file.
  static Result<std::unique_ptr<ServedCertificate>> load(const TlsOptions& options, Log& log,
                                                         Metrics& metrics);
  /// Shared, because a connection may still be made from a pair that has just been replaced.
  /// Threads: any.
  std::shared_ptr<TlsContext> current() const;
  /// Server::reload_certificate. One thread at a time.
  Result<bool> reload(Server::Reload when, Timestamp now);

 private:
  ServedCertificate(TlsOptions options, Log& log, Metrics& metrics);
  /// Which files the names stand for: changes with any of them, also behind symbolic links.
  std::string identity_of_files() const;
  void serve(std::shared_ptr<TlsContext> context);

  const TlsOptions options_;
  Log& log_;
  Gauge expires_;
  Counter reloads_;
  Counter reloads_failed_;
  std::string identity_;  // of the last look; one thread
  mutable std::mutex mutex_;
  std::shared_ptr<TlsContext> current_;  // guarded by mutex_
};

}  // namespace bl::net
