#include "net/exchange.h"

#include "net/status.h"

namespace bl::net {
namespace {

// A streaming worker waits while more than this is on its way to the client.
constexpr std::size_t k_stream_bytes_max = 64 << 10;
constexpr std::size_t k_logged_detail_bytes = 512;  // of the answer of a request that failed

std::string join_methods(const std::vector<Method>& methods) {
  std::string text;
  for (Method method : methods) {
    if (!text.empty()) text += ", ";
    text += name_of(method);
  }
  return text;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

ServerCore::ServerCore(const ServerOptions& o, const Router& r, Authenticator& a, Random& random,
                       Log& l, Metrics& m)
    : options(o),
      router(r),
      authenticator(a),
      log(l),
      metrics(m, r),
      pool(o.limits.workers, o.limits.queue_max, metrics.queue_length) {
  static constexpr char k_hex[] = "0123456789abcdef";
  for (std::uint64_t bits = random.next_u64(), i = 0; i < 12; ++i, bits >>= 4) {
    id_prefix_ += k_hex[bits & 15];
  }
  id_prefix_ += '-';
}

std::string ServerCore::new_request_id() {
  std::uint64_t number = ids_.fetch_add(1, std::memory_order_relaxed) + 1;
  return id_prefix_ + std::to_string(number);
}

void ServerCore::refuse_overload(std::string_view limit) {
  metrics.count_limit_hit(limit);
  auto now = std::chrono::steady_clock::now().time_since_epoch();
  std::int64_t second = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  if (overload_logged_s_.exchange(second) != second) {
    log.warning("http_overloaded", {{"limit", limit}});
  }
}

Exchange::Exchange(ServerCore& core, Input input)
    : core_(core),
      match_(std::move(input.match)),
      http_1_0_(input.head.http_1_0),
      keep_alive_(input.keep_alive),
      arrived_(input.arrived),
      body_in_flight_(std::move(input.in_flight)),
      body_ended_(input.body_ended) {
  request_.method = input.head.method;
  request_.path = std::move(input.head.path);
  request_.raw_target = std::move(input.head.raw_target);
  request_.query = std::move(input.head.query);
  request_.headers = std::move(input.head.headers);
  request_.captures = std::move(match_.captures);
  request_.body = std::move(input.body);
  request_.request_id = std::move(input.request_id);
  request_.peer = std::move(input.peer);
  request_.secure = input.secure;
  request_.client_is_there = [there = client_is_there_] { return there->load(); };
  if (match_.route) request_.deadline = arrived_ + match_.route->options.deadline;
}

// ---- the worker's side

void Exchange::run() {
  Log::RequestScope scope(request_.request_id);
  Response response = answer();
  // The wire's own answer to a client that is too slow; Code::timeout means 504 to handlers.
  if (read_error_ && read_error_->code == Code::timeout) {
    response = core_.router.error_answer(request_.path, 408, *read_error_, request_.request_id,
                                         request_.headers.get("Content-Type"));
  }
  if (response.stream) {
    send_stream(std::move(response));
  } else {
    request_.body = std::string();
    body_in_flight_.release();
    send_whole(std::move(response));
  }
}

void Exchange::drop() {
  finish(false, true);
}

std::optional<Response> Exchange::refuse_agent() {
  std::string agent(request_.headers.get("User-Agent"));
  for (char& c : agent) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  for (const std::string& refused : core_.options.refused_agents) {
    if (agent.find(refused) == std::string::npos) continue;
    return Response::text(403, "text/plain; charset=utf-8", "unexpected user agent");
  }
  return std::nullopt;
}

Response Exchange::answer() {
  if (auto refusal = refuse_agent()) return std::move(*refusal);
  if (!match_.route) return without_route();
  if (std::chrono::steady_clock::now() >= request_.deadline) {
    core_.refuse_overload("deadline");
    return refuse(Error(Code::overloaded, "the request waited too long for a worker"));
  }
  if (auto refusal = refuse_access()) return std::move(*refusal);
  if (auto refusal = decode_body()) return std::move(*refusal);
  return run_handler();
}

// The boundary: whatever a handler throws becomes a 500.
Response Exchange::run_handler() {
  std::string what = "an exception of unknown type";
  try {
    return match_.route->handler(request_);
  } catch (const std::exception& e) {
    what = e.what();
  } catch (...) {
  }
  core_.log.error("http_handler_threw", {{"route", match_.route->pattern}, {"what", what}});
  return refuse(Error(Code::internal, "the request failed inside the server"));
}

Response Exchange::refuse(const Error& error) {
  return core_.router.error_answer(request_.path, http_status(error.code), error,
                                   request_.request_id, request_.headers.get("Content-Type"));
}

Response Exchange::without_route() {
  if (request_.method == Method::options && (request_.path == "*" || !match_.allowed.empty())) {
    Response response = Response::no_content();
    if (request_.path != "*") {
      response.headers.set("Allow", join_methods(match_.allowed) + ", OPTIONS");
    }
    return response;
  }
  if (!match_.allowed.empty()) {
    Response response =
        refuse(Error(Code::method_not_allowed,
                     std::string("the path does not take the method ") + name_of(request_.method)));
    response.headers.set("Allow", join_methods(match_.allowed) + ", OPTIONS");
    return response;
  }
  return refuse(Error(Code::not_found, "no such path: " + request_.path));
}

std::optional<Response> Exchange::refuse_access() {
  Access access = match_.route->access;
  if (access == Access::open) return std::nullopt;
  Result<Principal> principal = core_.authenticator.authenticate(request_);
  if (!principal) return refuse(principal.error());
  request_.principal = std::move(principal).value();
  const auto allowed = demand_access(request_.principal, access, core_.options.public_reads);
  if (allowed.ok()) return std::nullopt;
  return refuse(allowed.error());
}

std::optional<Response> Exchange::decode_body() {
  std::size_t bytes_max = match_.route->options.body_bytes_max;
  Result<Encoding> encoding = parse_encoding(request_.headers.get("Content-Encoding"));
  if (match_.route->options.stream_body) {
    if (!encoding) return refuse(encoding.error());
    if (*encoding != Encoding::identity) {
      decompressor_ = Decompressor::make(*encoding, bytes_max);
    }
    request_.body_reader = this;
    return std::nullopt;
  }
  if (request_.body.empty() || match_.route->options.coded_body) return std::nullopt;
  if (!encoding) return refuse(encoding.error());
  if (*encoding == Encoding::identity) return std::nullopt;
  Result<std::string> body = decompress(*encoding, request_.body, bytes_max);
  if (!body) {
    if (body.error().code == Code::too_large) core_.metrics.count_limit_hit("body_bytes_max");
    return refuse(body.error());
  }
  request_.body = std::move(body).value();
  return std::nullopt;
}

void Exchange::record(int status, std::string_view detail) {
  double seconds = seconds_since(arrived_);
  const char* method = name_of(request_.method);
  core_.metrics.count_request(match_.route, method, status);
  if (match_.route) core_.metrics.observe_duration(*match_.route, seconds);
  bool failed = status >= 500 && status != 501 && status != 503;
  LogLevel level = failed ? LogLevel::error : LogLevel::debug;
  if (!core_.log.enabled(level)) return;
  core_.log.write(level, failed ? "http_request_failed" : "http_request",
                  {{"method", method},
                   {"detail", failed ? detail.substr(0, k_logged_detail_bytes) : ""},
                   {"path", request_.path},
                   {"route", match_.route ? match_.route->pattern : std::string()},
                   {"status", status},
                   {"seconds", seconds},
                   {"bytes", bytes_sent_},
                   {"principal", request_.principal.name},
                   {"peer", request_.peer}});
}

bool Exchange::keeps_connection() const {
  // A body that nobody read stands between this request and the next.
  return keep_alive_ && body_ended_ && !core_.stopping.load(std::memory_order_relaxed);
}

void Exchange::send_whole(Response response) {
  int status = response.status;
  std::string detail = status >= 500 ? response.body : std::string();
  bool keep = keeps_connection();
  Answer answer =
      render(std::move(response), AnswerFacts{request_.method, http_1_0_, keep, request_.request_id,
                                              request_.headers.get("Accept-Encoding"),
                                              core_.options.limits.compress_bytes_min});
  bytes_sent_ = answer.body.size();
  record(status, detail);
  if (answer.head.size() + answer.body.size() < k_stream_bytes_max) {
    answer.head += answer.body;
  } else if (!push(std::move(answer.head))) {
    return finish(false, true);
  } else {
    answer.head = std::move(answer.body);
  }
  std::unique_lock lock(mutex_);
  event_.bytes.empty() ? event_.bytes.swap(answer.head)
                       : static_cast<void>(event_.bytes.append(answer.head));
  event_.done = true;
  event_.keep_alive = keep;
  wake_locked(lock);
}

void Exchange::send_stream(Response response) {
  int status = response.status;
  auto stream = std::move(response.stream);
  response.stream = [](BodyWriter&) { return Result<void>(); };  // render asks only whether
  Answer answer = render(std::move(response),
                         AnswerFacts{request_.method, http_1_0_, keeps_connection(),
                                     request_.request_id, request_.headers.get("Accept-Encoding"),
                                     core_.options.limits.compress_bytes_min});
  framing_ = answer.framing;
  Result<void> sent = push(std::move(answer.head));
  if (sent && framing_ != Framing::none) {
    if (answer.encoding != Encoding::identity) compressor_ = Compressor::make(answer.encoding);
    std::string what;
    try {
      sent = stream(*this);
    } catch (const std::exception& e) {
      sent = Error(Code::internal, std::string("the stream threw: ") + e.what());
    } catch (...) {
      sent = Error(Code::internal, "the stream threw an exception of unknown type");
    }
    if (sent && compressor_) {
      std::string tail;
      compressor_->finish(tail);
      compressor_.reset();
      if (!tail.empty()) sent = write(tail);
    }
    if (sent && framing_ == Framing::chunked) sent = push(std::string(k_last_chunk));
  }
  record(status, "");
  if (!sent && sent.error().code != Code::cancelled && sent.error().code != Code::timeout) {
    core_.log.error("http_stream_broke", {{"path", request_.path},
                                          {"code", name_of(sent.error().code)},
                                          {"what", sent.error().message}});
  }
  finish(answer.keep_alive, !sent.ok());
}

Result<void> Exchange::write(std::string_view bytes) {
  if (bytes.empty()) return {};
  std::string coded;
  if (compressor_) {
    compressor_->feed(bytes, coded);
    if (coded.empty()) return {};
    bytes = coded;
  }
  bytes_sent_ += bytes.size();
  if (framing_ != Framing::chunked) return push(std::string(bytes));
  std::string chunk;
  chunk.reserve(bytes.size() + 16);
  append_chunk(chunk, bytes);
  return push(std::move(chunk));
}

// Waits until the connection has room, then hands the bytes over.
Result<void> Exchange::push(std::string bytes) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock,
                [&] { return failure_ || event_.bytes.size() + writing_ < k_stream_bytes_max; });
  if (failure_) return *failure_;
  if (event_.bytes.empty()) {
    event_.bytes = std::move(bytes);
  } else {
    event_.bytes += bytes;
  }
  wake_locked(lock);
  return {};
}

Result<bool> Exchange::read(std::string& out) {
  if (read_error_) return *read_error_;
  std::size_t before = out.size();
  while (!body_ended_ && out.size() == before) {
    std::string piece;
    Result<bool> more = pull(piece);
    Result<void> decoded;
    if (!more) {
      decoded = more.error();
    } else {
      body_ended_ = !*more;
      body_bytes_ += piece.size();
      if (decompressor_) {
        decoded = decompressor_->feed(piece, out);
        if (decoded && body_ended_ && body_bytes_ > 0) decoded = decompressor_->finish();
      } else {
        out += piece;
      }
    }
    if (!decoded) {
      if (decoded.error().code == Code::too_large && more) {
        core_.metrics.count_limit_hit("body_bytes_max");
      }
      read_error_ = decoded.error();
      return *read_error_;
    }
  }
  return out.size() > before;
}

// The next piece as it came; false when it is the last.
Result<bool> Exchange::pull(std::string& piece) {
  std::unique_lock lock(mutex_);
  if (failure_) return *failure_;
  event_.wants_body = true;
  wake_locked(lock);
  lock.lock();
  changed_.wait(lock, [&] { return failure_ || body_failure_ || has_piece_; });
  if (!has_piece_) return failure_ ? *failure_ : *body_failure_;
  piece = std::move(piece_);
  piece_.clear();
  has_piece_ = false;
  return !piece_is_last_;
}

void Exchange::finish(bool keep_alive, bool abort) {
  std::unique_lock lock(mutex_);
  event_.done = true;
  event_.keep_alive = keep_alive && !abort;
  event_.abort = abort;
  wake_locked(lock);
}

// Leaves the lock open: the connection may run, and after `done` destroy its part, at once.
void Exchange::wake_locked(std::unique_lock<std::mutex>& lock) {
  std::unique_ptr<Waker> waker = std::move(waker_);
  lock.unlock();
  if (waker) waker->wake();
}

// ---- the connection's side

void Exchange::park(std::unique_ptr<Waker> waker) {
  std::unique_lock lock(mutex_);
  waker_ = std::move(waker);
  if (!event_.bytes.empty() || event_.wants_body || event_.done) wake_locked(lock);
}

Exchange::Event Exchange::take() {
  std::lock_guard lock(mutex_);
  Event event = std::move(event_);
  event_ = Event{};
  writing_ = event.bytes.size();
  return event;
}

void Exchange::written() {
  std::lock_guard lock(mutex_);
  writing_ = 0;
  changed_.notify_one();
}

void Exchange::give_body(std::string bytes, bool ended) {
  std::lock_guard lock(mutex_);
  piece_ = std::move(bytes);
  piece_is_last_ = ended;
  has_piece_ = true;
  changed_.notify_one();
}

void Exchange::fail_body(Error error) {
  std::lock_guard lock(mutex_);
  body_failure_ = std::move(error);
  changed_.notify_one();
}

void Exchange::fail(Error error) {
  std::lock_guard lock(mutex_);
  if (!failure_) failure_ = std::move(error);
  changed_.notify_one();
}

}  // namespace bl::net
