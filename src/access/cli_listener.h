#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "net/server.h"

/// Where a browser brings the code of a command's login: one path on a loopback port, for as long
/// as the command waits. Private to this folder.
namespace bl::access {

class CliListener {
 public:
  /// Listens on a free port of 127.0.0.1. `state`: what the browser must bring along. Errors: io.
  static Result<std::unique_ptr<CliListener>> listen(std::string state, const Clock& clock,
                                                     Random& random);
  ~CliListener();
  std::string redirect_uri() const;
  /// The code, when it comes with the right state; nullopt after `time_max`. What comes with
  /// another state is answered 400 and waited over.
  std::optional<std::string> wait(std::chrono::milliseconds time_max);

 private:
  CliListener(std::string state, const Clock& clock);
  net::Response receive(const net::Request& request);

  const std::string state_;
  Log log_;
  Metrics metrics_;
  net::Router router_;
  struct Nobody final : net::Authenticator {
    Result<net::Principal> authenticate(const net::Request&) override { return net::Principal{}; }
  } nobody_;
  std::mutex mutex_;
  std::condition_variable came_;
  std::optional<std::string> code_;  // guarded by mutex_
  std::unique_ptr<net::Server> server_;
};

}  // namespace bl::access
