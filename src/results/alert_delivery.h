#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "results/store_alerts.h"
#include "store/jobs.h"

/// Sends the messages that wait in the store. At least once: a message is claimed, sent, and noted
/// as delivered; whoever dies between leaves it to be sent again, with the same delivery id, when
/// the claim has ended.
namespace bl::results {

/// One place that messages go to. Threads: any.
class AlertChannel {
 public:
  virtual ~AlertChannel() = default;
  virtual const AlertTarget& target() const = 0;
  /// Blocking, for less than retry_after. Errors: any; the message is sent again later. A message
  /// may come again under the same id.
  virtual Result<void> send(const AlertDelivery& delivery) = 0;
};

struct AlertDeliveryLimits {
  /// How long a claim holds, and the pause after the first failure, which then doubles. Longer than
  /// any channel's timeout.
  std::chrono::milliseconds retry_after{60'000};
  std::chrono::milliseconds pause_max{3'600'000};
  std::int64_t attempts_max = 12;  ///< then a message has failed
  /// Of a message that waits and is not tried; then it has failed.
  std::chrono::milliseconds age_max{172'800'000};
  std::chrono::milliseconds sweep_every{60'000};
  std::size_t round_max = 100;  ///< messages to one target before another's turn
};

struct AlertDeliveries {
  std::int64_t delivered = 0, retried = 0, failed = 0;
  std::string error;  ///< of the last one that was not delivered
};

/// work() belongs to one background thread; deliver() to any.
class AlertDeliverer {
 public:
  static constexpr std::string_view k_job = "alerts.deliver";

  AlertDeliverer(StoreAlerts& alerts, std::vector<std::unique_ptr<AlertChannel>> channels,
                 store::Jobs& jobs, const Clock& clock, Log& log, Metrics& metrics,
                 AlertDeliveryLimits limits = {});

  std::vector<AlertTarget> targets() const;
  /// Sends what is due. Cost without anything due: one statement.
  void work();
  /// As work(), at once also what failed and waits for its next attempt. Stops at the deadline.
  /// Errors: those of the store.
  Result<AlertDeliveries> deliver(std::chrono::steady_clock::time_point deadline);

 private:
  Result<void> round();
  Result<void> sweep();
  Result<bool> send_one(AlertChannel& channel, AlertDeliveries& outcome);
  Result<void> failed(const AlertDelivery& delivery, const Error& error, AlertDeliveries& outcome);
  Counter counter(const std::string& channel, const char* outcome);

  StoreAlerts& alerts_;
  const std::vector<std::unique_ptr<AlertChannel>> channels_;
  store::Jobs& jobs_;
  const Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  const AlertDeliveryLimits limits_;
  // Of the background thread.
  RecurringError errors_;
  std::optional<std::chrono::steady_clock::time_point> swept_at_;
  Gauge waiting_;
  Counter attempts_hits_, age_hits_;
};

}  // namespace bl::results
