#include "engine/admission.h"

#include <fmt/format.h>

#include <algorithm>

namespace bl::engine {
namespace {
constexpr std::chrono::milliseconds k_look{50};  // so soon a waiting client's end is seen
}  // namespace

Admission::Admission(AdmissionLimits limits, Metrics& metrics, const char* engine)
    : limits_(limits),
      running_gauge_(metrics.gauge("bl_query_running", "queries that run", {{"engine", engine}})),
      waiting_gauge_(
          metrics.gauge("bl_query_waiting", "queries that wait for a place", {{"engine", engine}})),
      refused_(metrics.counter("bl_query_refused_total",
                               "queries that found all places taken, also those to wait",
                               {{"engine", engine}})) {}

Result<Admission::Place> Admission::enter(Instant deadline, QueryControl& control) {
  // A short query would be over before anybody looked.
  if (control.wants_end()) return Error{Code::cancelled, "the query was cancelled before it began"};
  std::unique_lock lock(mutex_);
  if (running_ >= limits_.running_max && waiting_.size() >= limits_.waiting_max) {
    refused_.add();
    return Error{Code::overloaded, fmt::format("{} queries run and {} wait: come back later",
                                               running_, waiting_.size())};
  }
  const std::uint64_t ticket = next_++;
  waiting_.push_back(ticket);
  show();
  std::optional<Error> error;
  while (running_ >= limits_.running_max || waiting_.front() != ticket) {
    changed_.wait_until(lock, std::min(deadline, std::chrono::steady_clock::now() + k_look));
    lock.unlock();
    const bool wants_end = control.wants_end();
    lock.lock();
    if (wants_end) {
      error = Error{Code::cancelled, "the query was cancelled while it waited"};
    } else if (std::chrono::steady_clock::now() >= deadline) {
      error = Error{Code::overloaded, "no place came free in the query's time: come back later"};
    }
    if (error) break;
  }
  std::erase(waiting_, ticket);
  if (!error) ++running_;
  show();
  changed_.notify_all();
  if (error) return *std::move(error);
  return Place(*this);
}

void Admission::leave() {
  const std::lock_guard lock(mutex_);
  --running_;
  show();
  changed_.notify_all();
}

void Admission::show() {
  running_gauge_.set(static_cast<double>(running_));
  waiting_gauge_.set(static_cast<double>(waiting_.size()));
}

}  // namespace bl::engine
