#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/result.h"

namespace bl::ops {

/// `benchlake serve` over a store that it must not write to, on a free port of loopback, with
/// nothing of our environment but what `hides` leaves. Ended with this object. One thread.
class ChildServer {
 public:
  /// Returns when it is ready. Errors: unavailable (it did not start within a minute), with the end
  /// of its log.
  static Result<std::unique_ptr<ChildServer>> start(const std::string& program,
                                                    const std::string& store,
                                                    const std::string& folder,
                                                    std::function<bool(std::string_view)> hides);
  ~ChildServer() { stop(); }

  const std::string& url() const { return url_; }
  /// A file; whole after stop().
  const std::string& log() const { return log_; }
  void stop();

 private:
  ChildServer() = default;
  std::atomic<bool> goes_on_ = true;
  std::string url_, log_;
  std::thread thread_;
};

}  // namespace bl::ops
