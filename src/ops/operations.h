#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/ids.h"
#include "ops/model.h"

/// Calls that take long: begun by one request, asked after by others (DESIGN 7). They live as long
/// as the server. Threads: any; each operation runs on a thread of its own.
namespace bl::ops {

struct OperationsLimits {
  std::size_t kept_max = 100;  ///< that have ended; the oldest is forgotten
};

struct OperationView {
  enum class State : unsigned char { running, succeeded, failed };
  std::string id;
  std::string kind;  ///< `backup`, `lake.verify`, ...
  State state = State::running;
  std::string phase;
  std::uint64_t done = 0, total = 0;  ///< of the phase, in its own unit; total 0: unknown
  Timestamp started_at;
  std::optional<Timestamp> ended_at;
  std::optional<Error> error;
  std::string result_json;  ///< of one that succeeded
};
const char* name_of(OperationView::State state);
/// As openapi.yaml has it.
std::string encode(const OperationView& view);

class Operations {
 public:
  Operations(IdSource& ids, const Clock& clock, OperationsLimits limits = {})
      : ids_(ids), clock_(clock), limits_(limits) {}
  /// Cancels what runs and waits for it.
  ~Operations();
  Operations(const Operations&) = delete;
  Operations& operator=(const Operations&) = delete;

  /// The result as JSON. Its progress says `false` when the server stops.
  using Work = std::function<Result<std::string>(const Progress&)>;
  /// Gives the operation as it begins. Errors: conflict (one of that kind is running: it names it).
  Result<OperationView> start(const std::string& kind, Work work);
  /// Errors: not_found.
  Result<OperationView> find(const std::string& id) const;

 private:
  struct Operation {
    OperationView view;
    std::thread thread;
  };
  void run(const std::string& id, const Work& work);
  void forget_oldest();  // needs mutex_

  IdSource& ids_;
  const Clock& clock_;
  const OperationsLimits limits_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::map<std::string, Operation> operations_;  // guarded by mutex_; by id, which is by time
};

}  // namespace bl::ops
