#pragma once

#include <mutex>
#include <set>
#include <string>

#include "base/metrics.h"
#include "inference/stored.h"

namespace bl::inference {

/// What ingests of this process wrote and left out. Threads: any.
class IngestMetrics {
 public:
  explicit IngestMetrics(bl::Metrics& metrics);
  void count(const IngestReport& report);
  void failed();
  void turned_away();  ///< others were running

 private:
  static constexpr std::size_t k_names_max = 1000;  // of each kind; more are not told apart
  using Names = std::set<std::string>;
  void note(const char* kind, Names& known, const std::vector<std::string>& names);

  bl::Metrics& metrics_;
  std::mutex mutex_;
  Names models_, hardware_, precisions_, metric_names_;  // guarded by mutex_
};

}  // namespace bl::inference
