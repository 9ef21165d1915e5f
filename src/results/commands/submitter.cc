#include "results/commands/submitter.h"

#include "base/hash.h"
#include "results/commands/reading.h"
#include "results/decoding/payload.h"

namespace bl::results {
namespace {

/// Failures that another attempt may cure; by its key the store finds what was stored after all.
bool is_passing(Code code) {
  return code == Code::unavailable || code == Code::overloaded || code == Code::too_many ||
         code == Code::timeout || code == Code::outcome_unknown;
}

/// Failures that every other document would meet too.
bool concerns_all(Code code) {
  return code == Code::unavailable || code == Code::unauthenticated || code == Code::forbidden;
}

/// The document's own key, else one of its content as the server recognises it again.
void demand_key(json::Value& document) {
  if (!document.is_object()) return;
  const json::Value* key = document.find("submission_key");
  if (key != nullptr && !key->is_null()) return;
  const std::string hash = sha256_hex(canonical_payload(document));
  document.set("submission_key", json::Value::string("sha256-" + hash));
}

constexpr const char* k_batch_path = "/api/results:batch";

void read_submitted(const json::Value& answer, SubmitOutcome& outcome) {
  outcome.id = text_at(answer, "id");
  outcome.run_id = text_at(answer, "run_id");
  outcome.history_fingerprint = text_at(answer, "history_fingerprint");
}

/// One entry of a batch's answer. False: it is an error.
bool read_outcome(const json::Value& entry, SubmitOutcome& outcome) {
  if (const json::Value* error = entry.find("error")) {
    const int status = static_cast<int>(number_at(entry, "status").value_or(500));
    outcome.error = net::problem_error(*error, status, k_batch_path);
    return false;
  }
  read_submitted(entry, outcome);
  return true;
}

}  // namespace

DocumentSender::DocumentSender(const net::ServerAddress& address, int connections, Report report,
                               SubmitterLimits limits)
    : address_(address), report_(std::move(report)), limits_(limits) {
  for (int i = 0; i < connections; ++i) senders_.emplace_back([this] { run_sender(); });
}

DocumentSender::~DocumentSender() {
  finish();
}

void DocumentSender::send(std::string place, json::Value document) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return queue_.size() < limits_.queue_max; });
  queue_.push_back({sent_++, std::move(place), std::move(document)});
  lock.unlock();
  changed_.notify_all();
}

void DocumentSender::finish() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
  }
  changed_.notify_all();
  for (std::thread& sender : senders_) sender.join();
  senders_.clear();
}

void DocumentSender::run_sender() {
  net::ApiClient client(address_);
  while (true) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return finished_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::vector<Work> work = take_work();
    lock.unlock();
    changed_.notify_all();
    const auto outcomes = post(client, std::move(work));
    const std::lock_guard report_lock(report_mutex_);
    for (const SubmitOutcome& outcome : outcomes) report_(outcome);
  }
}

// The mutex is held. Each sender takes its share, so that none stands idle.
std::vector<DocumentSender::Work> DocumentSender::take_work() {
  const std::size_t share = std::max<std::size_t>(1, queue_.size() / senders_.size());
  std::vector<Work> work;
  while (!queue_.empty() && work.size() < std::min(share, limits_.batch_max)) {
    work.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return work;
}

std::optional<Error> DocumentSender::reason_to_stop() {
  const std::lock_guard lock(mutex_);
  if (!stopped_by_) return std::nullopt;
  return Error{stopped_by_->code, "not sent, as one before it failed: " + stopped_by_->message};
}

void DocumentSender::stop_because_of(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (!stopped_by_) stopped_by_ = error;
}

std::vector<SubmitOutcome> DocumentSender::post(net::ApiClient& client, std::vector<Work> work) {
  for (Work& one : work) demand_key(one.document);
  std::vector<SubmitOutcome> outcomes;
  outcomes.reserve(work.size());
  const auto post_alone = [&](const Work& one) { outcomes.push_back(post_one(client, one)); };
  if (work.size() == 1 || reason_to_stop()) {
    for (const Work& one : work) post_alone(one);
    return outcomes;
  }
  std::string body = "[";
  for (const Work& one : work) {
    if (body.size() > 1) body += ',';
    json::append_text(body, one.document);
  }
  body += ']';
  const Result<json::Value> answer = client.post(k_batch_path, body);
  const json::Value* results = answer.ok() ? answer->find("results") : nullptr;
  if (results == nullptr || !results->is_array() || results->items().size() != work.size()) {
    for (const Work& one : work) post_alone(one);
    return outcomes;
  }
  for (std::size_t i = 0; i < work.size(); ++i) {
    SubmitOutcome outcome{.index = work[i].index, .place = work[i].place};
    if (!read_outcome(results->items()[i], outcome) && is_passing(outcome.error->code)) {
      post_alone(work[i]);
    } else {
      outcomes.push_back(std::move(outcome));
    }
  }
  return outcomes;
}

SubmitOutcome DocumentSender::post_one(net::ApiClient& client, const Work& work) {
  SubmitOutcome outcome{.index = work.index, .place = work.place};
  const std::string body = json::to_text(work.document);
  std::chrono::milliseconds pause = limits_.first_pause;
  for (int attempt = 1;; ++attempt) {
    if ((outcome.error = reason_to_stop())) return outcome;
    Result<json::Value> answer = client.post("/api/results", body);
    if (answer.ok()) {
      read_submitted(*answer, outcome);
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
