#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/json.h"
#include "net/server_address.h"

/// Sends submissions to a server over several connections at once. The caller's thread reads files
/// and calls send(), which waits when senders are behind; sender threads post and report.
namespace bl::results {

struct SubmitterLimits {
  std::size_t queue_max = 2'000;               ///< documents that wait for a sender
  std::size_t batch_max = 100;                 ///< documents in one request
  int attempts_max = 8;                        ///< of one document
  std::chrono::milliseconds first_pause{100};  ///< doubles with every attempt
  std::chrono::milliseconds pause_max{5'000};
};

/// What became of one document.
struct SubmitOutcome {
  std::uint64_t index = 0;  ///< in the order of send()
  std::string place;        ///< file, and place in it
  std::string id, run_id, history_fingerprint;
  std::optional<Error> error;
};

/// One thread calls send() and finish(). A document without a submission key gets one made of its
/// content, so that neither a post whose answer was lost nor the same file submitted again is
/// stored twice. Documents that wait together go in one request; what fails in it for a passing
/// reason is tried again alone. When no server answers one document's last attempt, or it refuses
/// the token, the rest is reported as failed at once.
class DocumentSender {
 public:
  using Report =
      std::function<void(const SubmitOutcome&)>;  ///< one call at a time, from any sender

  DocumentSender(const net::ServerAddress& address, int connections, Report report,
                 SubmitterLimits limits = {});
  ~DocumentSender();
  DocumentSender(const DocumentSender&) = delete;
  DocumentSender& operator=(const DocumentSender&) = delete;

  void send(std::string place, json::Value document);
  /// Waits until everything has been reported.
  void finish();

 private:
  struct Work {
    std::uint64_t index = 0;
    std::string place;
    json::Value document;
  };
  void run_sender();
  std::vector<Work> take_work();
  std::vector<SubmitOutcome> post(net::ApiClient& client, std::vector<Work> work);
  SubmitOutcome post_one(net::ApiClient& client, const Work& work);
  std::optional<Error> reason_to_stop();
  void stop_because_of(const Error& error);

  const net::ServerAddress address_;
  const Report report_;
  const SubmitterLimits limits_;
  std::mutex report_mutex_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> queue_;           // guarded by mutex_
  std::uint64_t sent_ = 0;           // guarded by mutex_
  bool finished_ = false;            // guarded by mutex_
  std::optional<Error> stopped_by_;  // guarded by mutex_
  std::vector<std::thread> senders_;
};

}  // namespace bl::results
