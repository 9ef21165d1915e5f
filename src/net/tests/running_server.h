#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/time.h"
#include "net/server.h"
#include "net/tests/raw_socket.h"

/// A real server on a free port with routes for tests of the wire.
namespace bl::net::testing {

/// A door that handlers wait at: the test knows how many stand there and when they go on.
class Gate {
 public:
  void pass();                       ///< waits until open() was called
  void wait_for(std::size_t count);  ///< until so many handlers have come
  void open();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t came_ = 0;  // guarded by mutex_
  bool open_ = false;     // guarded by mutex_
};

/// "Authorization: Bearer reader|writer|admin"; anything else is unknown.
class TokenNames final : public Authenticator {
 public:
  Result<Principal> authenticate(const Request& request) override;
};

class RunningServer {
 public:
  explicit RunningServer(ServerOptions options = test_options());
  ~RunningServer();
  static ServerOptions test_options();

  std::uint16_t port() const { return server->port(); }
  /// Sends one request on a connection of its own and reads the answer.
  RawAnswer ask(std::string_view request);
  /// GET of a path with extra header lines (each ending in CRLF).
  RawAnswer get(const std::string& path, const std::string& header_lines = "");
  RawAnswer post(const std::string& path, std::string_view body,
                 const std::string& header_lines = "");
  /// The value of a metric's line in the text format, or 0.
  double metric(const std::string& name_and_labels) const;
  std::vector<std::string> log_lines() const;

 private:
  mutable std::mutex log_mutex_;
  std::vector<std::string> log_lines_;  // guarded by log_mutex_; outlives the log's thread

 public:
  Gate gate;  ///< of /gate
  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  Router router;
  TokenNames authenticator;
  std::unique_ptr<Log> log;
  std::unique_ptr<Server> server;
  std::atomic<int> handled{0};  ///< requests that reached a handler

 private:
  void add(Method method, const std::string& pattern, Access access, Handler handler,
           RouteOptions options = {});
  void add_routes();
  void add_streams();
};

}  // namespace bl::net::testing
