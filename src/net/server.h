#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/result.h"
#include "net/certificate.h"
#include "net/http.h"
#include "net/router.h"

/// The HTTP/1.1 server: Asio coroutines and Beast's parser on a few I/O threads, handlers on a
/// bounded pool of worker threads. It guards the protocol (spec/cpp-ecosystem.md A.1: one Host, no
/// Content-Length list, Transfer-Encoding exactly `chunked`, no obs-fold, no chunked in HTTP/1.0),
/// every limit below, decodes gzip and zstd bodies with a cap, encodes answers for clients that
/// accept it, answers overload at once, and stops gracefully.
namespace bl::net {

/// Each is counted by a metric when it is reached.
struct ServerLimits {
  std::size_t connections_max = 4096;  ///< more are answered 503 and closed
  std::size_t requests_per_connection_max = 100'000;
  std::size_t header_bytes_max = 16 << 10;            ///< 431
  std::size_t header_fields_max = 256;                ///< 431
  std::size_t target_bytes_max = 8 << 10;             ///< 414
  std::size_t body_bytes_in_flight_max = 512u << 20;  ///< of all connections together: 503
  std::size_t workers = 64;                           ///< handlers at once; they may block
  std::size_t queue_max = 1024;  ///< requests that wait for a worker; more: 503 with Retry-After
  /// From first byte to end of header: 408. Before it, for the TLS handshake: closed.
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds idle_timeout{60'000};  ///< between requests
  std::chrono::milliseconds body_timeout{30'000};  ///< longest silence inside a body: 408
  std::size_t body_bytes_per_second_min = 1024;    ///< slower than this over body_timeout: 408
  std::chrono::milliseconds write_timeout{
      30'000};                                     ///< longest time for the client to take a buffer
  std::chrono::milliseconds stop_timeout{10'000};  ///< running requests get this long at stop
  std::size_t compress_bytes_min = 1024;           ///< smaller answers are sent as they are
};

/// Who asks? Implemented by access/. Threads: any worker.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// Anonymous when the request carries no credentials. Errors: unauthenticated (credentials that
  /// nobody has).
  virtual Result<Principal> authenticate(const Request& request) = 0;
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;  ///< 0 = any free one
  std::size_t io_threads = 2;
  bool public_reads = true;  ///< Access::read without credentials
  std::optional<TlsOptions> tls;
  ServerLimits limits;
  /// Who names itself so is answered 403 on every path: crawlers that walk every link of every
  /// result. Parts of a User-Agent, in lower case.
  std::vector<std::string> refused_agents = {"dataforseobot", "dotbot", "petalbot"};
};

class Server {
 public:
  /// Listens; requests are answered from run() on. `router`, `authenticator` and the others outlive
  /// the server. Errors: io or conflict (address in use) with the address, invalid (certificate).
  static Result<std::unique_ptr<Server>> listen(const ServerOptions& options, const Router& router,
                                                Authenticator& authenticator, Random& random,
                                                Log& log, Metrics& metrics);
  virtual ~Server() = default;
  virtual std::uint16_t port() const = 0;
  /// Starts the threads and returns.
  virtual void start() = 0;
  /// No new connections, idle ones closed, running requests get stop_timeout; then everything is
  /// joined. Idempotent.
  virtual void stop() = 0;

  /// Reads certificate and key again when their files have changed since the last look (`always`:
  /// in any case). True: connections from now on get the new pair; those that are open keep theirs.
  /// A pair that cannot be read, does not fit together or has expired changes nothing: the former
  /// one stays, the log and bl_tls_reloads_total say so, and the next change is looked at. Without
  /// TLS: false. `now`: to tell what has expired. Errors: invalid, with the file. Threads: any, one
  /// at a time.
  enum class Reload { when_changed, always };
  virtual Result<bool> reload_certificate(Reload when, Timestamp now) = 0;
  /// What new connections are shown; nullopt without TLS. Threads: any.
  virtual std::optional<CertificateFacts> certificate() const = 0;
};

/// Blocks SIGTERM, SIGINT and SIGHUP in the calling thread and those that it starts: call it first
/// in main.
void block_signals();
/// Waits for one of them and gives its number.
int wait_for_signal();

}  // namespace bl::net
