#include "ops/prove/child_server.h"

#include <condition_variable>
#include <mutex>

#include "base/json.h"
#include "base/program.h"

namespace bl::ops {
namespace {

constexpr std::chrono::seconds k_start_max{60};

/// The line that says that it is ready, or its end.
struct Ready {
  std::mutex mutex;
  std::condition_variable changed;
  std::string out;         // guarded by mutex
  bool has_ended = false;  // guarded by mutex
};

}  // namespace

Result<std::unique_ptr<ChildServer>> ChildServer::start(
    const std::string& program, const std::string& store, const std::string& folder,
    std::function<bool(std::string_view)> hides) {
  std::unique_ptr<ChildServer> server(new ChildServer);
  server->log_ = folder + "/server.log";
  const auto ready = std::make_shared<Ready>();
  // The URI may hold a password: not on a command line that others see.
  // The shell only says where the log goes: a program that is ended hands on no output.
  ProgramCall call{
      .words = {"/bin/sh", "-c", "exec \"$@\" 2>\"$0\"", server->log_, program, "serve", "--data",
                folder + "/data", "--http", "127.0.0.1:0"},
      .variables = {{"BENCHLAKE_SERVER_STORE", store}, {"BENCHLAKE_STORE_READ_ONLY", "true"}},
      .hides = std::move(hides),
      .own_group = true};
  call.go_on = [server = server.get()] { return server->goes_on_.load(); };
  call.on_output = [ready](std::string_view piece) {
    const std::lock_guard lock(ready->mutex);
    ready->out += piece;
    ready->changed.notify_all();
  };
  server->thread_ = std::thread([call = std::move(call), ready] {
    (void)run_program(call).ok();  // how it ended is in its log
    const std::lock_guard lock(ready->mutex);
    ready->has_ended = true;
    ready->changed.notify_all();
  });
  std::unique_lock lock(ready->mutex);
  ready->changed.wait_for(lock, k_start_max, [&] {
    return ready->has_ended || ready->out.find('\n') != std::string::npos;
  });
  const auto line = json::parse(ready->out.substr(0, ready->out.find('\n')));
  const json::Value* url = line.ok() ? line->find("http") : nullptr;
  lock.unlock();
  if (url == nullptr || !url->is_string()) {
    server->stop();
    return Error{Code::unavailable, "the server did not start; see " + server->log_};
  }
  server->url_ = url->as_string();
  return server;
}

void ChildServer::stop() {
  goes_on_ = false;
  if (thread_.joinable()) thread_.join();
}

}  // namespace bl::ops
