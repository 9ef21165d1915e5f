#include "app/settings.h"

#include <fmt/format.h>

#include <array>

#include "app/addresses.h"
#include "app/github_app_settings.h"
#include "app/legacy_environment.h"
#include "base/numbers.h"
#include "base/uri.h"

namespace bl::app {
namespace {

constexpr std::uint64_t k_config_bytes_max = 1 << 20;
constexpr std::int64_t k_distribution_commits_max = 1'000;

/// A flag of `serve` that is another way to write a key.
struct FlagOfKey {
  const char* flag;
  const char* key;
  const char* value_name;           ///< empty: a switch
  const char* separator = nullptr;  ///< set: the flag may be given again, and adds to the list
};
constexpr std::array<FlagOfKey, 10> k_flags = {{{"--data", "server.data", "DIR"},
                                                {"--store", "server.store", "URI"},
                                                {"--http", "server.http", "HOST:PORT"},
                                                {"--grpc", "server.grpc", "HOST:PORT"},
                                                {"--otlp-http", "server.otlp_http", "HOST:PORT"},
                                                {"--log-level", "log.level", "LEVEL"},
                                                {"--tls-certificate", "tls.certificate", "FILE"},
                                                {"--tls-key", "tls.key", "FILE"},
                                                {"--git", "commits.git", "[URL=]DIR", ";"},
                                                {"--unproven", "reads.unproven", ""}}};

const ConfigKey& key_named(std::string_view name) {
  for (const ConfigKey& key : config_keys()) {
    if (key.name == name) return key;
  }
  BL_CHECK(false);
}

Result<LogLevel> parse_log_level(const std::string& text) {
  if (text == "debug") return LogLevel::debug;
  if (text == "info") return LogLevel::info;
  if (text == "warning") return LogLevel::warning;
  if (text == "error") return LogLevel::error;
  return Error{Code::invalid,
               fmt::format("log.level must be debug, info, warning or error: '{}'", text)};
}

Result<std::size_t> positive(const Config& config, const char* name) {
  const std::int64_t number = config.integer(name);
  if (number < 1)
    return Error{Code::invalid, fmt::format("{} must be at least 1: {}", name, number)};
  return static_cast<std::size_t>(number);
}

Result<void> apply_tls(const Config& config, Settings& settings) {
  const std::string& certificate = config.text("tls.certificate");
  const std::string& key = config.text("tls.key");
  if (certificate.empty() && key.empty()) return {};
  if (certificate.empty() || key.empty()) {
    return Error{Code::invalid,
                 "tls.certificate and tls.key are needed together; missing: " +
                     std::string(certificate.empty() ? "tls.certificate" : "tls.key")};
  }
  settings.http.tls = net::TlsOptions{certificate, key};
  settings.certificate_check_interval =
      std::chrono::milliseconds(config.integer("tls.check_interval"));
  return {};
}

Result<void> apply_shared_store(const Config& config, Settings& settings) {
  const std::string& read_only = config.text("store.read_only");
  if (read_only != "auto" && read_only != "true" && read_only != "false") {
    return Error{Code::invalid, "store.read_only must be auto, true or false: '" + read_only + "'"};
  }
  settings.read_only = read_only == "auto"   ? Settings::ReadOnly::found_out
                       : read_only == "true" ? Settings::ReadOnly::yes
                                             : Settings::ReadOnly::no;
  settings.read_uri = config.text("store.read_uri");
  if (!settings.read_uri.empty()) {
    const auto replica = parse_uri(settings.read_uri);
    if (!replica.ok() || replica->scheme != "postgres" ||
        settings.store_uri.find("://") == std::string::npos ||
        settings.store_uri.starts_with("sqlite")) {
      return Error{Code::invalid,
                   "store.read_uri wants the URI of a PostgreSQL replica, beside a server.store in "
                   "PostgreSQL: " +
                       (replica.ok() ? replica->redacted() : std::string("not a URI"))};
    }
  }
  const std::string& summary = config.text("results.summary");
  if (summary != "best" && summary != "mean") {
    return Error{Code::invalid, "results.summary must be best or mean: '" + summary + "'"};
  }
  settings.analysis.mode =
      summary == "best" ? results::SummaryMode::best : results::SummaryMode::mean;
  const std::int64_t commits = config.integer("results.distribution_commits");
  if (commits < 1 || commits > k_distribution_commits_max) {
    return Error{Code::invalid, fmt::format("results.distribution_commits must be 1 to {}: {}",
                                            k_distribution_commits_max, commits)};
  }
  settings.analysis.commits = static_cast<int>(commits);
  BL_TRY(settings.units, results::parse_user_units(config.text("results.units")));
  BL_TRY(settings.hardware_keys,
         results::HardwareKeys::parse(config.text("results.hardware_keys")));
  return {};
}

Result<void> apply_limits(const Config& config, Settings& settings) {
  net::ServerLimits& http = settings.http.limits;
  BL_TRY(http.workers, positive(config, "http.workers"));
  BL_TRY(http.queue_max, positive(config, "http.queue_max"));
  BL_TRY(http.connections_max, positive(config, "http.connections_max"));
  http.stop_timeout = std::chrono::milliseconds(config.integer("http.stop_timeout"));
  store::DatabaseLimits& store = settings.store_limits;
  BL_TRY(store.readers, positive(config, "store.readers"));
  BL_TRY(store.writers, positive(config, "store.writers"));
  BL_TRY(store.group_commit_max, positive(config, "store.group_commit_max"));
  BL_TRY(store.read_ms_max, positive(config, "store.read_timeout"));
  BL_TRY(store.write_ms_max, positive(config, "store.write_timeout"));
  BL_TRY(store.lock_ms_max, positive(config, "store.lock_timeout"));
  store.reader_cache_bytes = config.integer("store.reader_cache");
  store.writer_cache_bytes = config.integer("store.writer_cache");
  settings.migrate = config.boolean("store.migrate");
  BL_RETURN_IF_ERROR(apply_shared_store(config, settings));
  settings.test_aids = config.boolean("server.test_aids");
  return {};
}

std::vector<ConfigKey> general_keys() {
  using enum ConfigType;
  return {
      {"server.data", text, "data", "folder of the store, the operator token and server.json"},
      {"server.store", text, "", "store URI; empty: sqlite://DATA/benchlake.db"},
      {"server.http", text, "127.0.0.1:8080", "address of the HTTP server; port 0 = any free one"},
      {"server.test_aids", boolean, "false",
       "anybody may empty the results by GET /api/wipe-db: for tests of clients, never elsewhere"},
      {"server.base_url", text, "",
       "URL by which people know this server, for example https://perf.example.org"},
      {"log.level", text, "info", "debug, info, warning or error"},
      {"tls.certificate", text, "", "PEM file with the certificate chain; with tls.key"},
      {"tls.key", text, "", "PEM file with the private key"},
      {"tls.check_interval", duration_ms, "10s",
       "a changed certificate is served after so long at most; 0: after SIGHUP only"},
      {"http.workers", integer, "64", "requests that are handled at once"},
      {"http.queue_max", integer, "1024", "requests that wait for a worker; more are answered 503"},
      {"http.connections_max", integer, "4096", "open connections; more are answered 503"},
      {"http.stop_timeout", duration_ms, "10s",
       "running requests get this long when the server stops"},
      {"commits.source", text, "auto",
       "who knows commits: auto (git and github as far as they are set), none, git, github, "
       "canned"},
      {"commits.git", text, "", "git repositories of this machine: DIR or URL=DIR; more after ;"},
      {"commits.github_api", text, "", "GitHub's REST API; empty: https://api.github.com"},
      {"commits.github_tokens", text, "", "tokens for it, with commas between", true},
      {"commits.github_budget", duration_ms, "20s", "for one question about a commit"},
      {"commits.backfill_max", integer, "1000",
       "commits of the default branch that are added below a new one"},
      {"results.receipts", boolean, "true",
       "keep who sent which submission, when, and with which outcome"},
      {"results.receipts_age", duration_ms, "90d", "older receipts of refusals and replays go"},
      {"results.receipts_max", integer, "10000000", "and the oldest beyond so many"},
      {"alerts.quiet", duration_ms, "30s", "a run is judged when no result came for so long"},
      {"alerts.every", duration_ms, "10m", "every alert rule is judged again after so long"},
      {"alerts.timeout", duration_ms, "10s", "for sending one message"},
      {"alerts.retry_after", duration_ms, "60s",
       "pause after a message was not sent, which then doubles; longer than alerts.timeout"},
      {"alerts.attempts_max", integer, "12", "then a message has failed"},
      {"alerts.webhook_url", text, "", "URL that gets every event as JSON", true},
      {"alerts.webhook_secret", text, "", "signs what it gets", true},
      {"alerts.slack_webhook_url", text, "", "URL of an incoming webhook shaped like Slack's",
       true},
      {"alerts.smtp", text, "", "mail server: smtp://HOST:PORT, smtps://HOST:PORT or HOST:PORT"},
      {"alerts.smtp_encryption", text, "required", "required, or none: for a relay nearby"},
      {"alerts.smtp_username", text, "", "what the mail server knows us by"},
      {"alerts.smtp_password", text, "", "what proves it", true},
      {"alerts.smtp_ca", text, "",
       "PEM file: whom to trust for it; empty: the system's authorities"},
      {"alerts.mail_from", text, "", "address that mails come from"},
      {"alerts.mail_to", text, "", "addresses that get every event, with commas between"},
      {"alerts.github_repository", text, "",
       "repository of GitHub whose events go there, org/repo"},
      {"alerts.github_token", text, "", "token for it", true},
      {"alerts.github_check", boolean, "true", "events are check runs of their commits"},
      {"alerts.github_comment", boolean, "false",
       "events are comments on the pull requests of their commits"},
      {"results.summary", text, "best",
       "the single value of a result: best (its least or greatest sample, by the unit) or mean"},
      {"results.distribution_commits", integer, "100",
       "commits of an ancestry that a result is judged by"},
      {"results.units", text, "",
       "units beside the built-in ones, with commas between: req/s=more, us=less:microseconds"},
      {"results.hardware_keys", text, "",
       "what makes machines comparable beside the name, with commas between: cpu_model_name, "
       "memory_bytes; empty: gpu_count, cpu_core_count, cpu_thread_count, memory_bytes"},
      {"store.read_only", text, "auto",
       "true: nothing is written to the store; auto: so it is where PostgreSQL allows no writing"},
      {"store.read_uri", text, "",
       "PostgreSQL: URI of a read replica, which then answers most reads", true},
      {"store.migrate", boolean, "true",
       "a start brings an old schema up to date; false: it refuses, see `benchlake migrate`"},
      {"store.readers", integer, "8", "connections that read"},
      {"store.writers", integer, "4", "PostgreSQL: connections that write"},
      {"store.read_timeout", duration_ms, "30s", "one read of the store"},
      {"store.write_timeout", duration_ms, "30s", "one write of the store"},
      {"store.lock_timeout", duration_ms, "5s",
       "PostgreSQL: wait for a lock of another transaction"},
      {"store.group_commit_max", integer, "512", "SQLite: writes in one commit"},
      {"store.reader_cache", bytes, "8MiB", "SQLite: page cache of each reader"},
      {"store.writer_cache", bytes, "64MiB", "SQLite: page cache of the writer"},
  };
}

}  // namespace

const std::vector<ConfigKey>& config_keys() {
  static const std::vector<ConfigKey> keys = [] {
    std::vector<ConfigKey> all = general_keys();
    for (ConfigKey& key : github_app_config_keys()) all.push_back(std::move(key));
    for (ConfigKey& key : advice_config_keys()) all.push_back(std::move(key));
    for (ConfigKey& key : access_config_keys()) all.push_back(std::move(key));
    for (ConfigKey& key : lake_config_keys()) all.push_back(std::move(key));
    for (ConfigKey& key : query_config_keys()) all.push_back(std::move(key));
    for (ConfigKey& key : replica_config_keys()) all.push_back(std::move(key));
    for (ConfigKey& key : read_config_keys()) all.push_back(std::move(key));
    for (ConfigKey& key : inference_config_keys()) all.push_back(std::move(key));
    for (ConfigKey& key : event_config_keys()) all.push_back(std::move(key));
    for (ConfigKey& key : grpc_config_keys()) all.push_back(std::move(key));
    for (ConfigKey& key : trace_config_keys()) all.push_back(std::move(key));
    for (ConfigKey& key : bigquery_config_keys()) all.push_back(std::move(key));
    return all;
  }();
  return keys;
}

Result<Settings> settings_from(const Config& config) {
  Settings settings;
  settings.data_folder = config.text("server.data");
  settings.store_uri = config.text("server.store");
  if (settings.store_uri.empty()) {
    settings.store_uri = "sqlite://" + percent_encode_path(settings.data_folder) + "/benchlake.db";
  }
  BL_TRY(settings.log_level, parse_log_level(config.text("log.level")));
  BL_TRY(const HostPort address, parse_host_port("server.http", config.text("server.http")));
  settings.http.address = address.host;
  settings.http.port = address.port;
  settings.http.public_reads = config.boolean("access.public_reads");
  BL_RETURN_IF_ERROR(demand_decided_access(config, "server.http", address.host));
  BL_RETURN_IF_ERROR(apply_tls(config, settings));
  BL_RETURN_IF_ERROR(apply_limits(config, settings));
  BL_TRY(settings.grpc, grpc_settings_from(config, address.port == 0));
  if (settings.grpc.host) settings.grpc.host->tls = settings.http.tls;
  BL_TRY(settings.commits, commit_settings_from(config));
  BL_TRY(settings.access, access_settings_from(config));
  BL_TRY(settings.base_url, base_url_from(config));
  BL_TRY(settings.alerts, alert_settings_from(config, settings.base_url));
  BL_TRY(settings.advice, advice_settings_from(config));
  BL_TRY(settings.oidc, oidc_settings_from(config));
  BL_TRY(settings.lake, lake_settings_from(config, settings.data_folder, settings.store_uri));
  BL_TRY(settings.own_lake, own_lake_settings_from(config, settings.data_folder));
  BL_TRY(settings.query, query_settings_from(config));
  BL_TRY(settings.replica, replica_settings_from(config, settings.lake != nullptr));
  BL_TRY(settings.reads, read_settings_from(config, settings.replica.enabled));
  BL_TRY(settings.inference, inference_settings_from(config));
  BL_TRY(settings.events, event_settings_from(config, settings.data_folder));
  BL_TRY(settings.traces,
         trace_settings_from(config, settings.http,
                             settings.grpc.host ? settings.grpc.host->address : std::string()));
  settings.bigquery = bigquery_settings_from(config);
  const bool is_near =
      is_loopback(address.host) &&
      (!settings.grpc.host || is_loopback(settings.grpc.host->address)) &&
      (!settings.traces.otlp_http || is_loopback(settings.traces.otlp_http->address));
  if (settings.access.authenticator.disabled && !is_near) {
    return Error{Code::invalid, "access.disabled is for loopback addresses only; server.http is " +
                                    config.text("server.http") + ", server.grpc " +
                                    config.text("server.grpc") + ", server.otlp_http " +
                                    config.text("server.otlp_http")};
  }
  return settings;
}

Result<Settings> settings_from(const Config& config,
                               const std::map<std::string, std::string>& environment) {
  BL_TRY(Settings settings, settings_from(config));
  if (settings.lake != nullptr) settings.lake->variables = lake_variables(environment);
  return settings;
}

std::vector<CommandOption> serve_options() {
  std::vector<CommandOption> options;
  for (const FlagOfKey& flag : k_flags) {
    const ConfigKey& key = key_named(flag.key);
    options.push_back({.name = flag.flag,
                       .value_name = flag.value_name,
                       .help = fmt::format("{} [{}]", key.help, key.name),
                       .repeated = flag.separator != nullptr});
  }
  options.push_back(
      {.name = "--config", .value_name = "FILE", .help = "TOML file with any of the settings"});
  options.push_back({.name = "--set",
                     .value_name = "KEY=VALUE",
                     .help = "any setting by its key",
                     .repeated = true});
  return options;
}

std::vector<CommandOption> store_options() {
  std::vector<CommandOption> options = serve_options();
  std::erase_if(options, [](const CommandOption& option) {
    return option.name != "--data" && option.name != "--store" && option.name != "--config" &&
           option.name != "--set";
  });
  return options;
}

Result<Config> load_config(const Arguments& arguments, const CommandIo& io, Disk& disk,
                           std::vector<std::string>* notes) {
  Config::Sources sources;
  LegacySettings legacy = with_legacy_variables(with_github_api(io.environment));
  sources.environment = std::move(legacy.environment);
  if (notes != nullptr) *notes = std::move(legacy.notes);
  if (const auto file = arguments.text_or_null("--config")) {
    sources.file_name = *file;
    BL_TRY(sources.file_text, read_file(disk, *file, k_config_bytes_max));
  }
  for (const std::string& setting : arguments.list("--set")) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos) {
      return Error{Code::invalid, fmt::format("--set wants KEY=VALUE: '{}'", setting)};
    }
    sources.flags[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  for (const FlagOfKey& flag : k_flags) {
    if (!arguments.defaults.contains(flag.flag)) continue;  // not every command has every flag
    if (*flag.value_name == '\0') {
      if (arguments.flag(flag.flag)) sources.flags[flag.key] = "true";
      continue;
    }
    for (const std::string& value : arguments.list(flag.flag)) {
      std::string& text = sources.flags[flag.key];
      text = flag.separator == nullptr || text.empty() ? value : text + flag.separator + value;
    }
  }
  return Config::load(config_keys(), sources);
}

}  // namespace bl::app
