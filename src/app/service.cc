#include "app/service.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/authenticator.h"
#include "access/oidc_routes.h"
#include "access/routes.h"
#include "access/tokens.h"
#include "access/user_routes.h"
#include "app/advice.h"
#include "app/alerts.h"
#include "app/background_jobs.h"
#include "app/bigquery.h"
#include "app/ci_results.h"
#include "app/event_log.h"
#include "app/house_lake.h"
#include "app/inference_ingest.h"
#include "app/inference_reads.h"
#include "app/legacy_results.h"
#include "app/operator.h"
#include "app/periodic_task.h"
#include "app/replica_readers.h"
#include "app/search.h"
#include "app/site.h"
#include "app/stop_signal.h"
#include "app/traces.h"
#include "base/uri.h"
#include "bigquery/stream_ends.h"
#include "lake/lake.h"
#include "net/host_port.h"
#include "net/server_address.h"
#include "ops/lake_routes.h"
#include "ops/query_routes.h"
#include "ops/restore.h"
#include "ops/routes.h"
#include "results/commit_enricher.h"
#include "results/commit_routes.h"
#include "results/legacy_routes.h"
#include "results/read_freshness.h"
#include "results/read_routes.h"
#include "results/replica.h"
#include "results/routes.h"
#include "results/schema.h"
#include "results/settings_route.h"
#include "results/store_backfill.h"
#include "results/store_commits.h"
#include "results/store_compare.h"
#include "results/store_history.h"
#include "results/store_runs.h"
#include "results/store_series.h"
#include "results/store_series_refresh.h"
#include "results/store_settings.h"
#include "results/store_verdict_refresh.h"
#include "results/store_writer.h"
#include "store/conbench_schema.h"
#include "store/open.h"
#include "store/read_only.h"
#include "store/replicated.h"

namespace bl::app {
namespace {

constexpr std::chrono::milliseconds k_refresh_pause{200};
constexpr int k_refresh_series_max = 64;  ///< in one transaction
constexpr int k_verdicts_max = 16;        ///< in one transaction
constexpr std::chrono::milliseconds k_commits_pause{1'000};
constexpr std::chrono::milliseconds k_backfill_pause{1'000};

/// A look that really reaches the file: every store has this table, also one of Conbench's that was
/// never migrated.
const store::Sql k_probe("select id from \"commit\" limit 1");

class RunningService final : public Service {
 public:
  RunningService(const Settings& settings, Disk& disk, const Clock& clock, Random& random, Log& log,
                 Metrics& metrics, const ops::RecentErrors* errors)
      : settings_(settings),
        disk_(disk),
        random_(random),
        log_(log),
        metrics_(metrics),
        errors_(errors),
        refresh_errors_(log, "series_refresh"),
        ids_(clock, random),
        clock_(clock) {}
  ~RunningService() override { stop(); }

  Result<void> start() {
    umask(077);
    BL_RETURN_IF_ERROR(disk_.make_folder(settings_.data_folder));
    const std::string note = fmt::format("pid {} since {}", getpid(), to_rfc3339(clock_.now()));
    BL_TRY(folder_lock_, disk_.lock(settings_.data_folder + "/server.lock", note));
    BL_RETURN_IF_ERROR(ops::demand_restored(disk_, settings_.data_folder));
    BL_RETURN_IF_ERROR(open_store());
    BL_RETURN_IF_ERROR(open_lake());
    BL_RETURN_IF_ERROR(open_queries());
    BL_RETURN_IF_ERROR(open_access());
    open_domains();
    BL_RETURN_IF_ERROR(open_reads());
    BL_RETURN_IF_ERROR(open_inference());
    BL_RETURN_IF_ERROR(open_events());
    BL_RETURN_IF_ERROR(open_traces());
    open_bigquery_and_advice();
    BL_RETURN_IF_ERROR(open_commits());
    BL_RETURN_IF_ERROR(open_operations());
    add_routes();
    return listen();
  }

  void stop() override {
    if (stopped_) return;
    stopped_ = true;
    ready_ = false;
    stop_signal_.stop();
    certificate_task_.reset();  // before server.json goes: it writes it
    queries_.stop();
    if (advice_ != nullptr) advice_->stop();  // before the traces and events that it reads
    if (bigquery_ != nullptr) bigquery_->stop_jobs();
    if (events_ != nullptr) events_->stop_tails();
    if (traces_ != nullptr) traces_->stop();
    if (grpc_server_ != nullptr) grpc_server_->stop();
    if (server_ != nullptr) {
      // A left-over file would only point commands at a server that is gone; it is not worth
      // failing the stop for.
      if (const auto removed = net::remove_server_file(disk_, settings_.data_folder);
          !removed.ok()) {
        log_.warning("server_file", {{"error", removed.error().message}});
      }
      server_->stop();
    }
    events_.reset();  // what waits in it is published
    traces_.reset();
    if (bigquery_ != nullptr) bigquery_->stop();
    if (lake_reads_ != nullptr) lake_reads_->stop();
    if (replica_job_ != nullptr) replica_job_->stop();
    replica_task_.reset();
    operations_.reset();  // ends what runs, also on the lake
    query_engine_.reset();
    inference_reads_.reset();
    lake_reads_.reset();
    sweep_replica_.reset();
    lake_replica_.reset();
    lake_ = nullptr;
    house_lake_.close();
    if (alerts_ != nullptr) alerts_->stop();
    refresh_task_.reset();
    commit_task_.reset();
    backfill_task_.reset();
  }

  void reload(const Result<Settings>& settings) override {
    reload_certificate(net::Server::Reload::always);
    const auto reloaded = settings.ok() ? reload_reads(settings->reads) : settings.error();
    if (!reloaded.ok()) log_.error("reload", {{"error", reloaded.error().message}});
  }

  std::string url() const override {
    return fmt::format("{}://{}", settings_.http.tls ? "https" : "http",
                       net::host_port(settings_.http.address, std::to_string(server_->port())));
  }
  std::string grpc_address() const override {
    if (grpc_server_ == nullptr) return "";
    return net::host_port(settings_.grpc.host->address, std::to_string(grpc_server_->port()));
  }
  std::string otlp_address() const override { return traces_->otlp_address(); }
  const net::Router& router() const override { return router_; }
  bool first_run() const override { return operator_token_.created; }

 private:
  Result<void> open_store() {
    BL_TRY(database_,
           store::open_database(settings_.store_uri, settings_.store_limits, log_, metrics_));
    auto migrated = open_read_only();
    if (migrated.ok() && !read_only_) migrated = migrate();
    if (migrated.ok()) {
      open_replica();
      return {};
    }
    BL_TRY(const Uri uri, parse_uri(settings_.store_uri));
    return std::move(migrated).error().with_context("the store " + uri.redacted());
  }

  /// Recovers what was in no file when the last server ended.
  Result<void> open_lake() {
    stream_ends_ = std::make_unique<bigquery::StreamEnds>(*database_, clock_);
    house_lake_.keep_keys_with(*stream_ends_);
    BL_RETURN_IF_ERROR(house_lake_.open());
    lake_ = house_lake_.opened();
    if (lake_ == nullptr || read_only_) return {};
    lake_replica_ = std::make_unique<results::Replicator>(*database_, *lake_, ids_, clock_, log_,
                                                          metrics_, settings_.replica.limits);
    sweep_replica_ = std::make_unique<inference::SweepReplica>(*database_, *lake_, metrics_);
    return {};
  }

  /// A lake on S3 has no engine for SQL of users: the route says so.
  Result<void> open_queries() {
    if (lake_ == nullptr) return {};
    auto opened =
        ops::open_query_engine(*lake_, *house_lake_.options(), settings_.query, log_, metrics_);
    if (!opened.ok() && opened.error().code != Code::unsupported) return opened.error();
    if (opened.ok()) query_engine_ = std::move(opened).value();
    return {};
  }

  // A database that nothing is written to keeps the schema that it has.
  Result<void> open_read_only() {
    using ReadOnly = Settings::ReadOnly;
    read_only_ = settings_.read_only == ReadOnly::yes;
    if (settings_.read_only == ReadOnly::found_out) {
      BL_TRY(read_only_, store::is_read_only(*database_));
    }
    if (!read_only_) return {};
    BL_RETURN_IF_ERROR(database_->read([](store::Connection& connection) -> Result<void> {
      BL_TRY([[maybe_unused]] const auto schema, store::recognise_conbench(connection));
      return {};
    }));
    database_ = store::make_read_only(std::move(database_));
    log_.warning("store_read_only", {{"setting", "store.read_only"}});
    return {};
  }

  Result<void> migrate() {
    const std::vector<store::Migration> migrations = all_migrations();
    if (!settings_.migrate) BL_RETURN_IF_ERROR(demand_current_schema(*database_));
    BL_RETURN_IF_ERROR(database_->migrate(migrations));
    BL_TRY(const std::int64_t series, results::apply_changed_units(*database_));
    if (series > 0) log_.info("units_changed", {{"series", std::to_string(series)}});
    return {};
  }

  void open_replica() {
    if (settings_.read_uri.empty()) return;
    replicated_ = std::make_unique<store::ReplicatedDatabase>(
        *database_,
        [this] {
          return store::open_database(settings_.read_uri, settings_.store_limits, log_, metrics_);
        },
        clock_, log_, metrics_);
  }
  /// What results are read from.
  store::Database& readers() { return replicated_ == nullptr ? *database_ : *replicated_; }

  Result<void> open_access() {
    BL_TRY(operator_token_, access::load_operator_token(disk_, settings_.data_folder, random_));
    tokens_ = std::make_unique<access::Tokens>(*database_, clock_, random_, ids_);
    users_ = std::make_unique<access::Users>(*database_, clock_, random_, ids_,
                                             settings_.access.users, results::alert_rules_of);
    sessions_ = std::make_unique<access::Sessions>(*database_, clock_, random_, *users_);
    cli_logins_ =
        std::make_unique<access::CliLogins>(*database_, clock_, random_, *users_, *tokens_);
    if (settings_.oidc) {
      issuer_ = std::make_unique<access::Issuer>(*settings_.oidc, settings_.base_url, *database_,
                                                 clock_, random_, log_, metrics_);
    }
    password_sign_in_ = std::make_unique<access::PasswordSignIn>(
        *users_, *sessions_, *tokens_, clock_, metrics_, settings_.access.registration_key);
    access::AuthenticatorOptions options = settings_.access.authenticator;
    options.operator_token = operator_token_.plaintext;
    authenticator_ = std::make_unique<access::RequestAuthenticator>(
        *tokens_, *sessions_, *users_, clock_, metrics_, std::move(options));
    return {};
  }

  void open_domains() {
    alerts_ = std::make_unique<Alerts>(*database_, ids_, clock_, log_, metrics_, settings_.alerts,
                                       ids_.next());
    result_writer_ = std::make_unique<results::StoreResultWriter>(
        *database_, ids_, clock_, results::writer_limits(database_->dialect()), alerts_->receipts(),
        settings_.hardware_keys);
    const results::SummaryMode mode = settings_.analysis.mode;
    const int commits = settings_.analysis.commits;
    run_browser_ = std::make_unique<results::StoreRunBrowser>(*database_, mode);
    history_reader_ = std::make_unique<results::StoreHistoryReader>(*database_, mode, commits);
    compare_reader_ = std::make_unique<results::StoreCompareReader>(*database_, mode, commits);
    if (replicated_ != nullptr) {
      replica_ = std::make_unique<ReplicaReaders>(*replicated_, settings_.analysis, *run_browser_,
                                                  *history_reader_, *compare_reader_);
    }
    health_reader_ = std::make_unique<results::StoreProjectHealthReader>(readers(), mode, commits);
    series_refresher_ = std::make_unique<results::SeriesRefresher>(*database_, mode, commits);
    verdict_refresher_ =
        std::make_unique<results::VerdictRefresher>(*database_, clock_, metrics_, mode);
    backfill_ = std::make_unique<results::Backfill>(*database_, clock_, metrics_);
    legacy_results_ = std::make_unique<LegacyResults>(*database_, clock_, settings_.analysis);
    ci_results_ =
        std::make_unique<CiResults>(*database_, readers(), clock_, ids_, settings_.analysis);
    alerts_->open(ci_results_->reporter());
  }

  Result<void> open_inference() {
    BL_TRY(inference_ingest_, InferenceIngest::open(settings_.inference, settings_.data_folder,
                                                    {*database_, disk_, clock_, ids_, metrics_}));
    InferenceReads::Around around{*database_, inference_ingest_->registry(), clock_, metrics_};
    if (settings_.inference.reads_lake) {
      if (lake_reads_ == nullptr) return no_replica_to_read();
      around.lake = lake_;
      around.engine = &lake_reads_->engine();
    }
    inference_reads_ = std::make_unique<InferenceReads>(around, settings_.inference.cache_bytes);
    return {};
  }

  Result<void> open_events() {
    BL_TRY(events_, EventLogService::open(settings_.events, settings_.query, settings_.data_folder,
                                          {disk_, clock_, random_, ids_, log_, metrics_}));
    return {};
  }

  Result<void> open_traces() {
    const traces::PinnedTraces pinned = [this](const TraceId& after, std::size_t limit) {
      return ci_results_->exemplars().named_traces(after, limit);
    };
    BL_TRY(traces_,
           TraceService::open(settings_.traces, settings_.data_folder,
                              {disk_, clock_, random_, log_, metrics_, house_lake_, pinned}));
    return {};
  }

  void open_bigquery_and_advice() {
    bigquery_ = BigQueryService::open(
        settings_.bigquery,
        {*database_, disk_, clock_, random_, log_, metrics_, house_lake_, settings_.data_folder});
    const AdviceService::Around around{*database_,      readers(), *ci_results_, *traces_, *events_,
                                       alerts_->jobs(), clock_,    log_,         metrics_};
    advice_ = std::make_unique<AdviceService>(settings_, around);
  }

  /// What the store's side reads with: its read replica where there is one.
  results::Readers store_readers() {
    const results::SummaryMode mode = settings_.analysis.mode;
    if (replica_ == nullptr) {
      return {*history_reader_, *compare_reader_, *health_reader_, *run_browser_, mode};
    }
    return {replica_->history, replica_->compare, *health_reader_, replica_->runs, mode};
  }
  /// What routes read with.
  results::Readers result_readers() {
    return lake_reads_ == nullptr ? store_readers() : lake_reads_->router().readers();
  }

  Result<void> open_reads() {
    read_evidence_ = std::make_unique<results::ReadEvidence>(*database_, ids_, clock_);
    const bool has_replica = settings_.replica.enabled && lake_replica_ != nullptr;
    const bool is_local = has_replica && lake_->store().kind() == "file";
    if (is_local) {
      BL_TRY(lake_reads_, LakeReads::open(settings_.reads, store_readers(), settings_.analysis,
                                          {*database_, *lake_, *lake_replica_, *read_evidence_,
                                           clock_, random_, log_, metrics_}));
    } else {
      BL_RETURN_IF_ERROR(demand_reads_of_store(settings_.reads));
    }
    read_ports_ = std::make_unique<results::ReadRoutePorts>(results::ReadRoutePorts{
        *read_evidence_, is_local ? &lake_reads_->router() : nullptr,
        [this] { return lake_reads_ != nullptr && lake_reads_->unproven_ports() > 0; }});
    return {};
  }
  static Result<void> demand_reads_of_store(const ReadSettings& reads) {
    if (reads.modes == results::ReadModes()) return {};
    return no_replica_to_read();
  }
  static Error no_replica_to_read() {
    return Error{Code::unsupported,
                 "reads are answered by the store: nothing brings results to a lake on this "
                 "machine's disk (a lake on S3 is not read, nor that of a store which is only "
                 "read)"};
  }
  Result<void> reload_reads(const ReadSettings& reads) {
    if (lake_reads_ == nullptr) return demand_reads_of_store(reads);
    return lake_reads_->set_modes(reads);
  }

  Result<void> open_commits() {
    BL_TRY(commit_sources_,
           make_commit_sources(settings_.commits, clock_, metrics_,
                               [this](auto time) { return stop_signal_.pause(time); }));
    commits_ = std::make_unique<results::StoreCommits>(*database_, ids_, ids_.next());
    commit_enricher_ = std::make_unique<results::CommitEnricher>(
        *commits_, *commit_sources_, clock_, log_, metrics_,
        results::EnrichmentLimits{.backfill_max = settings_.commits.backfill_max});
    noting_writer_ = std::make_unique<results::CommitNotingWriter>(*result_writer_, *commits_,
                                                                   *commit_sources_, log_);
    return {};
  }

  Result<void> open_operations() {
    BL_TRY(ops::ServerSetting setting, server_setting(settings_, disk_));
    const ops::StorePlace place = setting.place;
    status_reader_ = std::make_unique<ops::StatusReader>(
        ops::ServerPorts{.setting = std::move(setting),
                         .database = *database_,
                         .facts = facts(),
                         .metrics = metrics_,
                         .errors = errors_,
                         .certificate = [this] { return server_->certificate(); },
                         .version = BL_VERSION},
        clock_);
    operations_ = std::make_unique<ops::Operations>(ids_, clock_);
    operation_ports_ = std::make_unique<ops::RoutePorts>(
        ops::RoutePorts{*status_reader_, *operations_, disk_, clock_, place, BL_VERSION,
                        ops::BackupMetrics(metrics_), [this] { return house_lake_.open_lake(); },
                        events_->backup_port()});
    lake_ports_ = std::make_unique<ops::LakeRoutePorts>(ops::LakeRoutePorts{
        lake_, house_lake_.options(), *operations_, *database_, clock_,
        lake_replica_ == nullptr ? ops::ReplicaPort()
                                 : replica_port({*lake_replica_, *sweep_replica_})});
    query_ports_ = std::make_unique<ops::QueryRoutePorts>(
        ops::QueryRoutePorts{lake_, query_engine_.get(), queries_, settings_.query.most});
    return {};
  }

  /// What is stored, and how far the replica is behind it.
  ops::StoredFacts facts() {
    if (!settings_.replica.enabled || lake_replica_ == nullptr) return stored_facts();
    return [this](store::Database& database) -> Result<std::vector<ops::StoredFact>> {
      BL_TRY(std::vector<ops::StoredFact> facts, stored_facts()(database));
      const results::ReplicaStatus status = lake_replica_->status();
      facts.push_back(
          {"replica_rows_behind", "changes that the lake does not have yet", status.rows_behind});
      facts.push_back({"replica_seconds_behind", "seconds that the lake is behind the store",
                       static_cast<std::int64_t>(status.seconds_behind)});
      if (lake_reads_ != nullptr && lake_reads_->unproven_ports() > 0) {
        facts.push_back({"reads_unproven", "readers that the lake answers without a proof",
                         lake_reads_->unproven_ports()});
      }
      return facts;
    };
  }

  void add_routes() {
    const results::Readers readers = result_readers();
    const results::Ports ports{.writer = *noting_writer_,
                               .runs = readers.runs,
                               .history = readers.history,
                               .compare = readers.compare,
                               .health = readers.health,
                               .mode = settings_.analysis.mode,
                               .version = BL_VERSION,
                               .receipts = alerts_->receipts(),
                               .verdicts = &ci_results_->verdicts()};
    results::add_routes(router_, ports);
    results::add_legacy_routes(router_, ports);
    legacy_results_->add_routes(
        router_, ports,
        settings_.test_aids ? LegacyResults::TestAids::on : LegacyResults::TestAids::off);
    add_search_routes(router_, {[this](std::string_view text, int count_max) {
                        return result_readers().health.search(text, count_max);
                      }});
    router_.wrap(results::telling_freshness);
    ci_results_->add_routes(router_);
    results::add_settings_route(router_, {.hardware_keys = settings_.hardware_keys,
                                          .mode = settings_.analysis.mode,
                                          .distribution_commits = settings_.analysis.commits});
    alerts_->add_routes(router_);
    results::add_commit_routes(router_, {.commits = *commits_,
                                         .enricher = *commit_enricher_,
                                         .clock = clock_,
                                         .sources = commit_sources_->names()});
    access::add_routes(router_, {.tokens = *tokens_,
                                 .users = *users_,
                                 .normalise_repository = results::normalise_repository});
    const access::UserRoutePorts user_ports{
        .database = *database_,
        .users = *users_,
        .sessions = *sessions_,
        .sign_in = *password_sign_in_,
        .authenticator = *authenticator_,
        .base_url = settings_.access.authenticator.base_url,
        .has_issuer = issuer_ != nullptr,
        .auth_disabled = settings_.access.authenticator.disabled,
        .legacy_user_rights = settings_.access.legacy_user_rights};
    access::add_user_routes(router_, user_ports);
    access::add_legacy_user_routes(router_, user_ports);
    access::add_sign_in_routes(router_, {.issuer = issuer_.get(),
                                         .users = *users_,
                                         .sessions = *sessions_,
                                         .cli_logins = *cli_logins_,
                                         .log = log_,
                                         .metrics = metrics_});
    results::add_read_routes(router_, *read_ports_);
    ops::add_routes(router_, *operation_ports_);
    ops::add_lake_routes(router_, *lake_ports_);
    ops::add_query_routes(router_, *query_ports_);
    inference_ingest_->add_routes(router_);
    inference_reads_->add_routes(router_);
    events_->add_routes(router_, readers.runs);
    traces_->add_routes(router_);
    bigquery_->add_routes(router_);
    advice_->add_routes(router_);
    add_site_routes(router_, {.metrics = metrics_, .ready = ready_, .probe_store = [this] {
                                return database_->read([](store::Connection& connection) {
                                  return connection.query(k_probe, {},
                                                          [](const store::Row&) { return true; });
                                });
                              }});
    results::add_slash_redirects(router_);
  }

  Result<void> listen() {
    BL_TRY(server_,
           net::Server::listen(settings_.http, router_, *authenticator_, random_, log_, metrics_));
    BL_RETURN_IF_ERROR(listen_for_grpc());
    BL_RETURN_IF_ERROR(traces_->listen(*authenticator_));
    server_->start();
    if (!read_only_) start_tasks();
    BL_RETURN_IF_ERROR(write_server_file());
    watch_certificate();
    ready_ = true;
    log_.info("ready",
              {{"http", url()}, {"grpc", grpc_address()}, {"data", settings_.data_folder}});
    return {};
  }

  Result<void> listen_for_grpc() {
    if (!settings_.grpc.host) return {};
    events_->add_grpc_methods(grpc_methods_);
    traces_->add_grpc_methods(grpc_methods_);
    bigquery_->add_grpc_methods(grpc_methods_);
    auto listening = net::GrpcServer::listen(*settings_.grpc.host, grpc_methods_, *authenticator_,
                                             log_, metrics_);
    if (listening.ok()) {
      grpc_server_ = *std::move(listening);
      return {};
    }
    const bool may_do_without =
        settings_.grpc.is_built_in && listening.error().code == Code::conflict;
    if (!may_do_without) return std::move(listening).error().with_context("server.grpc");
    log_.warning("grpc_off", {{"error", listening.error().message}});
    return {};
  }

  void start_tasks() {
    refresh_task_ =
        std::make_unique<PeriodicTask>(k_refresh_pause, [this] { return refresh_series(); });
    if (settings_.commits.in_background) {
      commit_job_ = std::make_unique<CommitJob>(alerts_->jobs(), clock_, *commit_enricher_);
      commit_task_ =
          std::make_unique<PeriodicTask>(k_commits_pause, [this] { return commit_job_->work(); });
    }
    if (database_->dialect() == store::Dialect::postgres) {
      backfill_job_ =
          std::make_unique<BackfillJob>(alerts_->jobs(), clock_, log_, *database_, *backfill_);
      backfill_task_ = std::make_unique<PeriodicTask>(k_backfill_pause,
                                                      [this] { return backfill_job_->work(); });
    }
    if (settings_.replica.enabled && lake_replica_ != nullptr) {
      replica_job_ = std::make_unique<ReplicaJob>(alerts_->jobs(), clock_, log_,
                                                  LakeReplicas{*lake_replica_, *sweep_replica_});
      replica_task_ = std::make_unique<PeriodicTask>(settings_.replica.refresh_every,
                                                     [this] { return replica_job_->work(); });
    }
    if (lake_reads_ != nullptr) lake_reads_->start();
    alerts_->start();
    advice_->start();
  }

  Result<void> write_server_file() {
    net::ServerAddress address{url(), operator_token_.plaintext, {}};
    if (const auto certificate = server_->certificate())
      address.trust.public_key_sha256 = certificate->public_key_sha256;
    return net::write_server_file(disk_, settings_.data_folder, address);
  }

  void watch_certificate() {
    const auto certificate = server_->certificate();
    if (certificate && certificate->expires_at <= clock_.now()) {
      log_.error("tls_certificate_expired", {{"expired_at", to_rfc3339(certificate->expires_at)},
                                             {"file", settings_.http.tls->certificate_file}});
    }
    if (!settings_.http.tls || settings_.certificate_check_interval.count() == 0) return;
    certificate_task_ =
        std::make_unique<PeriodicTask>(settings_.certificate_check_interval, [this] {
          reload_certificate(net::Server::Reload::when_changed);
          return false;
        });
  }

  /// Commands on this machine know the server by its key.
  void reload_certificate(net::Server::Reload when) {
    const std::lock_guard lock(reload_mutex_);
    const auto reloaded = server_->reload_certificate(when, clock_.now());
    if (!reloaded.ok() || !*reloaded) return;
    if (const auto written = write_server_file(); !written.ok())
      log_.error("server_file", {{"error", written.error().message}});
  }

  /// True when there may be more.
  bool refresh_series() {
    const Result<std::int64_t> refreshed = series_refresher_->refresh_some(k_refresh_series_max);
    if (!refreshed.ok()) {
      refresh_errors_.failed(refreshed.error().message);
      return false;
    }
    if (*refreshed == k_refresh_series_max) return true;
    return judge_verdicts();
  }

  /// After the statuses, which cost less. A recomputation of all takes its pauses.
  bool judge_verdicts() {
    const Result<results::VerdictWork> work = verdict_refresher_->judge_some(k_verdicts_max);
    if (!work.ok()) {
      refresh_errors_.failed(work.error().message);
      return false;
    }
    refresh_errors_.passed();
    return work->more && work->is_pressing;
  }

  const Settings settings_;
  Disk& disk_;
  Random& random_;
  Log& log_;
  Metrics& metrics_;
  const ops::RecentErrors* errors_;
  RecurringError refresh_errors_;  // of the task that refreshes
  IdSource ids_;
  const Clock& clock_;
  std::atomic<bool> ready_ = false;
  bool stopped_ = false;
  std::mutex reload_mutex_;  // one reload at a time; orders server.json
  access::OperatorToken operator_token_;
  net::Router router_;
  // In the order of their dependence: the last one is destroyed first.
  std::unique_ptr<DiskLock> folder_lock_;
  std::unique_ptr<store::Database> database_;
  bool read_only_ = false;                             // nothing is written to it
  std::unique_ptr<bigquery::StreamEnds> stream_ends_;  // of the lake
  HouseLake house_lake_{settings_, {disk_, clock_, random_, log_, metrics_}};
  lake::Lake* lake_ = nullptr;  // as it was at the start; absent when there was none
  std::unique_ptr<results::Replicator> lake_replica_;
  std::unique_ptr<inference::SweepReplica> sweep_replica_;  // beside lake_replica_
  std::unique_ptr<engine::Engine> query_engine_;            // absent without a local lake
  ops::Queries queries_{ids_, clock_};
  std::unique_ptr<store::ReplicatedDatabase> replicated_;
  std::unique_ptr<access::Tokens> tokens_;
  std::unique_ptr<access::Users> users_;
  std::unique_ptr<access::Sessions> sessions_;
  std::unique_ptr<access::CliLogins> cli_logins_;
  std::unique_ptr<access::Issuer> issuer_;
  std::unique_ptr<access::PasswordSignIn> password_sign_in_;
  std::unique_ptr<access::RequestAuthenticator> authenticator_;
  std::unique_ptr<Alerts> alerts_;
  std::unique_ptr<results::ResultWriter> result_writer_;
  std::unique_ptr<results::RunBrowser> run_browser_;
  std::unique_ptr<results::HistoryReader> history_reader_;
  std::unique_ptr<results::CompareReader> compare_reader_;
  std::unique_ptr<ReplicaReaders> replica_;  // absent without store.read_uri
  std::unique_ptr<results::ProjectHealthReader> health_reader_;
  std::unique_ptr<results::ReadEvidence> read_evidence_;
  std::unique_ptr<LakeReads> lake_reads_;  // absent without a replica in a local lake
  std::unique_ptr<results::ReadRoutePorts> read_ports_;
  std::unique_ptr<results::SeriesRefresher> series_refresher_;
  std::unique_ptr<results::VerdictRefresher> verdict_refresher_;
  std::unique_ptr<results::Backfill> backfill_;
  std::unique_ptr<LegacyResults> legacy_results_;
  std::unique_ptr<CiResults> ci_results_;
  std::unique_ptr<InferenceIngest> inference_ingest_;
  std::unique_ptr<InferenceReads> inference_reads_;
  std::unique_ptr<EventLogService> events_;
  std::unique_ptr<TraceService> traces_;
  std::unique_ptr<BigQueryService> bigquery_;
  std::unique_ptr<AdviceService> advice_;
  net::GrpcMethods grpc_methods_;
  StopSignal stop_signal_;
  std::unique_ptr<results::CommitSources> commit_sources_;
  std::unique_ptr<results::StoreCommits> commits_;
  std::unique_ptr<results::CommitEnricher> commit_enricher_;
  std::unique_ptr<results::ResultWriter> noting_writer_;
  std::unique_ptr<ops::StatusReader> status_reader_;
  std::unique_ptr<ops::RoutePorts> operation_ports_;
  std::unique_ptr<ops::LakeRoutePorts> lake_ports_;
  std::unique_ptr<ops::QueryRoutePorts> query_ports_;
  std::unique_ptr<ops::Operations> operations_;
  std::unique_ptr<PeriodicTask> refresh_task_;
  std::unique_ptr<CommitJob> commit_job_;
  std::unique_ptr<BackfillJob> backfill_job_;
  std::unique_ptr<PeriodicTask> commit_task_;
  std::unique_ptr<PeriodicTask> backfill_task_;
  std::unique_ptr<ReplicaJob> replica_job_;
  std::unique_ptr<PeriodicTask> replica_task_;
  std::unique_ptr<net::Server> server_;
  std::unique_ptr<net::GrpcServer> grpc_server_;  // absent where gRPC is off
  std::unique_ptr<PeriodicTask> certificate_task_;
};

}  // namespace

Result<std::unique_ptr<Service>> Service::start(const Settings& settings, Disk& disk,
                                                const Clock& clock, Random& random, Log& log,
                                                Metrics& metrics, const ops::RecentErrors* errors) {
  BL_RETURN_IF_ERROR(results::set_user_units(settings.units));
  auto service =
      std::make_unique<RunningService>(settings, disk, clock, random, log, metrics, errors);
  BL_RETURN_IF_ERROR(service->start());
  return std::unique_ptr<Service>(std::move(service));
}

}  // namespace bl::app
