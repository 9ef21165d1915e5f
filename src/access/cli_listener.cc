#include "access/cli_listener.h"

#include "base/hash.h"

namespace bl::access {
namespace {

constexpr const char* k_path = "/callback";

net::Response page(int status, const char* sentence) {
  std::string html =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>benchlake</title>"
      "<body style=\"font:16px/1.5 system-ui,sans-serif;margin:4rem auto;max-width:38rem\"><p>";
  html.append(sentence).append("</p></html>\n");
  net::Response response = net::Response::text(status, "text/html; charset=utf-8", std::move(html));
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("Referrer-Policy", "no-referrer");
  response.headers.set("Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
  return response;
}

}  // namespace

CliListener::CliListener(std::string state, const Clock& clock)
    : state_(std::move(state)), log_(clock, LogLevel::error, [](std::string_view) {}) {
  router_.add({.method = net::Method::get,
               .pattern = k_path,
               .access = net::Access::open,
               .handler = [this](net::Request& request) { return receive(request); }});
}

CliListener::~CliListener() {
  if (server_ != nullptr) server_->stop();
}

Result<std::unique_ptr<CliListener>> CliListener::listen(std::string state, const Clock& clock,
                                                         Random& random) {
  std::unique_ptr<CliListener> listener(new CliListener(std::move(state), clock));
  net::ServerOptions options;
  options.port = 0;
  options.io_threads = 1;
  options.limits.workers = 2;
  options.limits.stop_timeout = std::chrono::milliseconds(500);
  BL_TRY(listener->server_, net::Server::listen(options, listener->router_, listener->nobody_,
                                                random, listener->log_, listener->metrics_));
  listener->server_->start();
  return listener;
}

std::string CliListener::redirect_uri() const {
  return "http://127.0.0.1:" + std::to_string(server_->port()) + k_path;
}

net::Response CliListener::receive(const net::Request& request) {
  const std::string* state = request.query_value("state");
  const std::string* code = request.query_value("code");
  if (state == nullptr || code == nullptr || code->empty() ||
      !equal_constant_time(*state, state_)) {
    return page(400, "This is not the answer that the command waits for.");
  }
  std::lock_guard lock(mutex_);
  if (!code_) code_ = *code;
  came_.notify_all();
  return page(200, "The command has what it needs. You may close this page.");
}

std::optional<std::string> CliListener::wait(std::chrono::milliseconds time_max) {
  std::unique_lock lock(mutex_);
  came_.wait_for(lock, time_max, [this] { return code_.has_value(); });
  return code_;
}

}  // namespace bl::access
