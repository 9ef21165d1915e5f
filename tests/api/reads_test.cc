#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "product/server_process.h"

/// Who answers reads of results: the store or the lake, changed while the server runs.
namespace bl::product {
namespace {

using ::testing::HasSubstr;

constexpr const char* k_unproven = "\nunproven = true\n";

bool eventually(const std::function<bool()>& done) {
  for (int attempt = 0; attempt < 1500; ++attempt) {
    if (done()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

class Reads : public testing::Test {
 protected:
  /// The configuration, with these lines in its section `reads`.
  void configure(const std::string& reads) const {
    std::ofstream(config + ".new") << "[lake]\nobjects = \"" << folder.path() << "/objects\"\n"
                                   << "[replica]\nenabled = true\nrefresh_every = \"50ms\"\n"
                                   << "[reads]\n"
                                   << reads;
    std::filesystem::rename(config + ".new", config);  // a server reads it whole
  }
  std::unique_ptr<ServerProcess> serve(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"--config", config};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return std::make_unique<ServerProcess>(folder.path() + "/data", arguments);
  }
  static Answer ask(const ServerProcess& server, const std::string& path, bool freshness = false) {
    net::Headers headers;
    headers.add("Authorization", "Bearer " + server.operator_token());
    if (freshness) headers.add("Benchlake-Freshness", "ask");
    net::Client client;
    auto answer = client.send(net::Method::get, server.url() + path, headers, "");
    BL_CHECK(answer.ok());
    Answer told{answer->status, answer->headers, answer->body, {}};
    if (auto body = json::parse(told.text); body.ok()) told.body = *std::move(body);
    return told;
  }
  static std::string answered_by(const ServerProcess& server, const std::string& path) {
    return std::string(ask(server, path, true).headers.get("Benchlake-Answered-By"));
  }
  /// One port of /api/v1/reads.
  static json::Value port(const ServerProcess& server, const std::string& name) {
    const Answer answer = ask(server, "/api/v1/reads");
    EXPECT_EQ(answer.status, 200) << answer.text;
    for (const json::Value& one : answer.body.find("ports")->items()) {
      if (one.find("port")->as_string() == name) return one;
    }
    return {};
  }
  static std::string mode(const ServerProcess& server, const std::string& name) {
    return port(server, name).find("mode")->as_string();
  }
  static std::int64_t evidence(const ServerProcess& server, const std::string& name,
                               const char* what) {
    return *port(server, name).find("evidence")->find(what)->as_int64();
  }
  static std::string submit(const ServerProcess& server, int number) {
    const Answer answer = server.post("/api/results", good_submission(number));
    EXPECT_EQ(answer.status, 201) << answer.text;
    return answer.body.find("id")->as_string();
  }
  /// A reload, until it has been done.
  void reload(const ServerProcess& server, const std::string& reads, const std::string& name,
              const std::string& wanted) const {
    configure(reads);
    kill(server.pid(), SIGHUP);
    EXPECT_TRUE(eventually([&] { return mode(server, name) == wanted; })) << wanted;
  }
  std::vector<std::string> paths(const std::string& id) const {
    return {"/api/history/" + id,
            "/api/history/" + id + "/",
            "/api/benchmark-results/" + id,
            "/api/benchmark-results/" + id + "/",
            "/api/benchmark-results",
            "/api/compare/benchmark-results/" + id + "..." + id + "/",
            "/api/series",
            "/api/runs/recent",
            "/api/v1/facts",
            "/api/v1/search?q=" + id.substr(0, 8)};
  }

  TemporaryFolder folder;
  const std::string config = folder.path() + "/benchlake.toml";
};

constexpr const char* k_all_lake =
    "history = \"lake\"\ncompare = \"lake\"\nhealth = \"lake\"\nruns = \"lake\"\n";
constexpr const char* k_all_shadow =
    "history = \"shadow\"\ncompare = \"shadow\"\nhealth = \"shadow\"\nruns = \"shadow\"\n";

TEST_F(Reads, of_the_lake_are_refused_until_they_are_proved) {
  configure("history = \"lake+shadow(1%)\"\n");
  const CommandOutcome refused = run_benchlake(
      {"serve", "--data", folder.path() + "/data", "--http", "127.0.0.1:0", "--config", config});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("reads.history = lake+shadow(1%): no proof"));
  const auto server = serve({"--unproven"});
  ASSERT_TRUE(server->ready());
  EXPECT_EQ(mode(*server, "history"), "lake+shadow(1%)");
  EXPECT_EQ(ask(*server, "/api/v1/reads").body.find("is_unproven")->as_bool(), true);
}

TEST_F(Reads, need_a_replica) {
  const CommandOutcome refused =
      run_benchlake({"serve", "--data", folder.path() + "/data", "--http", "127.0.0.1:0", "--set",
                     "reads.runs=shadow"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("reads.runs needs replica.enabled: shadow"));
}

TEST_F(Reads, change_sides_while_the_server_runs_and_answers_stay_the_same) {
  configure("");
  const auto server = serve();
  ASSERT_TRUE(server->ready());
  std::string id;
  for (int number = 1; number <= 12; ++number) id = submit(*server, number);

  // Verdicts are made later, whoever answers.
  const auto has_verdicts = [&](const std::string& path) {
    return ask(*server, path).text.find(R"("verdict":null)") == std::string::npos;
  };
  for (const char* path : {"/api/series", "/api/runs/recent"}) {
    EXPECT_TRUE(eventually([&] { return has_verdicts(path); })) << path;
  }
  std::vector<std::string> of_store;
  for (const std::string& path : paths(id)) {
    const Answer answer = ask(*server, path, true);
    EXPECT_EQ(answer.status, 200) << path << answer.text;
    EXPECT_EQ(answer.headers.get("Benchlake-Answered-By"), "store") << path;
    of_store.push_back(answer.text);
  }
  EXPECT_EQ(ask(*server, "/api/history/" + id).headers.get("Benchlake-Answered-By"), "")
      << "told to who asks";

  reload(*server, std::string(k_all_shadow), "runs", "shadow");
  for (const std::string& path : paths(id)) {
    EXPECT_EQ(answered_by(*server, path), "store") << path;
  }
  for (const char* name : {"history", "compare", "health", "runs"}) {
    EXPECT_TRUE(eventually([&] { return evidence(*server, name, "equal") > 0; })) << name;
    EXPECT_EQ(evidence(*server, name, "different"), 0)
        << ask(*server, "/api/v1/reads/mismatches").text;
    EXPECT_EQ(evidence(*server, name, "failed"), 0);
  }

  // Refused: nothing changes.
  configure(k_all_lake);
  kill(server->pid(), SIGHUP);
  configure("history = \"nonsense\"\n");
  kill(server->pid(), SIGHUP);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(mode(*server, "history"), "shadow");

  reload(*server, std::string(k_all_lake) + k_unproven, "runs", "lake");
  std::size_t i = 0;
  for (const std::string& path : paths(id)) {
    EXPECT_TRUE(eventually([&] { return answered_by(*server, path) == "lake"; })) << path;
    EXPECT_EQ(ask(*server, path).text, of_store[i++]) << path;
  }

  // What somebody just did is seen at once.
  const std::string newer = submit(*server, 13);
  EXPECT_EQ(ask(*server, "/api/benchmark-results/" + newer).status, 200);
  EXPECT_THAT(ask(*server, "/api/history/" + newer).text, HasSubstr(newer));

  reload(*server, "", "runs", "store");
  EXPECT_EQ(answered_by(*server, "/api/history/" + id), "store");
  EXPECT_EQ(server->terminate(), 0);
}

TEST_F(Reads, are_shown_by_a_command) {
  configure("history = \"shadow(10%)\"\n");
  const auto server = serve();
  ASSERT_TRUE(server->ready());
  const auto run = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(),
                     {"--server", server->url(), "--token", server->operator_token()});
    return run_benchlake(arguments);
  };
  const CommandOutcome status = run({"reads", "status"});
  EXPECT_EQ(status.exit_code, 0) << status.err;
  EXPECT_THAT(status.out, HasSubstr("shadow(10%)"));
  EXPECT_THAT(status.err, HasSubstr("history: the lake may not answer: no proof"));
  EXPECT_THAT(run({"reads", "mismatches"}).err, HasSubstr("store and lake agreed"));
  EXPECT_EQ(run({"reads", "mismatches", "--port", "nothing"}).exit_code, 2);
  const CommandOutcome replayed = run({"reads", "replay", "no/such"});
  EXPECT_EQ(replayed.exit_code, 2);
  EXPECT_THAT(replayed.err, HasSubstr("no mismatch of answers has the id no/such"));
  EXPECT_EQ(run({"reads", "explain", "nothing", "because"}).exit_code, 2);
}

}  // namespace
}  // namespace bl::product
