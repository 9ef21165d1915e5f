#include "net/connection.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>

namespace bl::net {
namespace {

// g++ 12 destroys some temporaries of a coroutine twice: aggregates inside a co_await expression,
// and initializer lists anywhere. Here the ones get a name first, the others stay in plain
// functions.

using boost::system::error_code;
using std::chrono::steady_clock;

constexpr std::size_t k_head_buffer_bytes = 4 << 10;
constexpr std::size_t k_body_buffer_bytes = 64 << 10;
constexpr std::size_t k_write_bytes_max = 256 << 10;  // at once, under one write_timeout
// A body that no route wants is read up to here, so that the connection lives on.
constexpr std::size_t k_unwanted_body_bytes_max = 64 << 10;
// After the last answer we read on for so long, so that the kernel does not reset the connection
// under an answer that the client has not read yet.
constexpr std::chrono::milliseconds k_hang_up_time{2'000};
constexpr std::size_t k_hang_up_bytes_max = 16 << 20;
constexpr std::size_t k_request_id_bytes_max = 128;

template <class Handler>
class HandlerWaker final : public Waker {
 public:
  explicit HandlerWaker(Handler handler) : handler_(std::move(handler)) {}
  void wake() override { asio::post(std::move(handler_)); }

 private:
  Handler handler_;
};

Task<void> wait_for_event(Exchange& exchange) {
  return asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
      [&exchange](auto handler) {
        exchange.park(std::make_unique<HandlerWaker<decltype(handler)>>(std::move(handler)));
      },
      k_task);
}

bool is_sane_request_id(std::string_view id) {
  return !id.empty() && id.size() <= k_request_id_bytes_max &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view("-_.:+/=@").find(c) != std::string_view::npos;
         });
}

// What a body that cannot be read means on the wire.
int body_status(Code code) {
  return code == Code::timeout ? 408 : http_status(code);
}

}  // namespace

Connection::Connection(ServerCore& core, std::unique_ptr<Stream> stream, std::string peer,
                       const bool& stopping)
    : core_(core),
      limits_(core.options.limits),
      stream_(std::move(stream)),
      peer_(std::move(peer)),
      stopping_(stopping) {}

// ---- called by the I/O thread between the coroutine's steps

void Connection::check_deadline(Instant now) {
  if (exchange_ != nullptr && !stream_->is_peer_there()) exchange_->client_left();
  if (now < deadline_) return;
  deadline_ = Instant::max();
  expired_ = true;
  stream_->cancel();
}

void Connection::stop_if_idle() {
  if (idle_) stream_->cancel();
}

void Connection::cut() {
  cut_ = true;
  stream_->close(true);
}

// ---- the coroutine

Task<void> Connection::run() {
  error_code ec;
  deadline_ = steady_clock::now() + limits_.header_timeout;
  idle_ = true;
  co_await stream_->start(ec);
  idle_ = false;
  deadline_ = Instant::max();
  if (ec && expired_) core_.metrics.count_limit_hit("header_timeout");
  bool keep = !ec;
  for (std::size_t served = 1; keep; ++served) {
    path_.clear();
    content_type_.clear();
    RequestParser parser(
        GuardLimits{limits_.header_bytes_max, limits_.target_bytes_max, limits_.header_fields_max});
    keep = co_await read_head(parser);
    if (keep) keep = co_await serve(parser, served);
  }
  stream_->close(false);
}

Task<void> Connection::turn_away() {
  error_code ec;
  deadline_ = steady_clock::now() + k_hang_up_time;
  co_await stream_->start(ec);
  deadline_ = Instant::max();
  if (!ec) {
    Refusal refusal{503, Code::overloaded, "too many connections", "connections_max"};
    co_await refuse(refusal);
  }
  stream_->close(false);
}

Task<Connection::Wait> Connection::read_more(Instant deadline, std::size_t buffer_bytes_min) {
  if (cut_) co_return Wait::broken;
  if (taken_ > 0) {
    in_.erase(0, taken_);
    filled_ -= taken_;
    taken_ = 0;
  }
  if (filled_ == in_.size() || in_.size() < buffer_bytes_min) {
    in_.resize(std::max(buffer_bytes_min, filled_ + filled_ / 2));
  }
  expired_ = false;
  deadline_ = deadline;
  error_code ec;
  std::size_t bytes = co_await stream_->read(in_.data() + filled_, in_.size() - filled_, ec);
  deadline_ = Instant::max();
  filled_ += bytes;
  if (bytes > 0) co_return Wait::done;
  if (expired_) co_return Wait::timeout;
  co_return ec == asio::error::eof ? Wait::eof : Wait::broken;
}

Task<Connection::Wait> Connection::write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (cut_) co_return Wait::broken;
    std::string_view piece = bytes.substr(0, k_write_bytes_max);
    expired_ = false;
    deadline_ = steady_clock::now() + limits_.write_timeout;
    error_code ec;
    co_await stream_->write(piece, ec);
    deadline_ = Instant::max();
    if (ec && expired_) {
      core_.metrics.count_limit_hit("write_timeout");
      co_return Wait::timeout;
    }
    if (ec) co_return Wait::broken;
    bytes.remove_prefix(piece.size());
  }
  co_return Wait::done;
}

// False: the connection ends.
Task<bool> Connection::read_head(RequestParser& parser) {
  if (in_.size() > k_body_buffer_bytes / 2 && taken_ == filled_) {
    in_ = std::string();  // an idle connection is small
    taken_ = filled_ = 0;
  }
  Instant deadline = steady_clock::now() + limits_.idle_timeout;
  bool was_started = false;
  std::string no_body;
  for (;;) {
    taken_ += parser.feed(pending(), no_body);
    if (parser.state() == RequestParser::State::refused) {
      path_ = parser.head().path;
      co_await refuse(parser.refusal());
      co_return false;
    }
    if (parser.state() != RequestParser::State::header) co_return true;
    if (!parser.started() && stopping_) co_return false;
    if (parser.started() && !was_started) {
      was_started = true;
      deadline = steady_clock::now() + limits_.header_timeout;
    }
    idle_ = !was_started;
    Wait wait = co_await read_more(deadline, k_head_buffer_bytes);
    idle_ = false;
    if (wait == Wait::done) continue;
    if (wait == Wait::timeout && !was_started) core_.metrics.count_limit_hit("idle_timeout");
    if (wait == Wait::timeout && was_started) {
      Refusal refusal{408, Code::timeout, "the header takes too long", "header_timeout"};
      co_await refuse(refusal);
    }
    if (wait == Wait::eof && was_started) {
      Refusal refusal{400, Code::malformed, "the header ends early", ""};
      co_await refuse(refusal);
    }
    co_return false;
  }
}

std::string Connection::request_id_of(const RequestHead& head) {
  std::string_view given = head.headers.get("X-Request-Id");
  return is_sane_request_id(given) ? std::string(given) : core_.new_request_id();
}

// Sets the limits of the body that follows; false when it is announced to be too large.
bool Connection::begin_body(RequestParser& parser, const Route* route) {
  const RequestHead& head = parser.head();
  owes_continue_ = head.expects_continue && parser.state() == RequestParser::State::body;
  body_bytes_ = 0;
  body_bytes_max_ = route ? route->options.body_bytes_max : k_unwanted_body_bytes_max;
  rate_waited_ = {};
  rate_bytes_ = 0;
  return head.content_length <= body_bytes_max_;
}

// False: the connection ends.
Task<bool> Connection::serve(RequestParser& parser, std::size_t served) {
  RequestHead& head = parser.head();
  method_ = head.method;
  path_ = head.path;
  content_type_ = head.headers.get("Content-Type");
  Exchange::Input input;
  input.match = core_.router.find(head.method, head.raw_path);
  const Route* route = input.match.route;
  if (!begin_body(parser, route)) {
    Refusal refusal{413, Code::too_large,
                    "the body is too large, the most bytes are " + std::to_string(body_bytes_max_),
                    "body_bytes_max"};
    co_await refuse(refusal);
    co_return false;
  }
  InFlight in_flight(core_.body_bytes_in_flight);
  // Without a route, a client that asked first is answered instead of asked for its body.
  bool unread = route ? route->options.stream_body : owes_continue_;
  if (!unread && !co_await read_body(parser, input.body, in_flight)) co_return false;

  input.body_ended = parser.state() == RequestParser::State::done;
  input.keep_alive = head.keep_alive;
  if (served >= limits_.requests_per_connection_max) {
    core_.metrics.count_limit_hit("requests_per_connection_max");
    input.keep_alive = false;
  }
  input.request_id = request_id_of(head);
  input.head = std::move(head);
  input.in_flight = std::move(in_flight);
  input.peer = peer_;
  input.secure = core_.options.tls.has_value();
  input.arrived = steady_clock::now();
  bool keep = input.keep_alive && input.body_ended && !stopping_;
  std::string request_id = input.request_id;
  auto exchange = std::make_shared<Exchange>(core_, std::move(input));
  if (core_.pool.submit(exchange)) co_return co_await run_exchange(parser, std::move(exchange));

  core_.refuse_overload("queue_max");
  Error busy(Code::overloaded, "the server is busy, come back later");
  std::string text = problem_text(503, busy, request_id, keep);
  Wait wait = co_await write(text);
  if (wait != Wait::done) co_return false;
  if (!keep) co_await hang_up();
  co_return keep;
}

// Reads a whole body; false when the request has been refused.
Task<bool> Connection::read_body(RequestParser& parser, std::string& body, InFlight& in_flight) {
  while (parser.state() == RequestParser::State::body) {
    Result<bool> more = co_await read_piece(parser, body);
    Refusal refusal;
    if (!more) {
      const Error& error = more.error();
      if (error.code == Code::cancelled) co_return false;
      refusal = Refusal{body_status(error.code), error.code, error.message, ""};
    } else if (!in_flight.grow_to(body.size(), limits_.body_bytes_in_flight_max)) {
      refusal = Refusal{503, Code::overloaded, "too many bytes of bodies are under way",
                        "body_bytes_in_flight_max"};
    } else {
      continue;
    }
    body = std::string();
    in_flight.release();
    co_await refuse(refusal);
    co_return false;
  }
  co_return true;
}

// Appends the next bytes of the body; false at its end. Limits that are hit are counted here.
Task<Result<bool>> Connection::read_piece(RequestParser& parser, std::string& piece) {
  if (owes_continue_) {
    owes_continue_ = false;
    bool comes_anyway = !pending().empty();
    if (!comes_anyway && co_await write("HTTP/1.1 100 Continue\r\n\r\n") != Wait::done) {
      co_return Error(Code::cancelled, "the client is gone");
    }
  }
  std::size_t before = piece.size();
  for (;;) {
    for (std::size_t taken = 1; taken > 0; taken_ += taken) taken = parser.feed(pending(), piece);
    if (parser.state() == RequestParser::State::refused) {
      co_return Error(parser.refusal().code, parser.refusal().message);
    }
    std::size_t bytes = piece.size() - before;
    if (body_bytes_ + bytes > body_bytes_max_) {
      core_.metrics.count_limit_hit("body_bytes_max");
      co_return Error(Code::too_large, "the body is too large, the most bytes are " +
                                           std::to_string(body_bytes_max_));
    }
    bool done = parser.state() == RequestParser::State::done;
    if (done || bytes > 0) {
      body_bytes_ += bytes;
      co_return !done;
    }
    Instant start = steady_clock::now();
    std::size_t waiting = pending().size();  // of an unfinished line of chunk framing
    Wait wait = co_await read_more(start + limits_.body_timeout, k_body_buffer_bytes);
    if (wait == Wait::timeout) {
      core_.metrics.count_limit_hit("body_timeout");
      co_return Error(Code::timeout, "the body takes too long");
    }
    if (wait == Wait::eof) co_return Error(Code::malformed, "the body ends early");
    if (wait == Wait::broken) co_return Error(Code::cancelled, "the client is gone");
    if (is_too_slow(steady_clock::now() - start, pending().size() - waiting)) {
      core_.metrics.count_limit_hit("body_bytes_per_second_min");
      co_return Error(Code::timeout, "the body comes too slowly");
    }
  }
}

// Only time spent waiting for the client counts, in windows of body_timeout.
bool Connection::is_too_slow(std::chrono::nanoseconds waited, std::size_t bytes) {
  rate_waited_ += waited;
  rate_bytes_ += bytes;
  if (rate_waited_ < limits_.body_timeout) return false;
  double seconds = std::chrono::duration<double>(rate_waited_).count();
  bool slow = static_cast<double>(rate_bytes_) <
              seconds * static_cast<double>(limits_.body_bytes_per_second_min);
  rate_waited_ = {};
  rate_bytes_ = 0;
  return slow;
}

// Does what the worker wants until it is done; false: the connection ends.
Task<bool> Connection::run_exchange(RequestParser& parser, std::shared_ptr<Exchange> exchange) {
  bool broken = false;
  exchange_ = exchange.get();
  for (;;) {
    co_await wait_for_event(*exchange);
    Exchange::Event event = exchange->take();
    if (!event.bytes.empty() && !broken) {
      Wait wait = co_await write(event.bytes);
      broken = wait != Wait::done;
      if (!broken) exchange->written();
      if (wait == Wait::timeout) {
        exchange->fail(Error(Code::timeout, "the client takes the answer too slowly"));
      } else if (broken) {
        exchange->fail(Error(Code::cancelled, "the client is gone"));
      }
    }
    if (event.wants_body && !broken) {
      std::string piece;
      Result<bool> more = co_await read_piece(parser, piece);
      if (more) {
        exchange->give_body(std::move(piece), !*more);
      } else {
        exchange->fail_body(more.error());
      }
    }
    if (!event.done) continue;
    exchange_ = nullptr;
    if (broken || event.abort) {
      stream_->close(true);
      co_return false;
    }
    bool keep = event.keep_alive && !stopping_;
    if (!keep) co_await hang_up();
    co_return keep;
  }
}

// Counts and logs the wire's own answer, and gives its bytes.
std::string Connection::problem_text(int status, const Error& error, std::string_view request_id,
                                     bool keep_alive) {
  Response response = core_.router.error_answer(path_, status, error, request_id, content_type_);
  AnswerFacts facts;
  facts.method = method_;
  facts.keep_alive = keep_alive;
  facts.request_id = request_id;
  Answer answer = render(std::move(response), facts);
  core_.metrics.count_request(nullptr, "none", status);
  if (core_.log.enabled(LogLevel::debug)) {
    core_.log.debug(
        "http_refused",
        {{"status", status}, {"detail", error.message}, {"id", request_id}, {"peer", peer_}});
  }
  return answer.head + answer.body;
}

// Answers what the wire itself refuses, and ends the connection.
Task<void> Connection::refuse(const Refusal& refusal) {
  if (refusal.code == Code::overloaded) {
    core_.refuse_overload(refusal.limit);
  } else if (!refusal.limit.empty()) {
    core_.metrics.count_limit_hit(refusal.limit);
  }
  Error error(refusal.code, refusal.message);
  std::string request_id = core_.new_request_id();
  std::string text = problem_text(refusal.status, error, request_id, false);
  Wait wait = co_await write(text);
  if (wait == Wait::done) co_await hang_up();
}

Task<void> Connection::hang_up() {
  Instant deadline = steady_clock::now() + k_hang_up_time;
  error_code ec;
  expired_ = false;
  deadline_ = deadline;
  co_await stream_->finish(ec);
  deadline_ = Instant::max();
  taken_ = filled_;
  if (core_.options.tls) co_return;  // after close_notify nothing can be read
  for (std::size_t bytes = 0; !ec && bytes < k_hang_up_bytes_max; bytes += filled_) {
    taken_ = filled_;
    if (co_await read_more(deadline, k_head_buffer_bytes) != Wait::done) co_return;
  }
}

}  // namespace bl::net
