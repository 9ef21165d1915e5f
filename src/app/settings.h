#pragma once

#include <string>
#include <vector>

#include "app/access_settings.h"
#include "app/advice_settings.h"
#include "app/alert_settings.h"
#include "app/bigquery_settings.h"
#include "app/commit_sources.h"
#include "app/event_settings.h"
#include "app/grpc_settings.h"
#include "app/inference_settings.h"
#include "app/lake_reads.h"
#include "app/lake_replica.h"
#include "app/lake_settings.h"
#include "app/oidc_settings.h"
#include "app/query_settings.h"
#include "app/trace_settings.h"
#include "base/command_line.h"
#include "base/config.h"
#include "base/disk.h"
#include "base/log.h"
#include "net/server.h"
#include "results/hardware_keys.h"
#include "results/store_distributions.h"
#include "results/units.h"
#include "store/database.h"

/// Every setting of the server: declared once here, read by `serve`; docs/configuration.md is
/// compared by a test.
namespace bl::app {

const std::vector<ConfigKey>& config_keys();

/// The settings as the modules want them.
struct Settings {
  std::string data_folder;
  std::string store_uri;
  LogLevel log_level = LogLevel::info;
  net::ServerOptions http;
  GrpcSettings grpc;
  std::chrono::milliseconds certificate_check_interval{10'000};  ///< 0: never
  store::DatabaseLimits store_limits;
  bool test_aids = false;  ///< routes that empty the store and raise errors
  bool migrate = true;     ///< bring an old schema up to date at the start; else refuse it
  enum class ReadOnly : unsigned char { found_out, yes, no };
  ReadOnly read_only = ReadOnly::found_out;  ///< nothing is written to the store
  std::string read_uri;                      ///< of a read replica; may be empty
  results::DistributionOptions analysis;     ///< what results are judged by
  std::vector<results::UserUnit> units;      ///< beside the built-in ones
  results::HardwareKeys hardware_keys;       ///< what makes machines comparable
  CommitSettings commits;
  AlertSettings alerts;
  AdviceSettings advice;
  AccessSettings access;
  std::shared_ptr<lake::LakeOptions> lake;  ///< null: none is set
  std::shared_ptr<lake::LakeOptions>
      own_lake;             ///< then: what is made when one is needed; null: none is
  ops::QuerySetting query;  ///< of SQL over it
  ReplicaSettings replica;  ///< of results, in the lake
  ReadSettings reads;       ///< who answers reads of results
  InferenceSettings inference;
  EventSettings events;
  TraceSettings traces;
  BigQuerySettings bigquery;
  std::string base_url;                      ///< as people know the server; may be empty
  std::optional<access::OidcSettings> oidc;  ///< of the issuer, if there is one
};

/// Errors: invalid, naming the key and the value: an address that does not parse, half of a TLS
/// pair, an address beyond loopback without a decision on access.public_reads (DESIGN 10).
Result<Settings> settings_from(const Config& config);
/// Beside those, what is in no setting but only in the process's variables: the lake's credentials.
Result<Settings> settings_from(const Config& config,
                               const std::map<std::string, std::string>& environment);

/// The flags of `serve`, each bound to a key.
std::vector<CommandOption> serve_options();
/// Those of the commands that work on the store and its server from outside: `--data`, `--store`,
/// `--config`, `--set`.
std::vector<CommandOption> store_options();
/// File (`--config`, else none), environment and flags together.
/// Variables of an old Conbench deployment count as the environment's last word. `notes` gets a
/// sentence for each that is set.
Result<Config> load_config(const Arguments& arguments, const CommandIo& io, Disk& disk,
                           std::vector<std::string>* notes = nullptr);

}  // namespace bl::app
