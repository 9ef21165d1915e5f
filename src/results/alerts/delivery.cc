#include "results/alert_delivery.h"

#include <fmt/format.h>

#include <algorithm>

namespace bl::results {

AlertDeliverer::AlertDeliverer(StoreAlerts& alerts,
                               std::vector<std::unique_ptr<AlertChannel>> channels,
                               store::Jobs& jobs, const Clock& clock, Log& log, Metrics& metrics,
                               AlertDeliveryLimits limits)
    : alerts_(alerts),
      channels_(std::move(channels)),
      jobs_(jobs),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      limits_(limits),
      errors_(log, "alert_delivery"),
      waiting_(metrics.gauge("bl_alert_deliveries_waiting", "messages of alerts that wait")),
      attempts_hits_(metrics.counter("bl_alert_limit_hits_total",
                                     "times that a limit of alerts was reached",
                                     {{"limit", "attempts_max"}})),
      age_hits_(metrics.counter("bl_alert_limit_hits_total",
                                "times that a limit of alerts was reached",
                                {{"limit", "age_max"}})) {
  for (const auto& channel : channels_) {
    for (const char* outcome : {"delivered", "retried", "failed"}) {
      counter(channel->target().channel, outcome);  // there from the start, at zero
    }
  }
}

Counter AlertDeliverer::counter(const std::string& channel, const char* outcome) {
  return metrics_.counter("bl_alert_deliveries_total", "attempts to send a message of an alert",
                          {{"channel", channel}, {"outcome", outcome}});
}

std::vector<AlertTarget> AlertDeliverer::targets() const {
  std::vector<AlertTarget> targets;
  for (const auto& channel : channels_) targets.push_back(channel->target());
  return targets;
}

void AlertDeliverer::work() {
  const auto done = round();
  if (done.ok()) {
    errors_.passed();
  } else {
    errors_.failed(done.error().message);
  }
}

Result<void> AlertDeliverer::round() {
  BL_RETURN_IF_ERROR(sweep());
  BL_TRY(const bool has_due, alerts_.has_due(clock_.now()));
  if (!has_due) return {};
  AlertDeliveries outcome;
  for (const auto& channel : channels_) {
    for (std::size_t sent = 0; sent < limits_.round_max; ++sent) {
      BL_TRY(const bool more, send_one(*channel, outcome));
      if (!more) break;
    }
  }
  return {};
}

Result<void> AlertDeliverer::sweep() {
  const auto now = clock_.steady_now();
  if (swept_at_ && now - *swept_at_ < limits_.sweep_every) return {};
  BL_TRY(const AlertCounts counts, alerts_.counts());
  swept_at_ = now;
  waiting_.set(static_cast<double>(counts.pending));
  if (counts.pending == 0) return {};
  BL_TRY(const std::int64_t given_up,
         alerts_.give_up(clock_.now() - limits_.age_max, limits_.attempts_max));
  if (given_up == 0) return {};
  age_hits_.add(static_cast<double>(given_up));
  log_.warning("alert_messages_given_up", {{"count", given_up}});
  return {};
}

Result<AlertDeliveries> AlertDeliverer::deliver(std::chrono::steady_clock::time_point deadline) {
  BL_RETURN_IF_ERROR(alerts_.hasten(clock_.now() - limits_.retry_after));
  AlertDeliveries outcome;
  for (const auto& channel : channels_) {
    // A channel that fails is not asked again in this call: its messages would wait for each other.
    while (clock_.steady_now() < deadline) {
      const std::int64_t not_sent = outcome.retried + outcome.failed;
      BL_TRY(const bool more, send_one(*channel, outcome));
      if (!more || outcome.retried + outcome.failed > not_sent) break;
    }
  }
  return outcome;
}

// False when nothing is due for that channel.
Result<bool> AlertDeliverer::send_one(AlertChannel& channel, AlertDeliveries& outcome) {
  BL_TRY(const auto claimed, alerts_.claim(channel.target(), clock_.now() + limits_.retry_after));
  if (!claimed) return false;
  BL_TRY([[maybe_unused]] const bool mine, jobs_.claim(k_job, limits_.retry_after));
  const auto sent = channel.send(*claimed);
  if (sent.ok()) {
    BL_TRY([[maybe_unused]] const bool noted, alerts_.delivered(*claimed));
    ++outcome.delivered;
    counter(claimed->channel, "delivered").add();
  } else {
    BL_RETURN_IF_ERROR(failed(*claimed, sent.error(), outcome));
  }
  BL_RETURN_IF_ERROR(
      jobs_.finish(k_job, sent.ok() ? store::Jobs::Outcome::ok : store::Jobs::Outcome::failed,
                   fmt::format("{} to {}{}", claimed->channel, claimed->target,
                               sent.ok() ? std::string() : ": " + sent.error().message)));
  return true;
}

Result<void> AlertDeliverer::failed(const AlertDelivery& delivery, const Error& error,
                                    AlertDeliveries& outcome) {
  outcome.error = error.message;
  const bool was_last = delivery.attempt >= limits_.attempts_max;
  std::optional<Timestamp> retry_at;
  if (!was_last) {
    auto pause = limits_.retry_after;
    for (std::int64_t i = 1; i < delivery.attempt && pause < limits_.pause_max; ++i) pause *= 2;
    retry_at = clock_.now() + std::max(std::min(pause, limits_.pause_max), limits_.retry_after);
  }
  BL_TRY([[maybe_unused]] const bool noted,
         alerts_.not_delivered(delivery, error.message, retry_at));
  ++(was_last ? outcome.failed : outcome.retried);
  counter(delivery.channel, was_last ? "failed" : "retried").add();
  if (was_last) attempts_hits_.add();
  log_.warning("alert_message_not_sent", {{"delivery", delivery.id},
                                          {"channel", delivery.channel},
                                          {"target", delivery.target},
                                          {"attempt", delivery.attempt},
                                          {"error", error.message}});
  return {};
}

}  // namespace bl::results
