#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/metrics.h"
#include "traces/trace_store.h"

namespace bl::traces {

/// Answers by id, by every field of their query and the state of their trace: a span that comes
/// makes the answers of its trace old. What is not there is not kept. Threads: any.
class AnswerCache {
 public:
  AnswerCache(std::uint64_t bytes_max, Metrics& metrics);

  static std::string key_of(const TraceQuery& query);
  /// To be asked before the snapshot is taken that the answer is of.
  std::uint64_t version(const TraceId& id) const { return counter(id).load(); }
  /// Spans of that trace came.
  void touch(const TraceId& id) { counter(id).fetch_add(1); }

  /// Spans of any went.
  void touch_all() {
    for (auto& one : *counters_) one.fetch_add(1);
  }

  std::shared_ptr<const TraceAnswer> find(const std::string& key, std::uint64_t version);
  /// One answer does not push all others out: false for those that are too large, which are
  /// counted.
  bool takes(std::size_t bytes);
  void add(const std::string& key, std::uint64_t version, std::shared_ptr<const TraceAnswer> answer,
           std::size_t bytes);
  std::size_t bytes() const;

 private:
  // Many traces share a counter: it says "old" too often, never too seldom.
  static constexpr std::size_t k_counters = 4'096;
  std::atomic<std::uint64_t>& counter(const TraceId& id) const {
    return (*counters_)[std::hash<TraceId>()(id) % k_counters];
  }
  struct Entry {
    std::string key;
    std::uint64_t version = 0;
    std::shared_ptr<const TraceAnswer> answer;
    std::size_t bytes = 0;
  };
  const std::uint64_t bytes_max_;
  const std::unique_ptr<std::array<std::atomic<std::uint64_t>, k_counters>> counters_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // guarded by mutex_; the newest first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_key_;  // guarded by mutex_
  std::size_t bytes_ = 0;                                               // guarded by mutex_
  Counter hits_, misses_, stale_, inserts_, evictions_, skips_;
  Gauge held_;
};

/// About what a span takes in memory.
std::size_t bytes_of(const Spans& spans);

}  // namespace bl::traces
