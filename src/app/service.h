#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "app/settings.h"
#include "base/disk.h"
#include "base/random.h"
#include "base/time.h"
#include "ops/recent_errors.h"

/// The composition: settings in, a running server out. Bindings, no logic: every domain is made
/// here, given its ports, and asked for its routes.
namespace bl::app {

class Service {
 public:
  /// Locks the data folder (one server in each), opens the store, brings its schema up to date,
  /// listens and answers. On return /readyz is 200 and DIR/server.json tells commands where the
  /// server is. From here on, what the process writes is its user's (umask 077). Errors: those of
  /// the parts, each naming file, address or setting. `errors`: the log's newest, for the status
  /// page; none when it is missing.
  static Result<std::unique_ptr<Service>> start(const Settings& settings, Disk& disk,
                                                const Clock& clock, Random& random, Log& log,
                                                Metrics& metrics,
                                                const ops::RecentErrors* errors = nullptr);
  virtual ~Service() = default;
  /// Finishes running requests (http.stop_timeout), then closes everything in order. Idempotent.
  virtual void stop() = 0;
  /// Reads the TLS certificate again (net::Server::reload_certificate); a look at its files happens
  /// every tls.check_interval anyhow. Takes over who answers reads (ReadSettings); every other
  /// setting waits for a restart. What goes wrong is in the log, and all stays as it was. Threads:
  /// any.
  virtual void reload(const Result<Settings>& settings) = 0;

  virtual std::string url() const = 0;
  /// `HOST:PORT` of gRPC; empty: it is off.
  virtual std::string grpc_address() const = 0;
  /// `HOST:PORT` of server.otlp_http; empty: it is off.
  virtual std::string otlp_address() const = 0;
  /// The route table, for comparison with the API's description.
  virtual const net::Router& router() const = 0;
  /// True when this start wrote the operator token.
  virtual bool first_run() const = 0;
};

}  // namespace bl::app
