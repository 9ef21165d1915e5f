#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/time.h"
#include "ops/model.h"
#include "ops/prove/samples.h"

/// Proves that a restored Conbench database is served as it is, without a write: samples of every
/// category are asked for by HTTP, by the commands and in a browser, rows are counted before and
/// after, and logs are searched for writes that the database refused
/// (spec/results-conbench.md 8.3).
namespace bl::ops {

struct CompatRequest {
  StorePlace place;
  std::string server;                      ///< URL; empty: one is started, read-only, on loopback
  std::vector<std::string> allowed_hosts;  ///< of the store and the server; loopback always
  std::string confirm;                     ///< must be `read-only`
  std::string program;                     ///< benchlake itself, for the commands and the server
  std::string folder;                      ///< for raw artefacts
  std::string browser_script;              ///< empty: no browser
  std::vector<std::string> logs;           ///< of PostgreSQL, searched too
};

/// One question and what came back. Raw: `what` names ids.
struct Probe {
  std::string kind;      ///< `api`, `command`
  std::string category;  ///< of the sample
  std::string what;
  int status = 0;  ///< HTTP, or an exit code
  double milliseconds = 0;
  bool passed = false;
};

struct Gate {
  enum class Outcome : unsigned char { passed, failed, not_run };
  std::string name, what;
  Outcome outcome = Outcome::not_run;
};
const char* name_of(Gate::Outcome outcome);

struct CompatReport {
  SampleManifest samples;
  std::vector<Probe> probes;
  std::vector<Gate> gates;
  std::vector<store::TableRows> rows;  ///< of Conbench's tables
  /// failed when one gate failed; not_run when none failed and one was not run.
  Gate::Outcome outcome() const;
};

/// What must hold before anything is asked: the confirmation, the hosts, and a role that can write
/// none of Conbench's tables and is no superuser. Errors: invalid, forbidden.
Result<void> check_request(const CompatRequest& request, store::Database& database);

/// Errors: those of check_request, of picking samples, of starting the server, io.
Result<CompatReport> prove_compat(const CompatRequest& request, const Clock& clock, Disk& disk);

/// Aggregates only: no id, fingerprint, address, plan or line of a log.
std::string sanitised(const CompatReport& report, std::string_view made_at,
                      std::string_view version);

}  // namespace bl::ops
