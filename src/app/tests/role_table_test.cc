#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

#include "access/authenticator.h"
#include "access/oidc_routes.h"
#include "access/routes.h"
#include "access/tokens.h"
#include "access/user_routes.h"
#include "app/advice.h"
#include "app/alerts.h"
#include "app/ci_results.h"
#include "app/event_log.h"
#include "app/inference_ingest.h"
#include "app/inference_reads.h"
#include "app/legacy_results.h"
#include "app/operator.h"
#include "app/traces.h"
#include "net/client.h"
#include "net/server.h"
#include "ops/lake_routes.h"
#include "ops/query_routes.h"
#include "ops/routes.h"
#include "results/canned_commits.h"
#include "results/commit_enricher.h"
#include "results/commit_routes.h"
#include "results/legacy_routes.h"
#include "results/read_routes.h"
#include "results/routes.h"
#include "results/schema.h"
#include "results/settings_route.h"
#include "results/store_compare.h"
#include "results/store_history.h"
#include "results/store_runs.h"
#include "results/store_series.h"
#include "results/store_writer.h"
#include "store/open.h"
#include "store/testing/postgres_server.h"

// Who may call what: the real route table behind a real server, asked by everybody. The handlers
// are replaced by one that says yes.

namespace bl::app {
namespace {

constexpr const char* k_operator_token = "operator-token-of-this-test";

class RoleTable : public ::testing::Test {
 protected:
  RoleTable() {
    BL_CHECK(database_->migrate(all_migrations()).ok());
    net::Router real;
    const results::Ports ports{.writer = writer_,
                               .runs = runs_,
                               .history = history_,
                               .compare = compare_,
                               .health = health_};
    results::add_routes(real, ports);
    results::add_legacy_routes(real, ports);
    legacy_.add_routes(real, ports, LegacyResults::TestAids::off);
    access::add_routes(real, {.tokens = tokens_, .users = users_});
    const access::UserRoutePorts user_ports{.database = *database_,
                                            .users = users_,
                                            .sessions = sessions_,
                                            .sign_in = password_sign_in_,
                                            .authenticator = authenticator_};
    access::add_user_routes(real, user_ports);
    access::add_legacy_user_routes(real, user_ports);
    access::add_sign_in_routes(real, {.users = users_,
                                      .sessions = sessions_,
                                      .cli_logins = cli_logins_,
                                      .log = log_,
                                      .metrics = metrics_});
    ops::add_routes(real, operation_ports_);
    ops::add_lake_routes(real, lake_ports_);
    ops::add_query_routes(real, query_ports_);
    inference_reads_.add_routes(real);
    results::add_read_routes(real, read_ports_);
    results::add_commit_routes(real, {.commits = commits_, .enricher = enricher_, .clock = clock_});
    ci_.add_routes(real);
    results::add_settings_route(real, {});
    alerts_.open(ci_.reporter());
    alerts_.add_routes(real);
    inference_ingest_->add_routes(real);
    event_log_->add_routes(real, runs_);
    trace_service_->add_routes(real);
    advice_.add_routes(real);
    for (const auto& route : real.routes()) {
      router_.add({.method = route->method,
                   .pattern = route->pattern,
                   .access = route->access,
                   .handler = [](net::Request&) { return net::Response::no_content(); }});
    }
  }

  /// One line a route: method, pattern, and what each role gets.
  std::string table(bool public_reads) {
    net::ServerOptions options;
    options.port = 0;
    options.public_reads = public_reads;
    auto server =
        net::Server::listen(options, router_, authenticator_, random_, log_, metrics_).value();
    server->start();
    const std::vector<std::string> credentials = {
        "",
        "unknown",
        tokens_.create("r", net::Role::reader)->plaintext,
        tokens_.create("w", net::Role::writer)->plaintext,
        tokens_.create("a", net::Role::admin)->plaintext,
        k_operator_token,
    };
    std::string text =
        "                                             none bad  read writ admn oper\n";
    for (const auto& route : router_.routes()) {
      text += fmt::format("{:7}{:38}", net::name_of(route->method), route->pattern);
      for (const std::string& token : credentials) {
        text += fmt::format(" {:4}", ask(server->port(), *route, token));
      }
      text.resize(text.find_last_not_of(' ') + 1);
      text += "\n";
    }
    server->stop();
    return text;
  }

  std::string ask(std::uint16_t port, const net::Route& route, const std::string& token) {
    std::string path = route.pattern;
    if (const std::size_t brace = path.find('{'); brace != std::string::npos) {
      path.replace(brace, path.find('}') + 1 - brace, "x");
    }
    net::Headers headers;
    if (!token.empty()) headers.add("Authorization", "Bearer " + token);
    auto answer =
        client_.send(route.method, fmt::format("http://127.0.0.1:{}{}", port, path), headers, "");
    if (!answer.ok()) return answer.error().message;
    return answer->status == 204 ? "yes" : std::to_string(answer->status);
  }

  /// BL_TEST_STORE=postgres asks for a real PostgreSQL.
  static std::string store_uri() {
    const char* store = std::getenv("BL_TEST_STORE");
    if (store == nullptr || std::string_view(store) != "postgres") return "sqlite::memory:";
    auto& server = store::testing::PostgresServer::shared();
    return server.uri(server.create_database());
  }

  SystemClock clock_;
  SystemRandom random_;
  IdSource ids_{clock_, random_};
  Log log_{clock_, LogLevel::error, [](std::string_view) {}};
  Metrics metrics_;
  std::unique_ptr<store::Database> database_ =
      store::open_database(store_uri(), {}, log_, metrics_).value();
  results::StoreResultWriter writer_{*database_, ids_, clock_};
  results::StoreRunBrowser runs_{*database_};
  results::StoreHistoryReader history_{*database_};
  results::StoreCompareReader compare_{*database_};
  results::StoreProjectHealthReader health_{*database_};
  LegacyResults legacy_{*database_, clock_};
  results::ReadEvidence read_evidence_{*database_, ids_, clock_};
  results::ReadRoutePorts read_ports_{read_evidence_, nullptr, {}};
  results::StoreCommits commits_{*database_, ids_, "owner"};
  results::CannedCommits source_;
  results::CommitEnricher enricher_{commits_, source_, clock_, log_, metrics_};
  CiResults ci_{*database_, *database_, clock_, ids_};
  Alerts alerts_{*database_, ids_, clock_, log_, metrics_, AlertSettings{}, "owner"};
  access::Tokens tokens_{*database_, clock_, random_, ids_};
  access::Users users_{*database_, clock_, random_, ids_};
  access::Sessions sessions_{*database_, clock_, random_, users_};
  access::PasswordSignIn password_sign_in_{users_, sessions_, tokens_, clock_, metrics_, ""};
  access::RequestAuthenticator authenticator_{
      tokens_,
      sessions_,
      users_,
      clock_,
      metrics_,
      {.operator_token = k_operator_token,
       .wrong_tokens = {.burst = 10'000, .per_minute = 10'000}}};
  access::CliLogins cli_logins_{*database_, clock_, random_, users_, tokens_};
  std::unique_ptr<Disk> disk_ = make_real_disk();
  ops::StatusReader status_{{.database = *database_, .metrics = metrics_}, clock_};
  ops::Operations operations_{ids_, clock_};
  ops::RoutePorts operation_ports_{
      status_, operations_, *disk_, clock_, {}, "0", ops::BackupMetrics(metrics_)};
  std::unique_ptr<InferenceIngest> inference_ingest_ =
      InferenceIngest::open({}, "none", {*database_, *disk_, clock_, ids_, metrics_}).value();
  std::unique_ptr<EventLogService> event_log_ =
      EventLogService::open({}, {}, "none", {*disk_, clock_, random_, ids_, log_, metrics_})
          .value();
  Settings settings_;
  HouseLake house_lake_{settings_, {*disk_, clock_, random_, log_, metrics_}};
  std::unique_ptr<TraceService> trace_service_ =
      TraceService::open({}, "none", {*disk_, clock_, random_, log_, metrics_, house_lake_})
          .value();
  AdviceService advice_{settings_,
                        {*database_, *database_, ci_, *trace_service_, *event_log_, alerts_.jobs(),
                         clock_, log_, metrics_}};
  ops::Queries queries_{ids_, clock_};
  ops::QueryRoutePorts query_ports_{nullptr, nullptr, queries_, {}};
  InferenceReads inference_reads_{{*database_, inference::Registry::built_in(), clock_, metrics_},
                                  1 << 20};
  ops::LakeRoutePorts lake_ports_{nullptr, nullptr, operations_, *database_, clock_, {}};
  net::Router router_;
  net::Client client_;
};

TEST_F(RoleTable, while_reads_are_public) {
  EXPECT_EQ(table(true),
            R"(                                             none bad  read writ admn oper
POST   /api/results                           401  401  403  yes  yes  yes
POST   /api/results:batch                     401  401  403  yes  yes  yes
GET    /api/benchmark-results/{id}            yes  401  yes  yes  yes  yes
GET    /api/benchmark-results                 yes  401  yes  yes  yes  yes
GET    /api/history                           yes  401  yes  yes  yes  yes
GET    /api/history/{benchmark_result_id}     yes  401  yes  yes  yes  yes
GET    /api/compare/benchmark-results         yes  401  yes  yes  yes  yes
GET    /api/series                            yes  401  yes  yes  yes  yes
GET    /api/runs/recent                       yes  401  yes  yes  yes  yes
GET    /api/v1/facts                          yes  401  yes  yes  yes  yes
GET    /api/ping                              yes  yes  yes  yes  yes  yes
POST   /api/benchmark-results/                401  401  403  yes  yes  yes
GET    /api/benchmark-results/                yes  401  yes  yes  yes  yes
GET    /api/benchmark-results/{id}/           yes  401  yes  yes  yes  yes
POST   /api/benchmarks/                       401  401  403  yes  yes  yes
GET    /api/benchmarks/                       yes  401  yes  yes  yes  yes
GET    /api/benchmarks/{id}/                  yes  401  yes  yes  yes  yes
GET    /api/history/{benchmark_result_id}/    yes  401  yes  yes  yes  yes
GET    /api/compare/benchmark-results/{pair}/ yes  401  yes  yes  yes  yes
PUT    /api/benchmark-results/{id}            401  401  403  yes  yes  yes
DELETE /api/benchmark-results/{id}            401  401  403  yes  yes  yes
PUT    /api/benchmark-results/{id}/           401  401  403  yes  yes  yes
DELETE /api/benchmark-results/{id}/           401  401  403  yes  yes  yes
PUT    /api/benchmarks/{id}/                  401  401  403  yes  yes  yes
DELETE /api/benchmarks/{id}/                  401  401  403  yes  yes  yes
POST   /api/v1/results/undo                   401  401  403  yes  yes  yes
GET    /api/commits/                          yes  401  yes  yes  yes  yes
GET    /api/commits/{id}/                     yes  401  yes  yes  yes  yes
GET    /api/contexts/                         yes  401  yes  yes  yes  yes
GET    /api/contexts/{id}/                    yes  401  yes  yes  yes  yes
GET    /api/info/                             yes  401  yes  yes  yes  yes
GET    /api/info/{id}/                        yes  401  yes  yes  yes  yes
GET    /api/hardware/                         yes  401  yes  yes  yes  yes
GET    /api/hardware/{id}/                    yes  401  yes  yes  yes  yes
GET    /api/runs/                             yes  401  yes  yes  yes  yes
GET    /api/runs/{run_id}/                    yes  401  yes  yes  yes  yes
GET    /api/compare/runs/{pair}/              yes  401  yes  yes  yes  yes
GET    /api/ping/                             yes  yes  yes  yes  yes  yes
GET    /api/history/download/{benchmark_result_id}/ yes  401  yes  yes  yes  yes
GET    /robots.txt                            yes  yes  yes  yes  yes  yes
GET    /api/docs/                             yes  yes  yes  yes  yes  yes
GET    /api/redoc                             yes  yes  yes  yes  yes  yes
GET    /api/tokens                            401  401  yes  yes  yes  yes
POST   /api/tokens                            401  401  yes  yes  yes  yes
DELETE /api/tokens/{id}                       401  401  yes  yes  yes  yes
GET    /api/auth/capabilities                 yes  yes  yes  yes  yes  yes
POST   /api/auth/password                     yes  yes  yes  yes  yes  yes
POST   /api/auth/logout                       yes  yes  yes  yes  yes  yes
GET    /api/users/me                          401  401  yes  yes  yes  yes
GET    /api/v1/users                          401  401  403  403  yes  yes
POST   /api/v1/users                          401  401  403  403  yes  yes
PATCH  /api/v1/users/{id}                     401  401  403  403  yes  yes
DELETE /api/v1/users/{id}                     401  401  403  403  yes  yes
GET    /api/v1/audit                          401  401  403  403  yes  yes
GET    /api/                                  401  401  yes  yes  yes  yes
POST   /api/login/                            yes  yes  yes  yes  yes  yes
GET    /api/logout/                           yes  yes  yes  yes  yes  yes
POST   /api/register/                         yes  yes  yes  yes  yes  yes
GET    /api/users/                            401  401  yes  yes  yes  yes
POST   /api/users/                            401  401  yes  yes  yes  yes
GET    /api/users/{id}/                       401  401  yes  yes  yes  yes
PUT    /api/users/{id}/                       401  401  yes  yes  yes  yes
DELETE /api/users/{id}/                       401  401  yes  yes  yes  yes
GET    /api/auth/login                        yes  yes  yes  yes  yes  yes
GET    /api/auth/callback                     yes  yes  yes  yes  yes  yes
GET    /api/google/                           yes  yes  yes  yes  yes  yes
GET    /api/google/callback                   yes  yes  yes  yes  yes  yes
GET    /api/auth/cli-start                    yes  yes  yes  yes  yes  yes
POST   /api/auth/cli-start                    yes  yes  yes  yes  yes  yes
POST   /api/auth/cli-exchange                 yes  yes  yes  yes  yes  yes
GET    /api/v1/status                         yes  401  yes  yes  yes  yes
POST   /api/v1/backups                        401  401  403  403  yes  yes
GET    /api/v1/operations/{id}                401  401  403  403  yes  yes
GET    /api/v1/lake                           401  401  403  403  yes  yes
GET    /api/v1/lake/tables/{table}            401  401  403  403  yes  yes
POST   /api/v1/lake/verify                    401  401  403  403  yes  yes
POST   /api/v1/lake/compact                   401  401  403  403  yes  yes
POST   /api/v1/lake/expire                    401  401  403  403  yes  yes
POST   /api/v1/lake/sweep                     401  401  403  403  yes  yes
POST   /api/v1/lake/rollback                  401  401  403  403  yes  yes
POST   /api/v1/lake/refresh                   401  401  403  403  yes  yes
POST   /api/v1/query                          yes  401  yes  yes  yes  yes
GET    /api/v1/queries                        yes  401  yes  yes  yes  yes
GET    /api/v1/queries/{id}                   yes  401  yes  yes  yes  yes
DELETE /api/v1/queries/{id}                   yes  401  yes  yes  yes  yes
GET    /api/v1/tables                         yes  401  yes  yes  yes  yes
GET    /api/v1/benchmarks                     yes  401  yes  yes  yes  yes
GET    /api/v1/benchmarks/history             yes  401  yes  yes  yes  yes
GET    /api/v1/availability                   yes  401  yes  yes  yes  yes
GET    /api/v1/workflow-info                  yes  401  yes  yes  yes  yes
GET    /api/v1/evaluations                    yes  401  yes  yes  yes  yes
GET    /api/v1/reliability                    yes  401  yes  yes  yes  yes
GET    /api/v1/submissions                    yes  401  yes  yes  yes  yes
GET    /api/v1/server-log                     yes  401  yes  yes  yes  yes
GET    /api/v1/inference/frontier             yes  401  yes  yes  yes  yes
GET    /api/v1/inference/calculator           yes  401  yes  yes  yes  yes
GET    /api/v1/inference/trend                yes  401  yes  yes  yes  yes
GET    /api/v1/inference/registry             yes  401  yes  yes  yes  yes
GET    /api/v1/inference/skipped              yes  401  yes  yes  yes  yes
POST   /mcp                                   yes  401  yes  yes  yes  yes
GET    /api/v1/reads                          401  401  403  403  yes  yes
GET    /api/v1/reads/mismatches               401  401  403  403  yes  yes
GET    /api/v1/reads/mismatches/{id}          401  401  403  403  yes  yes
POST   /api/v1/reads/mismatches/{id}/replay   401  401  403  403  yes  yes
PUT    /api/v1/reads/mismatches/{id}/explanation 401  401  403  403  yes  yes
GET    /api/v1/commits/incomplete             401  401  403  yes  yes  yes
POST   /api/v1/commits/repair                 401  401  403  403  yes  yes
GET    /api/ci/report                         yes  401  yes  yes  yes  yes
POST   /api/ci/report                         401  401  403  yes  yes  yes
GET    /api/v1/regressions                    yes  401  yes  yes  yes  yes
GET    /api/v1/thresholds                     yes  401  yes  yes  yes  yes
PUT    /api/v1/thresholds                     401  401  403  yes  yes  yes
DELETE /api/v1/thresholds                     401  401  403  yes  yes  yes
GET    /api/v1/inventory/pins                 yes  401  yes  yes  yes  yes
PUT    /api/v1/inventory/pins                 401  401  403  yes  yes  yes
GET    /api/v1/attention                      yes  401  yes  yes  yes  yes
GET    /api/v1/families                       yes  401  yes  yes  yes  yes
GET    /api/v1/compare/since                  yes  401  yes  yes  yes  yes
GET    /api/v1/inventory                      yes  401  yes  yes  yes  yes
GET    /api/v1/trends                         yes  401  yes  yes  yes  yes
GET    /api/v1/trends/benchmarks              yes  401  yes  yes  yes  yes
GET    /api/v1/series/{fingerprint}/verdict   yes  401  yes  yes  yes  yes
GET    /api/v1/commits/verdict                yes  401  yes  yes  yes  yes
GET    /api/v1/verdicts/projects              yes  401  yes  yes  yes  yes
PUT    /api/v1/verdicts/projects              401  401  403  403  yes  yes
GET    /api/v1/results/{id}/traces            yes  401  yes  yes  yes  yes
POST   /api/v1/results/{id}/traces            401  401  403  yes  yes  yes
DELETE /api/v1/results/{id}/traces            401  401  403  yes  yes  yes
GET    /api/v1/traces/{id}/results            yes  401  yes  yes  yes  yes
GET    /prometheus/api/v1/query_exemplars     yes  401  yes  yes  yes  yes
POST   /prometheus/api/v1/query_exemplars     yes  401  yes  yes  yes  yes
GET    /api/v1/results/settings               yes  401  yes  yes  yes  yes
GET    /api/alert-rules                       401  401  yes  yes  yes  yes
POST   /api/alert-rules                       401  401  403  yes  yes  yes
GET    /api/alert-rules/{id}                  401  401  yes  yes  yes  yes
PUT    /api/alert-rules/{id}                  401  401  403  yes  yes  yes
DELETE /api/alert-rules/{id}                  401  401  403  yes  yes  yes
GET    /api/alert-rules/{id}/events           401  401  yes  yes  yes  yes
POST   /api/v1/alerts/evaluate                401  401  403  403  yes  yes
POST   /api/v1/alerts/deliver                 401  401  403  403  yes  yes
GET    /api/v1/alerts/deliveries              401  401  403  403  yes  yes
GET    /api/v1/receipts                       401  401  403  yes  yes  yes
GET    /api/v1/background-jobs                401  401  403  yes  yes  yes
POST   /api/v1/inference/ingest               401  401  403  yes  yes  yes
GET    /api/v1/builds                         yes  401  yes  yes  yes  yes
POST   /api/v1/builds                         401  401  403  yes  yes  yes
GET    /api/v1/builds/{id}                    yes  401  yes  yes  yes  yes
DELETE /api/v1/builds/{id}                    401  401  403  yes  yes  yes
GET    /api/v1/partitions                     yes  401  yes  yes  yes  yes
GET    /api/v1/partitions/{ref}/status        yes  401  yes  yes  yes  yes
GET    /api/v1/partitions/{ref}/events        yes  401  yes  yes  yes  yes
POST   /api/v1/partitions/{ref}/invalidate    401  401  403  yes  yes  yes
GET    /api/v1/jobs                           yes  401  yes  yes  yes  yes
GET    /api/v1/jobs/{label}                   yes  401  yes  yes  yes  yes
GET    /api/v1/job-runs/{id}/events           yes  401  yes  yes  yes  yes
GET    /api/v1/activity                       yes  401  yes  yes  yes  yes
GET    /api/v1/events                         yes  401  yes  yes  yes  yes
POST   /api/v1/events                         401  401  403  yes  yes  yes
GET    /api/v1/events/stream                  yes  401  yes  yes  yes  yes
GET    /api/v1/events/range                   yes  401  yes  yes  yes  yes
GET    /api/v1/events/status                  yes  401  yes  yes  yes  yes
GET    /api/v1/events/{id}                    yes  401  yes  yes  yes  yes
POST   /api/v1/events/query                   yes  401  yes  yes  yes  yes
POST   /api/v1/analyze                        401  401  403  yes  yes  yes
POST   /api/v1/execute                        401  401  403  yes  yes  yes
POST   /v1/traces                             401  401  403  yes  yes  yes
GET    /api/v1/traces/{id}                    yes  401  yes  yes  yes  yes
GET    /api/v1/traces/{id}/critical-path      yes  401  yes  yes  yes  yes
GET    /api/v1/traces/{id}/spans/{span_id}    yes  401  yes  yes  yes  yes
GET    /api/v1/traces                         yes  401  yes  yes  yes  yes
GET    /api/v1/traces/metrics                 yes  401  yes  yes  yes  yes
GET    /api/v1/traces/services                yes  401  yes  yes  yes  yes
GET    /api/v1/traces/operations              yes  401  yes  yes  yes  yes
GET    /api/v1/traces/attributes              yes  401  yes  yes  yes  yes
GET    /api/v1/traces/attribute-values        yes  401  yes  yes  yes  yes
GET    /api/v1/traces/dependencies            yes  401  yes  yes  yes  yes
GET    /api/v1/traces/status                  yes  401  yes  yes  yes  yes
GET    /api/v1/traces/{id}/waterfall          yes  401  yes  yes  yes  yes
GET    /api/v1/traces/{id}/flame              yes  401  yes  yes  yes  yes
GET    /api/v1/traces/diff-sets               yes  401  yes  yes  yes  yes
GET    /api/v1/traces/critical-shares         yes  401  yes  yes  yes  yes
POST   /api/v1/traces/diff                    yes  401  yes  yes  yes  yes
POST   /api/v1/traces/expire                  401  401  403  403  yes  yes
GET    /jaeger/api/services                   yes  401  yes  yes  yes  yes
GET    /jaeger/api/services/{service}/operations yes  401  yes  yes  yes  yes
GET    /jaeger/api/operations                 yes  401  yes  yes  yes  yes
GET    /jaeger/api/traces                     yes  401  yes  yes  yes  yes
GET    /jaeger/api/traces/{id}                yes  401  yes  yes  yes  yes
GET    /jaeger/api/dependencies               yes  401  yes  yes  yes  yes
GET    /jaeger/api/metrics/{metric}           yes  401  yes  yes  yes  yes
POST   /jaeger/api/transform                  yes  401  yes  yes  yes  yes
POST   /jaeger/api/archive/{id}               yes  401  yes  yes  yes  yes
GET    /jaeger/api/v3/services                yes  401  yes  yes  yes  yes
GET    /jaeger/api/v3/operations              yes  401  yes  yes  yes  yes
GET    /jaeger/api/v3/traces                  yes  401  yes  yes  yes  yes
GET    /jaeger/api/v3/traces/{trace_id}       yes  401  yes  yes  yes  yes
GET    /jaeger/api/v3/trace-summaries         yes  401  yes  yes  yes  yes
GET    /tempo/api/echo                        yes  401  yes  yes  yes  yes
GET    /tempo/ready                           yes  401  yes  yes  yes  yes
GET    /tempo/api/status/buildinfo            yes  401  yes  yes  yes  yes
GET    /tempo/api/traces/{id}                 yes  401  yes  yes  yes  yes
GET    /tempo/api/v2/traces/{id}              yes  401  yes  yes  yes  yes
GET    /tempo/api/search                      yes  401  yes  yes  yes  yes
GET    /tempo/api/search/tags                 yes  401  yes  yes  yes  yes
GET    /tempo/api/v2/search/tags              yes  401  yes  yes  yes  yes
GET    /tempo/api/search/tag/{tag}/values     yes  401  yes  yes  yes  yes
GET    /tempo/api/v2/search/tag/{tag}/values  yes  401  yes  yes  yes  yes
GET    /tempo/api/metrics/query_range         yes  401  yes  yes  yes  yes
GET    /tempo/api/metrics/query               yes  401  yes  yes  yes  yes
POST   /tempo/api/v2/traces/diff              yes  401  yes  yes  yes  yes
GET    /api/v1/advice/alert-cost              yes  401  yes  yes  yes  yes
GET    /api/v1/advice/comment                 yes  401  yes  yes  yes  yes
POST   /api/v1/advice/comment                 401  401  403  yes  yes  yes
)");
}

TEST_F(RoleTable, while_reads_need_a_token) {
  EXPECT_EQ(table(false),
            R"(                                             none bad  read writ admn oper
POST   /api/results                           401  401  403  yes  yes  yes
POST   /api/results:batch                     401  401  403  yes  yes  yes
GET    /api/benchmark-results/{id}            401  401  yes  yes  yes  yes
GET    /api/benchmark-results                 401  401  yes  yes  yes  yes
GET    /api/history                           401  401  yes  yes  yes  yes
GET    /api/history/{benchmark_result_id}     401  401  yes  yes  yes  yes
GET    /api/compare/benchmark-results         401  401  yes  yes  yes  yes
GET    /api/series                            401  401  yes  yes  yes  yes
GET    /api/runs/recent                       401  401  yes  yes  yes  yes
GET    /api/v1/facts                          401  401  yes  yes  yes  yes
GET    /api/ping                              yes  yes  yes  yes  yes  yes
POST   /api/benchmark-results/                401  401  403  yes  yes  yes
GET    /api/benchmark-results/                401  401  yes  yes  yes  yes
GET    /api/benchmark-results/{id}/           401  401  yes  yes  yes  yes
POST   /api/benchmarks/                       401  401  403  yes  yes  yes
GET    /api/benchmarks/                       401  401  yes  yes  yes  yes
GET    /api/benchmarks/{id}/                  401  401  yes  yes  yes  yes
GET    /api/history/{benchmark_result_id}/    401  401  yes  yes  yes  yes
GET    /api/compare/benchmark-results/{pair}/ 401  401  yes  yes  yes  yes
PUT    /api/benchmark-results/{id}            401  401  403  yes  yes  yes
DELETE /api/benchmark-results/{id}            401  401  403  yes  yes  yes
PUT    /api/benchmark-results/{id}/           401  401  403  yes  yes  yes
DELETE /api/benchmark-results/{id}/           401  401  403  yes  yes  yes
PUT    /api/benchmarks/{id}/                  401  401  403  yes  yes  yes
DELETE /api/benchmarks/{id}/                  401  401  403  yes  yes  yes
POST   /api/v1/results/undo                   401  401  403  yes  yes  yes
GET    /api/commits/                          401  401  yes  yes  yes  yes
GET    /api/commits/{id}/                     401  401  yes  yes  yes  yes
GET    /api/contexts/                         401  401  yes  yes  yes  yes
GET    /api/contexts/{id}/                    401  401  yes  yes  yes  yes
GET    /api/info/                             401  401  yes  yes  yes  yes
GET    /api/info/{id}/                        401  401  yes  yes  yes  yes
GET    /api/hardware/                         401  401  yes  yes  yes  yes
GET    /api/hardware/{id}/                    401  401  yes  yes  yes  yes
GET    /api/runs/                             401  401  yes  yes  yes  yes
GET    /api/runs/{run_id}/                    401  401  yes  yes  yes  yes
GET    /api/compare/runs/{pair}/              401  401  yes  yes  yes  yes
GET    /api/ping/                             yes  yes  yes  yes  yes  yes
GET    /api/history/download/{benchmark_result_id}/ 401  401  yes  yes  yes  yes
GET    /robots.txt                            yes  yes  yes  yes  yes  yes
GET    /api/docs/                             yes  yes  yes  yes  yes  yes
GET    /api/redoc                             yes  yes  yes  yes  yes  yes
GET    /api/tokens                            401  401  yes  yes  yes  yes
POST   /api/tokens                            401  401  yes  yes  yes  yes
DELETE /api/tokens/{id}                       401  401  yes  yes  yes  yes
GET    /api/auth/capabilities                 yes  yes  yes  yes  yes  yes
POST   /api/auth/password                     yes  yes  yes  yes  yes  yes
POST   /api/auth/logout                       yes  yes  yes  yes  yes  yes
GET    /api/users/me                          401  401  yes  yes  yes  yes
GET    /api/v1/users                          401  401  403  403  yes  yes
POST   /api/v1/users                          401  401  403  403  yes  yes
PATCH  /api/v1/users/{id}                     401  401  403  403  yes  yes
DELETE /api/v1/users/{id}                     401  401  403  403  yes  yes
GET    /api/v1/audit                          401  401  403  403  yes  yes
GET    /api/                                  401  401  yes  yes  yes  yes
POST   /api/login/                            yes  yes  yes  yes  yes  yes
GET    /api/logout/                           yes  yes  yes  yes  yes  yes
POST   /api/register/                         yes  yes  yes  yes  yes  yes
GET    /api/users/                            401  401  yes  yes  yes  yes
POST   /api/users/                            401  401  yes  yes  yes  yes
GET    /api/users/{id}/                       401  401  yes  yes  yes  yes
PUT    /api/users/{id}/                       401  401  yes  yes  yes  yes
DELETE /api/users/{id}/                       401  401  yes  yes  yes  yes
GET    /api/auth/login                        yes  yes  yes  yes  yes  yes
GET    /api/auth/callback                     yes  yes  yes  yes  yes  yes
GET    /api/google/                           yes  yes  yes  yes  yes  yes
GET    /api/google/callback                   yes  yes  yes  yes  yes  yes
GET    /api/auth/cli-start                    yes  yes  yes  yes  yes  yes
POST   /api/auth/cli-start                    yes  yes  yes  yes  yes  yes
POST   /api/auth/cli-exchange                 yes  yes  yes  yes  yes  yes
GET    /api/v1/status                         401  401  yes  yes  yes  yes
POST   /api/v1/backups                        401  401  403  403  yes  yes
GET    /api/v1/operations/{id}                401  401  403  403  yes  yes
GET    /api/v1/lake                           401  401  403  403  yes  yes
GET    /api/v1/lake/tables/{table}            401  401  403  403  yes  yes
POST   /api/v1/lake/verify                    401  401  403  403  yes  yes
POST   /api/v1/lake/compact                   401  401  403  403  yes  yes
POST   /api/v1/lake/expire                    401  401  403  403  yes  yes
POST   /api/v1/lake/sweep                     401  401  403  403  yes  yes
POST   /api/v1/lake/rollback                  401  401  403  403  yes  yes
POST   /api/v1/lake/refresh                   401  401  403  403  yes  yes
POST   /api/v1/query                          401  401  yes  yes  yes  yes
GET    /api/v1/queries                        401  401  yes  yes  yes  yes
GET    /api/v1/queries/{id}                   401  401  yes  yes  yes  yes
DELETE /api/v1/queries/{id}                   401  401  yes  yes  yes  yes
GET    /api/v1/tables                         401  401  yes  yes  yes  yes
GET    /api/v1/benchmarks                     401  401  yes  yes  yes  yes
GET    /api/v1/benchmarks/history             401  401  yes  yes  yes  yes
GET    /api/v1/availability                   401  401  yes  yes  yes  yes
GET    /api/v1/workflow-info                  401  401  yes  yes  yes  yes
GET    /api/v1/evaluations                    401  401  yes  yes  yes  yes
GET    /api/v1/reliability                    401  401  yes  yes  yes  yes
GET    /api/v1/submissions                    401  401  yes  yes  yes  yes
GET    /api/v1/server-log                     401  401  yes  yes  yes  yes
GET    /api/v1/inference/frontier             401  401  yes  yes  yes  yes
GET    /api/v1/inference/calculator           401  401  yes  yes  yes  yes
GET    /api/v1/inference/trend                401  401  yes  yes  yes  yes
GET    /api/v1/inference/registry             401  401  yes  yes  yes  yes
GET    /api/v1/inference/skipped              401  401  yes  yes  yes  yes
POST   /mcp                                   401  401  yes  yes  yes  yes
GET    /api/v1/reads                          401  401  403  403  yes  yes
GET    /api/v1/reads/mismatches               401  401  403  403  yes  yes
GET    /api/v1/reads/mismatches/{id}          401  401  403  403  yes  yes
POST   /api/v1/reads/mismatches/{id}/replay   401  401  403  403  yes  yes
PUT    /api/v1/reads/mismatches/{id}/explanation 401  401  403  403  yes  yes
GET    /api/v1/commits/incomplete             401  401  403  yes  yes  yes
POST   /api/v1/commits/repair                 401  401  403  403  yes  yes
GET    /api/ci/report                         401  401  yes  yes  yes  yes
POST   /api/ci/report                         401  401  403  yes  yes  yes
GET    /api/v1/regressions                    401  401  yes  yes  yes  yes
GET    /api/v1/thresholds                     401  401  yes  yes  yes  yes
PUT    /api/v1/thresholds                     401  401  403  yes  yes  yes
DELETE /api/v1/thresholds                     401  401  403  yes  yes  yes
GET    /api/v1/inventory/pins                 401  401  yes  yes  yes  yes
PUT    /api/v1/inventory/pins                 401  401  403  yes  yes  yes
GET    /api/v1/attention                      401  401  yes  yes  yes  yes
GET    /api/v1/families                       401  401  yes  yes  yes  yes
GET    /api/v1/compare/since                  401  401  yes  yes  yes  yes
GET    /api/v1/inventory                      401  401  yes  yes  yes  yes
GET    /api/v1/trends                         401  401  yes  yes  yes  yes
GET    /api/v1/trends/benchmarks              401  401  yes  yes  yes  yes
GET    /api/v1/series/{fingerprint}/verdict   401  401  yes  yes  yes  yes
GET    /api/v1/commits/verdict                401  401  yes  yes  yes  yes
GET    /api/v1/verdicts/projects              401  401  yes  yes  yes  yes
PUT    /api/v1/verdicts/projects              401  401  403  403  yes  yes
GET    /api/v1/results/{id}/traces            401  401  yes  yes  yes  yes
POST   /api/v1/results/{id}/traces            401  401  403  yes  yes  yes
DELETE /api/v1/results/{id}/traces            401  401  403  yes  yes  yes
GET    /api/v1/traces/{id}/results            401  401  yes  yes  yes  yes
GET    /prometheus/api/v1/query_exemplars     401  401  yes  yes  yes  yes
POST   /prometheus/api/v1/query_exemplars     401  401  yes  yes  yes  yes
GET    /api/v1/results/settings               401  401  yes  yes  yes  yes
GET    /api/alert-rules                       401  401  yes  yes  yes  yes
POST   /api/alert-rules                       401  401  403  yes  yes  yes
GET    /api/alert-rules/{id}                  401  401  yes  yes  yes  yes
PUT    /api/alert-rules/{id}                  401  401  403  yes  yes  yes
DELETE /api/alert-rules/{id}                  401  401  403  yes  yes  yes
GET    /api/alert-rules/{id}/events           401  401  yes  yes  yes  yes
POST   /api/v1/alerts/evaluate                401  401  403  403  yes  yes
POST   /api/v1/alerts/deliver                 401  401  403  403  yes  yes
GET    /api/v1/alerts/deliveries              401  401  403  403  yes  yes
GET    /api/v1/receipts                       401  401  403  yes  yes  yes
GET    /api/v1/background-jobs                401  401  403  yes  yes  yes
POST   /api/v1/inference/ingest               401  401  403  yes  yes  yes
GET    /api/v1/builds                         401  401  yes  yes  yes  yes
POST   /api/v1/builds                         401  401  403  yes  yes  yes
GET    /api/v1/builds/{id}                    401  401  yes  yes  yes  yes
DELETE /api/v1/builds/{id}                    401  401  403  yes  yes  yes
GET    /api/v1/partitions                     401  401  yes  yes  yes  yes
GET    /api/v1/partitions/{ref}/status        401  401  yes  yes  yes  yes
GET    /api/v1/partitions/{ref}/events        401  401  yes  yes  yes  yes
POST   /api/v1/partitions/{ref}/invalidate    401  401  403  yes  yes  yes
GET    /api/v1/jobs                           401  401  yes  yes  yes  yes
GET    /api/v1/jobs/{label}                   401  401  yes  yes  yes  yes
GET    /api/v1/job-runs/{id}/events           401  401  yes  yes  yes  yes
GET    /api/v1/activity                       401  401  yes  yes  yes  yes
GET    /api/v1/events                         401  401  yes  yes  yes  yes
POST   /api/v1/events                         401  401  403  yes  yes  yes
GET    /api/v1/events/stream                  401  401  yes  yes  yes  yes
GET    /api/v1/events/range                   401  401  yes  yes  yes  yes
GET    /api/v1/events/status                  401  401  yes  yes  yes  yes
GET    /api/v1/events/{id}                    401  401  yes  yes  yes  yes
POST   /api/v1/events/query                   401  401  yes  yes  yes  yes
POST   /api/v1/analyze                        401  401  403  yes  yes  yes
POST   /api/v1/execute                        401  401  403  yes  yes  yes
POST   /v1/traces                             401  401  403  yes  yes  yes
GET    /api/v1/traces/{id}                    401  401  yes  yes  yes  yes
GET    /api/v1/traces/{id}/critical-path      401  401  yes  yes  yes  yes
GET    /api/v1/traces/{id}/spans/{span_id}    401  401  yes  yes  yes  yes
GET    /api/v1/traces                         401  401  yes  yes  yes  yes
GET    /api/v1/traces/metrics                 401  401  yes  yes  yes  yes
GET    /api/v1/traces/services                401  401  yes  yes  yes  yes
GET    /api/v1/traces/operations              401  401  yes  yes  yes  yes
GET    /api/v1/traces/attributes              401  401  yes  yes  yes  yes
GET    /api/v1/traces/attribute-values        401  401  yes  yes  yes  yes
GET    /api/v1/traces/dependencies            401  401  yes  yes  yes  yes
GET    /api/v1/traces/status                  401  401  yes  yes  yes  yes
GET    /api/v1/traces/{id}/waterfall          401  401  yes  yes  yes  yes
GET    /api/v1/traces/{id}/flame              401  401  yes  yes  yes  yes
GET    /api/v1/traces/diff-sets               401  401  yes  yes  yes  yes
GET    /api/v1/traces/critical-shares         401  401  yes  yes  yes  yes
POST   /api/v1/traces/diff                    401  401  yes  yes  yes  yes
POST   /api/v1/traces/expire                  401  401  403  403  yes  yes
GET    /jaeger/api/services                   401  401  yes  yes  yes  yes
GET    /jaeger/api/services/{service}/operations 401  401  yes  yes  yes  yes
GET    /jaeger/api/operations                 401  401  yes  yes  yes  yes
GET    /jaeger/api/traces                     401  401  yes  yes  yes  yes
GET    /jaeger/api/traces/{id}                401  401  yes  yes  yes  yes
GET    /jaeger/api/dependencies               401  401  yes  yes  yes  yes
GET    /jaeger/api/metrics/{metric}           401  401  yes  yes  yes  yes
POST   /jaeger/api/transform                  401  401  yes  yes  yes  yes
POST   /jaeger/api/archive/{id}               401  401  yes  yes  yes  yes
GET    /jaeger/api/v3/services                401  401  yes  yes  yes  yes
GET    /jaeger/api/v3/operations              401  401  yes  yes  yes  yes
GET    /jaeger/api/v3/traces                  401  401  yes  yes  yes  yes
GET    /jaeger/api/v3/traces/{trace_id}       401  401  yes  yes  yes  yes
GET    /jaeger/api/v3/trace-summaries         401  401  yes  yes  yes  yes
GET    /tempo/api/echo                        401  401  yes  yes  yes  yes
GET    /tempo/ready                           401  401  yes  yes  yes  yes
GET    /tempo/api/status/buildinfo            401  401  yes  yes  yes  yes
GET    /tempo/api/traces/{id}                 401  401  yes  yes  yes  yes
GET    /tempo/api/v2/traces/{id}              401  401  yes  yes  yes  yes
GET    /tempo/api/search                      401  401  yes  yes  yes  yes
GET    /tempo/api/search/tags                 401  401  yes  yes  yes  yes
GET    /tempo/api/v2/search/tags              401  401  yes  yes  yes  yes
GET    /tempo/api/search/tag/{tag}/values     401  401  yes  yes  yes  yes
GET    /tempo/api/v2/search/tag/{tag}/values  401  401  yes  yes  yes  yes
GET    /tempo/api/metrics/query_range         401  401  yes  yes  yes  yes
GET    /tempo/api/metrics/query               401  401  yes  yes  yes  yes
POST   /tempo/api/v2/traces/diff              401  401  yes  yes  yes  yes
GET    /api/v1/advice/alert-cost              401  401  yes  yes  yes  yes
GET    /api/v1/advice/comment                 401  401  yes  yes  yes  yes
POST   /api/v1/advice/comment                 401  401  403  yes  yes  yes
)");
}

}  // namespace
}  // namespace bl::app
