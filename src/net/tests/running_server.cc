#include "net/tests/running_server.h"

#include <stdexcept>

namespace bl::net::testing {

void Gate::pass() {
  std::unique_lock lock(mutex_);
  ++came_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return open_; });
}

void Gate::wait_for(std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return came_ >= count; });
}

void Gate::open() {
  std::lock_guard lock(mutex_);
  open_ = true;
  changed_.notify_all();
}

Result<Principal> TokenNames::authenticate(const Request& request) {
  std::string_view given = request.headers.get("Authorization");
  if (given.empty()) return Principal{};
  for (Role role : {Role::reader, Role::writer, Role::admin}) {
    if (given == std::string("Bearer ") + name_of(role)) {
      return Principal{.role = role, .id = "id", .name = name_of(role)};
    }
  }
  return Error(Code::unauthenticated, "nobody has this token");
}

ServerOptions RunningServer::test_options() {
  ServerOptions options;
  options.port = 0;
  return options;
}

RunningServer::RunningServer(ServerOptions options) {
  log = std::make_unique<Log>(clock, LogLevel::debug, [this](std::string_view line) {
    std::lock_guard lock(log_mutex_);
    log_lines_.emplace_back(line);
  });
  add_routes();
  add_streams();
  auto listening = Server::listen(options, router, authenticator, random, *log, metrics);
  BL_CHECK(listening.ok());
  server = std::move(listening).value();
  server->start();
}

RunningServer::~RunningServer() {
  gate.open();
  server->stop();
}

void RunningServer::add(Method method, const std::string& pattern, Access access, Handler handler,
                        RouteOptions options) {
  Handler counted = [this, handler = std::move(handler)](Request& request) {
    ++handled;
    return handler(request);
  };
  router.add(Route{method, pattern, access, std::move(counted), options});
}

void RunningServer::add_routes() {
  auto say = [](const char* text) {
    return [text](Request&) { return Response::text(200, "text/plain", text); };
  };
  add(Method::get, "/hello", Access::open, say("hello"));
  add(Method::get, "/slash/", Access::open, say("with slash"));
  add(Method::get, "/items/{id}", Access::read,
      [](Request& request) { return Response::text(200, "text/plain", request.capture("id")); });
  add(Method::post, "/items/{id}", Access::write, say("posted"));
  add(Method::del, "/admin", Access::admin, say("deleted"));
  add(Method::get, "/empty", Access::open, [](Request&) { return Response::no_content(); });
  add(Method::get, "/origin", Access::open, [](Request& request) {
    return Response::text(200, "text/plain", request.origin() + " " + request.peer);
  });
  add(Method::get, "/throw", Access::open,
      [](Request&) -> Response { throw std::runtime_error("secret detail"); });
  add(Method::get, "/fault", Access::open, [](Request& request) {
    return problem(Error(Code::invalid, "two faults",
                         {{"/a", "not a number", "\"x\""}, {"/b", "too long", "\"xxx..."}}),
                   request.request_id);
  });
  add(Method::get, "/injected", Access::open, [](Request&) {
    Response response = Response::text(200, "text/plain", "x");
    response.headers.add("X-Value", "a\r\nSet-Cookie: b");
    return response;
  });
  add(Method::get, "/big", Access::open, [](Request& request) {
    const std::string* size = request.query_value("bytes");
    Response response = Response::json(200, std::string(std::stoul(*size), '7'));
    response.headers.add("ETag", "\"v1\"");
    return response;
  });
  add(Method::get, "/gate", Access::open, [this](Request&) {
    gate.pass();
    return Response::text(200, "text/plain", "passed");
  });
  RouteOptions hurried;
  hurried.deadline = std::chrono::milliseconds(0);
  add(Method::get, "/hurried", Access::open, say("in time"), hurried);
  RouteOptions small;
  small.body_bytes_max = 1'000'000;
  add(
      Method::post, "/echo", Access::open,
      [](Request& request) {
        return Response::text(200, "application/octet-stream", request.body);
      },
      small);
}

void RunningServer::add_streams() {
  RouteOptions streaming;
  streaming.stream_body = true;
  streaming.body_bytes_max = 4'000'000;
  add(
      Method::post, "/count", Access::open,
      [](Request& request) {
        std::size_t bytes = 0;
        for (std::string piece;; piece.clear()) {
          Result<bool> more = request.body_reader->read(piece);
          if (!more) return problem(more.error(), request.request_id);
          if (!*more) break;
          bytes += piece.size();
        }
        return Response::text(200, "text/plain", std::to_string(bytes));
      },
      streaming);
  add(
      Method::post, "/unread", Access::open,
      [](Request&) { return Response::text(200, "text/plain", "not read"); }, streaming);
  add(
      Method::post, "/stream-echo", Access::open,
      [](Request& request) {
        Response response = Response::text(200, "application/octet-stream", "");
        response.stream = [&request](BodyWriter& writer) -> Result<void> {
          for (std::string piece;; piece.clear()) {
            BL_TRY(bool more, request.body_reader->read(piece));
            if (!more) return {};
            BL_RETURN_IF_ERROR(writer.write(piece));
          }
        };
        return response;
      },
      streaming);
  add(Method::get, "/lines", Access::open, [this](Request& request) {
    std::size_t lines = std::stoul(*request.query_value("lines"));
    Response response = Response::text(200, "application/x-ndjson", "");
    response.stream = [this, lines](BodyWriter& writer) -> Result<void> {
      for (std::size_t i = 0; i < lines; ++i) {
        Result<void> written = writer.write("{\"line\":" + std::to_string(i) + "}\n");
        if (!written) {
          log->info("stream_stopped", {{"code", name_of(written.error().code)}});
          return written;
        }
      }
      return {};
    };
    return response;
  });
  add(Method::get, "/broken-stream", Access::open, [](Request&) {
    Response response = Response::text(200, "text/plain", "");
    response.stream = [](BodyWriter& writer) -> Result<void> {
      BL_RETURN_IF_ERROR(writer.write("half"));
      return Error(Code::io, "the disk is gone");
    };
    return response;
  });
}

RawAnswer RunningServer::ask(std::string_view request) {
  RawSocket socket(port());
  socket.send(request);
  return socket.read_answer(request.starts_with("HEAD ")).value_or(RawAnswer{});
}

RawAnswer RunningServer::get(const std::string& path, const std::string& header_lines) {
  return ask("GET " + path + " HTTP/1.1\r\nHost: h\r\n" + header_lines + "\r\n");
}

RawAnswer RunningServer::post(const std::string& path, std::string_view body,
                              const std::string& header_lines) {
  return ask("POST " + path + " HTTP/1.1\r\nHost: h\r\nContent-Length: " +
             std::to_string(body.size()) + "\r\n" + header_lines + "\r\n" + std::string(body));
}

double RunningServer::metric(const std::string& name_and_labels) const {
  std::string text = "\n" + metrics.text();
  std::size_t at = text.find("\n" + name_and_labels + " ");
  return at == std::string::npos ? 0 : std::strtod(&text[at + name_and_labels.size() + 2], nullptr);
}

std::vector<std::string> RunningServer::log_lines() const {
  std::lock_guard lock(log_mutex_);
  return log_lines_;
}

}  // namespace bl::net::testing
