#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lake/lake.h"
#include "ops/model.h"

/// The replica of results in the lake, as another domain keeps it. All answers are JSON objects, as
/// openapi_lake.yaml has them.
namespace bl::ops {

struct ReplicaCall {
  enum class Work : unsigned char {
    refresh,        ///< what is new comes over
    check,          ///< both sides are compared
    repair,         ///< and made equal
    prove_removed,  ///< deleted results are in no file
  };
  Work work = Work::refresh;
  std::vector<std::string> results;  ///< of prove_removed
};
struct ReplicaCallLimits {
  std::size_t results_max = 1'000;
};

/// Of a server; bound by app.
struct ReplicaPort {
  std::function<Result<std::string>(const ReplicaCall&, const Progress&)> work;
  std::function<std::string()> status;
};

/// Without a server: over a store and a lake that a command opened.
using ReplicaCommand = std::function<Result<std::string>(store::Database&, lake::Lake&,
                                                         const ReplicaCall&, const Progress&)>;

}  // namespace bl::ops
