#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/metrics.h"
#include "base/result.h"

namespace bl::inference {

/// What happened to questions, and how much is kept.
struct KeptMetrics {
  Counter found;
  Counter made;
  Counter waited;  ///< for another that was making it
  Gauge cost;
};

/// Values that are dear to make, by key, each of a revision of the store; the ones that were not
/// asked for longest make room. A value is made once, however many ask for it at once. Threads:
/// any.
template <class T>
class Kept {
 public:
  using Value = std::shared_ptr<const T>;
  /// nullptr: there is one, but it must not be kept.
  using Make = std::function<Result<Value>()>;

  /// A value that costs more than `cost_max` is not kept.
  Kept(std::size_t cost_max, std::function<std::size_t(const T&)> cost, KeptMetrics metrics)
      : cost_max_(cost_max), cost_(std::move(cost)), metrics_(metrics) {}

  /// Errors: those of `make`, also of another's; timeout (another is still making it).
  Result<Value> get(const std::string& key, std::int64_t revision,
                    std::chrono::steady_clock::time_point deadline, const Make& make) {
    std::unique_lock lock(mutex_);
    if (Value found = find(key, revision)) {
      metrics_.found.add();
      return found;
    }
    const std::string flight_key = key + '@' + std::to_string(revision);
    if (const auto other = flights_.find(flight_key); other != flights_.end()) {
      metrics_.waited.add();
      return wait_for(other->second, lock, deadline);
    }
    const auto flight = std::make_shared<Flight>();
    flights_.emplace(flight_key, flight);
    lock.unlock();
    metrics_.made.add();
    Result<Value> made = make();
    lock.lock();
    flights_.erase(flight_key);
    flight->made = made;
    flight->landed.notify_all();
    if (made.ok() && *made) keep(key, revision, *made);
    return made;
  }

 private:
  struct Entry {
    std::string key;
    std::int64_t revision = 0;
    Value value;
    std::size_t cost = 0;
  };
  /// One that is being made.
  struct Flight {
    std::condition_variable landed;
    std::optional<Result<Value>> made;
  };

  Result<Value> wait_for(std::shared_ptr<Flight> flight, std::unique_lock<std::mutex>& lock,
                         std::chrono::steady_clock::time_point deadline) {
    if (flight->landed.wait_until(lock, deadline, [&] { return flight->made.has_value(); }))
      return *flight->made;
    return Error{Code::timeout, "the answer is still being made for another"};
  }

  Value find(const std::string& key, std::int64_t revision) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end() || found->second->revision != revision) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->value;
  }

  void keep(const std::string& key, std::int64_t revision, const Value& value) {
    if (const auto found = by_key_.find(key); found != by_key_.end()) drop(found->second);
    const std::size_t cost = cost_(*value);
    if (cost > cost_max_) return;
    while (total_ + cost > cost_max_) drop(std::prev(entries_.end()));
    entries_.push_front({key, revision, value, cost});
    by_key_[key] = entries_.begin();
    total_ += cost;
    metrics_.cost.set(static_cast<double>(total_));
  }

  void drop(typename std::list<Entry>::iterator entry) {
    total_ -= entry->cost;
    by_key_.erase(entry->key);
    entries_.erase(entry);
    metrics_.cost.set(static_cast<double>(total_));
  }

  const std::size_t cost_max_;
  const std::function<std::size_t(const T&)> cost_;
  KeptMetrics metrics_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // guarded by mutex_, as are the next ones; the newest use first
  std::unordered_map<std::string, typename std::list<Entry>::iterator> by_key_;
  std::unordered_map<std::string, std::shared_ptr<Flight>> flights_;
  std::size_t total_ = 0;
};

}  // namespace bl::inference
