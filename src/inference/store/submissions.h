#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "inference/stored.h"
#include "store/database.h"

namespace bl::inference {

/// What runs brought of configurations, put together by day. Private to the readers.
class SubmissionList {
 public:
  /// A row: config id, date, points, its sequences and concurrencies (each once, between commas),
  /// the image of its first point that has one; of one run. By date, then configuration, then run.
  void add(const store::Row& row, const ServingConfig& config);
  Submissions finish();

 private:
  // What several runs brought of one configuration on one day.
  struct Open {
    std::int64_t config_id = 0;
    SubmissionSummary summary;
    std::set<std::string, std::less<>> sequences, concurrencies;
  };
  void close();

  std::optional<Open> open_;
  std::vector<std::pair<std::int64_t, SubmissionSummary>> found_;
};

}  // namespace bl::inference
