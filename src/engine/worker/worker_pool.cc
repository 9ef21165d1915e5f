#include "engine/worker/worker_pool.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/spawn_settings.h"
#include "engine/worker_main.h"

namespace bl::engine {
namespace {

namespace fs = std::filesystem;

constexpr int k_socket = 3;
constexpr std::size_t k_more_attempts = 2;  // than may have been killed while they waited
constexpr std::chrono::milliseconds k_pause_after_failure{500};
constexpr std::chrono::milliseconds k_look{50};
constexpr std::chrono::milliseconds k_end_wait{2'000};

Error failure(const std::string& what, int number) {
  return Error{Code::unavailable, what + ": " + std::strerror(number)};
}

/// No variable of the server's reaches a worker: they hold secrets.
Result<pid_t> spawn(const std::string& program, int socket) {
  SpawnSettings settings;
  for (int stream = 0; stream < k_socket; ++stream) {
    posix_spawn_file_actions_addopen(&settings.files, stream, "/dev/null", O_RDWR, 0);
  }
  posix_spawn_file_actions_adddup2(&settings.files, socket, k_socket);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&settings.attributes, &none);
  posix_spawnattr_setsigdefault(&settings.attributes, &all);
  posix_spawnattr_setpgroup(&settings.attributes, 0);  // a terminal's Ctrl+C is the server's
  posix_spawnattr_setflags(&settings.attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::string word = k_worker_word, name = "benchlake", arenas = "MALLOC_ARENA_MAX=2";
  // Arrow's allocator would start a thread before main, which Landlock would not hold.
  std::string arrow = "JE_ARROW_MALLOC_CONF=background_thread:false";
  std::array<char*, 3> words{name.data(), word.data(), nullptr};
  std::array<char*, 3> variables{arenas.data(), arrow.data(), nullptr};
  pid_t child = -1;
  const int failed = posix_spawn(&child, program.c_str(), &settings.files, &settings.attributes,
                                 words.data(), variables.data());
  if (failed != 0) return failure("cannot start a query's worker", failed);
  return child;
}

}  // namespace

WorkerProcess::WorkerProcess(pid_t pid, int socket, std::string folder)
    : pid_(pid), folder_(std::move(folder)), channel_(socket, FrameLimits{}) {}

WorkerProcess::~WorkerProcess() {
  end();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

bool WorkerProcess::is_alive() {
  int status = 0;
  if (!status_ && waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  return !status_;
}

int WorkerProcess::end() {
  if (status_) return *status_;
  kill(pid_, SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  status_ = status;
  return status;
}

int WorkerProcess::end_of_torn() {
  const auto give_up = std::chrono::steady_clock::now() + k_end_wait;
  int status = 0;
  while (!status_ && std::chrono::steady_clock::now() < give_up) {
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      status_ = status;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  return end();
}

WorkerPool::WorkerPool(const WorkerEngineOptions& options, Log& log)
    : options_(options), log_(log), keeper_([this] { keep(); }) {}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
    changed_.notify_all();
  }
  keeper_.join();
}

Result<std::unique_ptr<WorkerProcess>> WorkerPool::take(const Patience& patience) {
  Error last{Code::unavailable, "no worker of a query gets ready"};
  const std::size_t attempts = options_.limits.warm_workers + k_more_attempts;
  for (std::size_t attempt = 0; attempt < attempts; ++attempt) {
    BL_TRY(auto worker, next(patience));
    const auto give_up = std::chrono::steady_clock::now() + options_.limits.start_max;
    const auto frame = worker->channel().receive([&]() -> Result<void> {
      if (std::chrono::steady_clock::now() > give_up) {
        return Error{Code::unavailable, "a query's worker does not get ready"};
      }
      return patience();
    });
    if (!frame.ok()) return frame.error();
    if (*frame && (*frame)->kind == FrameKind::ready && worker->is_alive()) {
      BL_TRY(const WorkerReady ready, decode_ready((*frame)->payload));
      if (ready.landlock == 0 && !is_told_.exchange(true)) {
        log_.warning("query_workers_without_landlock",
                     {{"what", "the kernel does not hold workers of queries to their files"}});
      }
      return worker;
    }
    // Killed while it waited, or it cannot begin on this machine: then it says why.
    if (*frame && (*frame)->kind == FrameKind::failed) {
      last.message = "a query's worker cannot begin: " + decode_failed((*frame)->payload).message;
    }
    const int status = worker->end_of_torn();
    log_.warning("query_worker_not_ready", {{"status", status}, {"error", last.message}});
  }
  return last;
}

Result<std::unique_ptr<WorkerProcess>> WorkerPool::next(const Patience& patience) {
  std::unique_lock lock(mutex_);
  const std::uint64_t failures = failures_;
  ++takers_;
  changed_.notify_all();
  std::optional<Error> error;
  while (idle_.empty() && !error) {
    changed_.wait_for(lock, k_look);
    if (failures_ != failures) error = Error{Code::unavailable, failure_};
    lock.unlock();
    const auto goes_on = patience();
    lock.lock();
    if (!goes_on.ok()) error = goes_on.error();
  }
  --takers_;
  if (idle_.empty()) return *std::move(error);
  auto worker = std::move(idle_.front());
  idle_.pop_front();
  changed_.notify_all();
  return worker;
}

void WorkerPool::keep() {
  std::unique_lock lock(mutex_);
  while (!stops_) {
    if (idle_.size() >= options_.limits.warm_workers + takers_) {
      changed_.wait(lock);
      continue;
    }
    lock.unlock();
    auto worker = start();
    lock.lock();
    if (worker.ok()) {
      idle_.push_back(std::move(worker).value());
    } else {
      ++failures_;
      failure_ = worker.error().message;
      log_.error("query_worker", {{"error", failure_}});
    }
    changed_.notify_all();
    if (!worker.ok()) changed_.wait_for(lock, k_pause_after_failure, [this] { return stops_; });
  }
  idle_.clear();
}

Result<std::unique_ptr<WorkerProcess>> WorkerPool::start() {
  const std::string folder = options_.folder + "/" + std::to_string(++started_);
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) {
    return Error{Code::io, "cannot make the folder " + folder + ": " + failed.message()};
  }
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return failure("cannot make a socket for a query's worker", errno);
  }
  const auto child = spawn(options_.program, ends[1]);
  close(ends[1]);
  if (!child.ok()) {
    close(ends[0]);
    return child.error();
  }
  auto worker = std::make_unique<WorkerProcess>(*child, ends[0], folder);
  const WorkerSetup setup{.parent = getpid(),
                          .readable = options_.readable,
                          .temp_folder = folder,
                          .temp_bytes_max = options_.limits.spill_bytes_max,
                          .memory_bytes_max = options_.limits.memory_bytes_max,
                          .threads = options_.limits.threads};
  // It fits into the socket's buffer: nobody waits for the worker here. One that is gone already is
  // found out by who takes it.
  (void)worker->channel().send(FrameKind::setup, encode(setup), [] {
    return Result<void>(Error{Code::unavailable, "a query's worker does not listen"});
  });
  return worker;
}

}  // namespace bl::engine
