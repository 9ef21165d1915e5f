#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/compression.h"
#include "net/answer.h"
#include "net/http_metrics.h"
#include "net/request_parser.h"
#include "net/server.h"
#include "net/worker_pool.h"

/// One request on its way through a handler: the worker thread runs it, the connection's I/O thread
/// moves its bytes. They meet here. Private to the server.
namespace bl::net {

/// What every connection and every worker shares. Outlives them.
struct ServerCore {
  ServerCore(const ServerOptions& o, const Router& r, Authenticator& a, Random& random, Log& l,
             Metrics& m);
  /// "5f3a9c1e0b77-1a2b": a random start and a counter. Threads: any.
  std::string new_request_id();
  void refuse_overload(std::string_view limit);  ///< counts, and logs once a second

  const ServerOptions options;
  const Router& router;
  Authenticator& authenticator;
  Log& log;
  HttpMetrics metrics;
  WorkerPool pool;
  std::atomic<std::size_t> body_bytes_in_flight{0};
  std::atomic<bool> stopping{false};  ///< answers say that their connection closes

 private:
  std::string id_prefix_;
  std::atomic<std::uint64_t> ids_{0};
  std::atomic<std::int64_t> overload_logged_s_{-1};
};

/// The bytes of one body, counted among those of all connections as long as it is kept.
class InFlight {
 public:
  InFlight() = default;
  explicit InFlight(std::atomic<std::size_t>& all) : all_(&all) {}
  InFlight(InFlight&& other) noexcept : all_(other.all_), bytes_(std::exchange(other.bytes_, 0)) {}
  InFlight& operator=(InFlight&& other) noexcept {
    release();
    all_ = other.all_;
    bytes_ = std::exchange(other.bytes_, 0);
    return *this;
  }
  ~InFlight() { release(); }
  /// False when all bodies together are now over `all_max`.
  bool grow_to(std::size_t bytes, std::size_t all_max) {
    std::size_t grown = bytes - std::exchange(bytes_, bytes);
    return all_->fetch_add(grown, std::memory_order_relaxed) + grown <= all_max;
  }
  void release() {
    if (bytes_ > 0) all_->fetch_sub(std::exchange(bytes_, 0), std::memory_order_relaxed);
  }

 private:
  std::atomic<std::size_t>* all_ = nullptr;
  std::size_t bytes_ = 0;
};

/// Resumes the connection's coroutine on its I/O thread; called once, from any thread.
class Waker {
 public:
  virtual ~Waker() = default;
  virtual void wake() = 0;
};

class Exchange final : public Job, private BodyReader, private BodyWriter {
 public:
  /// What the connection knows of the request. `head` is moved from.
  struct Input {
    RequestHead head;
    Router::Match match;
    std::string body;        ///< as it came, still coded; empty when streamed
    bool body_ended = true;  ///< false: to be streamed
    InFlight in_flight;
    bool keep_alive = true;
    std::string request_id;
    std::string peer;
    bool secure = false;
    std::chrono::steady_clock::time_point arrived;
  };
  Exchange(ServerCore& core, Input input);

  // -- the worker's side
  void run() override;
  void drop() override;

  // -- the connection's side

  /// What the worker wants of the connection.
  struct Event {
    std::string bytes;        ///< to be written
    bool wants_body = false;  ///< then give_body, or fail
    bool done = false;        ///< nothing comes after; `keep_alive` and `abort` are set
    bool keep_alive = false;
    bool abort = false;  ///< the answer is not whole: reset the connection
  };
  /// Wakes at the next event, at once when one is there.
  void park(std::unique_ptr<Waker> waker);
  Event take();
  /// The bytes of the last event have been written.
  void written();
  void give_body(std::string bytes, bool ended);
  /// The body cannot be read; the answer still can be written.
  void fail_body(Error error);
  /// The client has closed its side: who asks Request::client_is_there is told.
  void client_left() { client_is_there_->store(false); }
  /// The connection is broken: every read and write of the worker gives this error from now on.
  void fail(Error error);

 private:
  Result<bool> read(std::string& out) override;
  Result<void> write(std::string_view bytes) override;

  Response answer();
  Response run_handler();
  std::optional<Response> refuse_agent();
  std::optional<Response> refuse_access();
  std::optional<Response> decode_body();
  Response without_route();
  Response refuse(const Error& error);
  void send_whole(Response response);
  void send_stream(Response response);
  void finish(bool keep_alive, bool abort);
  void record(int status, std::string_view detail);
  bool keeps_connection() const;
  Result<void> push(std::string bytes);
  Result<bool> pull(std::string& piece);
  void wake_locked(std::unique_lock<std::mutex>& lock);

  ServerCore& core_;
  Router::Match match_;
  Request request_;
  const bool http_1_0_;
  const bool keep_alive_;
  const std::chrono::steady_clock::time_point arrived_;
  InFlight body_in_flight_;
  const std::shared_ptr<std::atomic<bool>> client_is_there_ =
      std::make_shared<std::atomic<bool>>(true);
  // The worker's own: the streamed body and the streamed answer.
  std::unique_ptr<Decompressor> decompressor_;
  std::unique_ptr<Compressor> compressor_;
  std::optional<Error> read_error_;
  std::size_t body_bytes_ = 0;
  std::size_t bytes_sent_ = 0;
  Framing framing_ = Framing::none;
  bool body_ended_;  // the worker has seen the end

  std::mutex mutex_;
  std::condition_variable changed_;  // for the worker
  // Guarded by mutex_:
  std::unique_ptr<Waker> waker_;
  Event event_;
  std::size_t writing_ = 0;  // bytes that the connection is writing
  std::string piece_;        // of the body
  bool has_piece_ = false;
  bool piece_is_last_ = false;
  std::optional<Error> body_failure_;
  std::optional<Error> failure_;
};

}  // namespace bl::net
