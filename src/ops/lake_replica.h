#pragma once

#include <chrono>
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
  std::size_t results_max = 200'000;  ///< what one undo may remove
};

/// Of a server; bound by app.
struct ReplicaPort {
  std::function<Result<std::string>(const ReplicaCall&, const Progress&)> work;
  std::function<std::string()> status;
};

/// Without a server: over a store and a lake that a command opened.
using ReplicaCommand = std::function<Result<std::string>(store::Database&, lake::Lake&,
                                                         const ReplicaCall&, const Progress&)>;

/// What `prove replica` is asked for.
struct ReplicaProofCall {
  std::string folder;   ///< absolute; the proof's own lake, what is done, the report
  std::string program;  ///< benchlake itself, for drills with killed processes; empty: none
  std::vector<int> readers;
  int repetitions = 20;   ///< of a question, for each reader
  int requests = 10'000;  ///< that both sides answer, of each interface
  int refreshes = 12;     ///< while somebody writes
  std::chrono::seconds refresh_every{5};
  int kills = 10;                               ///< of a refresh
  std::vector<std::string> families, variants;  ///< empty: all
  std::string version;
};
struct ReplicaProofOutcome {
  std::string report;  ///< JSON, as the file report.json
  enum class Verdict : unsigned char { passed, failed, not_run };
  Verdict verdict = Verdict::not_run;
};
/// Over a store that a command opened; what is done goes on after a kill. Bound by app.
using ReplicaProofCommand = std::function<Result<ReplicaProofOutcome>(
    store::Database&, const ReplicaProofCall&, const Progress&)>;

}  // namespace bl::ops
