#include "results/commands/submitter.h"

#include "base/hash.h"
#include "results/commands/reading.h"

namespace bl::results {
namespace {

/// Failures that another attempt may cure.
bool is_passing(Code code) {
  return code == Code::unavailable || code == Code::overloaded || code == Code::too_many ||
         code == Code::timeout;
}

/// Failures that every other document would meet too.
bool concerns_all(Code code) {
  return code == Code::unavailable || code == Code::unauthenticated || code == Code::forbidden;
}

/// The document's own key, else one of its content.
void demand_key(json::Value& document) {
  if (!document.is_object()) return;
  const json::Value* key = document.find("submission_key");
  if (key != nullptr && !key->is_null()) return;
  const std::string hash = sha256_hex(json::to_text(document));
  document.set("submission_key", json::Value::string("sha256-" + hash));
}

}  // namespace

Submitter::Submitter(const net::ServerAddress& address, int connections, Report report,
                     SubmitterLimits limits)
    : address_(address), report_(std::move(report)), limits_(limits) {
  for (int i = 0; i < connections; ++i) senders_.emplace_back([this] { run_sender(); });
}

Submitter::~Submitter() {
  finish();
}

void Submitter::send(std::string place, json::Value document) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return queue_.size() < limits_.queue_max; });
  queue_.push_back({sent_++, std::move(place), std::move(document)});
  lock.unlock();
  changed_.notify_all();
}

void Submitter::finish() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
  }
  changed_.notify_all();
  for (std::thread& sender : senders_) sender.join();
  senders_.clear();
}

void Submitter::run_sender() {
  net::ApiClient client(address_);
  while (true) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return finished_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Work work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    changed_.notify_all();
    const SubmitOutcome outcome = post(client, std::move(work));
    const std::lock_guard report_lock(report_mutex_);
    report_(outcome);
  }
}

std::optional<Error> Submitter::reason_to_stop() {
  const std::lock_guard lock(mutex_);
  if (!stopped_by_) return std::nullopt;
  return Error{stopped_by_->code, "not sent, as one before it failed: " + stopped_by_->message};
}

void Submitter::stop_because_of(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (!stopped_by_) stopped_by_ = error;
}

SubmitOutcome Submitter::post(net::ApiClient& client, Work work) {
  SubmitOutcome outcome{.index = work.index, .place = std::move(work.place)};
  demand_key(work.document);
  const std::string body = json::to_text(work.document);
  std::chrono::milliseconds pause = limits_.first_pause;
  for (int attempt = 1;; ++attempt) {
    if ((outcome.error = reason_to_stop())) return outcome;
    Result<json::Value> answer = client.post("/api/results", body);
    if (answer.ok()) {
      outcome.id = text_at(*answer, "id");
      outcome.run_id = text_at(*answer, "run_id");
      outcome.history_fingerprint = text_at(*answer, "history_fingerprint");
      return outcome;
    }
    if (attempt == limits_.attempts_max || !is_passing(answer.error().code)) {
      outcome.error = std::move(answer).error();
      if (concerns_all(outcome.error->code)) stop_because_of(*outcome.error);
      return outcome;
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, limits_.pause_max);
  }
}

}  // namespace bl::results
