#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/command_line.h"
#include "base/metrics.h"
#include "net/certificate.h"
#include "ops/lake_replica.h"
#include "ops/model.h"
#include "ops/recent_errors.h"

/// What ops needs of the others; app binds it.
namespace bl::ops {

struct LakeSetting;  // lake_setting.h

/// Numbers about what is stored, asked of an open store. Errors: those of the driver (a table that
/// an old schema has not).
using StoredFacts = std::function<Result<std::vector<StoredFact>>(store::Database&)>;

/// The log of build events, for backups. Bound by app; a function that is empty: no log is kept.
struct EventLogPort {
  std::string shown;  ///< its URI, for people
  /// What was acknowledged before the call, as plain files in a folder that is not there yet:
  /// durable, but for the folder's name. Gives the number of events; nullopt: there is no log.
  std::function<Result<std::optional<std::int64_t>>(const std::string& folder,
                                                    const Progress& progress)>
      copy;
  /// Whether somebody would miss what is in the place. Without a server.
  std::function<Result<bool>()> is_there;
  /// Files and folders that are the log, of those that are there: they make way for another.
  /// Errors: unsupported (it does not lie on this machine's disk).
  std::function<Result<std::vector<std::string>>()> files;
  /// From such a folder into the place; a call that was cut off is gone on with.
  std::function<Result<void>(const std::string& folder, std::int64_t events,
                             const Progress& progress)>
      load;
};

/// What the configuration says of a server, whether it runs or not.
struct ServerSetting {
  std::string data_folder;
  StorePlace place;
  std::optional<net::TlsOptions> tls;
  std::size_t connections_max = 0;
  std::shared_ptr<const LakeSetting> lake;           ///< null: there is none
  std::shared_ptr<const LakeSetting> restored_lake;  ///< where a backup's lake goes
  EventLogPort events;                               ///< of a command: nobody has the log
  std::vector<std::string> warnings;                 ///< of the configuration
};

/// What the schema alone does not bring: rows made from facts that others wrote. Bound by app.
struct BackfillPort {
  struct State {
    bool done = true;
    std::int64_t facts = 0;  ///< rows of results, estimated
    std::int64_t left = 0;   ///< of them, those that lists do not show yet
  };
  std::function<Result<State>(store::Database&)> state;
  /// Until nothing is left; `go_on` false ends it early, and the next call goes on.
  std::function<Result<void>(store::Database&, const Progress& go_on)> run;
  /// Statements that install triggers, one by one.
  std::function<std::vector<std::string>()> triggers;
};

/// For the commands, which run without a server.
struct CommandPorts {
  std::vector<CommandOption> options;  ///< which setting() understands: `--data`, `--config`, ...
  std::function<Result<ServerSetting>(const Arguments&, const CommandIo&)> setting;
  std::vector<store::Migration> migrations;
  StoredFacts facts;
  std::string version;
  BackfillPort backfill;              ///< may be empty
  ReplicaCommand replica;             ///< may be empty
  ReplicaProofCommand replica_proof;  ///< may be empty
};

/// For the routes, inside of the server.
struct ServerPorts {
  ServerSetting setting;
  store::Database& database;
  StoredFacts facts;
  const Metrics& metrics;
  const RecentErrors* errors = nullptr;  ///< may be missing
  /// Of the certificate that is served; nullopt without TLS.
  std::function<std::optional<net::CertificateFacts>()> certificate;
  std::string version;
};

}  // namespace bl::ops
