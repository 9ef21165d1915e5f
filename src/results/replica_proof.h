#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/log.h"
#include "base/metrics.h"
#include "lake/lake.h"
#include "results/ports.h"
#include "store/database.h"

/// The proof that the replica may answer (spec/lake-ducklake.md 7): a store is exported into a lake
/// of the proof's own, laid out in several ways, measured, compared, damaged and mended; seven
/// gates are judged of it. Of the store only the verdict of each interface is written
/// (read_evidence.h); all else lies in the proof's folder.
namespace bl::results {

/// The readers of one side; null: this program has none there.
struct ReaderPorts {
  HistoryReader* history = nullptr;
  RunBrowser* runs = nullptr;
  CompareReader* compare = nullptr;
  ProjectHealthReader* health = nullptr;
};

struct ProofRequest {
  std::string folder;   ///< absolute; the lake, the state, the report
  std::string program;  ///< benchlake itself, for drills with killed processes; empty: not run
  std::vector<int> readers{1, 4, 16};
  int repetitions = 20;       ///< of a question, for each reader
  int cold_repetitions = 5;   ///< with the files out of the system's cache
  int requests = 10'000;      ///< that both sides answer, of each interface
  int freshness_rounds = 12;  ///< refreshes while somebody writes
  int kills = 10;             ///< of a refresh, spread over its time
  std::chrono::milliseconds refresh_every{5'000};
  std::chrono::milliseconds measure_time_max{20'000};  ///< of one question by so many readers
  std::vector<std::string> families;                   ///< names; empty: all
  std::vector<std::string> variants;                   ///< names; empty: all
  std::uint64_t seed = 1;                              ///< of what is asked
  std::string version;                                 ///< of this program
};

/// What of the world a proof needs. All of it outlives the call.
struct ProofWorld {
  store::Database& database;
  std::span<const store::Migration> migrations;  ///< for the store of the drills
  Disk& disk;
  const Clock& clock;
  Random& random;
  IdSource& ids;
  Log& log;
  Metrics& metrics;
};

/// Says how far the proof is; false ends it: the next call with the same folder goes on.
using ProofProgress =
    std::function<bool(std::string_view phase, std::size_t done, std::size_t all)>;

struct ProofGate {
  enum class Outcome : unsigned char { passed, failed, not_run };
  std::string name;
  std::string rule;  ///< in words
  std::string evidence;
  Outcome outcome = Outcome::not_run;
};
const char* name_of(ProofGate::Outcome outcome);

struct ProofReport {
  std::vector<ProofGate> gates;
  std::string json, markdown, html;  ///< aggregates only: no id, fingerprint, path, address
  /// failed when one gate failed; not_run when none failed and one was not run.
  ProofGate::Outcome outcome() const;
};

/// Runs what `folder` says is not done yet, and judges. Everything that was measured is kept in
/// `folder`/state.json after each step. Errors: conflict (the folder holds another proof, or
/// another process is at this one), invalid (an unknown family or variant, numbers that are none),
/// cancelled, those of store and lake.
Result<ProofReport> prove_replica(const ProofRequest& request, const ProofWorld& world,
                                  const ProofProgress& progress);

}  // namespace bl::results
