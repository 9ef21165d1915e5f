#pragma once

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/log.h"
#include "engine/worker/channel.h"
#include "engine/worker_engine.h"

/// Worker processes, seen from the server. Private to this folder.
namespace bl::engine {

/// One process. Going away kills it, waits for it and removes its folder. One thread.
class WorkerProcess {
 public:
  WorkerProcess(pid_t pid, int socket, std::string folder);
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  Channel& channel() { return channel_; }
  pid_t pid() const { return pid_; }
  bool is_alive();
  /// Kills it when it still runs. Says how it ended: as waitpid().
  int end();
  /// The same, but one whose socket is closed is given a moment to say itself why.
  int end_of_torn();

 private:
  const pid_t pid_;
  const std::string folder_;
  Channel channel_;
  std::optional<int> status_;  ///< set: it is gone
};

/// Keeps warm ones, starts more when queries wait. Threads: any. Its own thread starts all of
/// them: a worker is told to end with the thread that started it.
class WorkerPool {
 public:
  WorkerPool(const WorkerEngineOptions& options, Log& log);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// One that nobody has used and that is locked in. Errors: those of `patience`; unavailable (none
  /// can be started, with the reason).
  Result<std::unique_ptr<WorkerProcess>> take(const Patience& patience);

 private:
  Result<std::unique_ptr<WorkerProcess>> next(const Patience& patience);
  void keep();
  Result<std::unique_ptr<WorkerProcess>> start();

  const WorkerEngineOptions options_;
  Log& log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<WorkerProcess>> idle_;  // guarded by mutex_, as are the next ones
  std::size_t takers_ = 0;
  std::uint64_t failures_ = 0;
  std::string failure_;
  bool stops_ = false;
  std::uint64_t started_ = 0;          // of the keeper
  std::atomic<bool> is_told_ = false;  // that the kernel has no Landlock
  std::thread keeper_;
};

}  // namespace bl::engine
