#pragma once

#include <chrono>
#include <string>

#include "net/exchange.h"
#include "net/stream.h"

/// One client's connection: a coroutine that reads a request, hands it to a worker, writes the
/// answer, and begins again. Private to the server. Everything here runs on the connection's I/O
/// thread; the worker is met in Exchange only.
///
/// Every wait for the client has a deadline. The I/O thread calls check_deadline() a few times in
/// the shortest timeout; a timer for each operation would cost more than the operation.
namespace bl::net {

class Connection {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  Connection(ServerCore& core, std::unique_ptr<Stream> stream, std::string peer,
             const bool& stopping);

  /// Until the connection is closed.
  Task<void> run();
  /// Answers 503 and closes: there are connections_max already.
  Task<void> turn_away();

  /// Ends the wait under way when its deadline is past.
  void check_deadline(Instant now);
  /// The server stops: an idle connection ends now, a busy one after its answer.
  void stop_if_idle();
  /// The server has waited long enough.
  void cut();

 private:
  // What a wait for the client came to.
  enum class Wait { done, eof, timeout, broken };

  Task<Wait> read_more(Instant deadline, std::size_t buffer_bytes_min);
  Task<Wait> write(std::string_view bytes);
  Task<bool> read_head(RequestParser& parser);
  Task<bool> serve(RequestParser& parser, std::size_t served);
  Task<bool> read_body(RequestParser& parser, std::string& body, InFlight& in_flight);
  Task<Result<bool>> read_piece(RequestParser& parser, std::string& piece);
  Task<bool> run_exchange(RequestParser& parser, std::shared_ptr<Exchange> exchange);
  Task<void> refuse(const Refusal& refusal);
  std::string problem_text(int status, const Error& error, std::string_view request_id,
                           bool keep_alive);
  Task<void> hang_up();
  bool begin_body(RequestParser& parser, const Route* route);
  bool is_too_slow(std::chrono::nanoseconds waited, std::size_t bytes);
  std::string request_id_of(const RequestHead& head);
  std::string_view pending() const {
    return std::string_view(in_).substr(taken_, filled_ - taken_);
  }

  ServerCore& core_;
  const ServerLimits& limits_;
  std::unique_ptr<Stream> stream_;
  const std::string peer_;
  const bool& stopping_;  // the I/O thread's
  std::string in_;        // a buffer: [taken_, filled_) was read and waits for the parser
  std::size_t taken_ = 0;
  std::size_t filled_ = 0;
  Instant deadline_ = Instant::max();  // of the wait under way
  Exchange* exchange_ = nullptr;       // of the request that a worker has
  bool expired_ = false;
  bool idle_ = false;
  bool cut_ = false;
  Method method_ = Method::get;  // of the request under way
  std::string path_;             // of the same, decoded; empty while it is not known
  std::string content_type_;     // of the same
  // Of the body under way:
  bool owes_continue_ = false;  // the client waits for 100 Continue
  std::size_t body_bytes_ = 0;  // without chunk framing, still coded
  std::size_t body_bytes_max_ = 0;
  std::chrono::nanoseconds rate_waited_{0};
  std::size_t rate_bytes_ = 0;
};

}  // namespace bl::net
