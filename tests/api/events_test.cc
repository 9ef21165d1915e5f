#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <thread>

#include "product/server_process.h"
#include "product/store_under_test.h"
#include "store/testing/postgres_server.h"

/// Build events in the program: the server's log on every backend, its commands, its end.
namespace bl::product {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* k_build = "0192f000-0000-7000-8000-000000000001";

std::string event(int number, const std::string& payload) {
  return fmt::format(R"({{"event_id":"0192f000-0000-7000-9000-{:012}","timestamp":"{}",)"
                     R"("build_request_id":"{}",{}}})",
                     number, 1'000 + number, k_build, payload);
}
std::string partition_event(int number, int status) {
  return event(number, fmt::format(R"("partition_event":{{"partition_ref":"data/users",)"
                                   R"("status_code":{}}})",
                                   status));
}

struct Backend {
  const char* name;
  std::string (*log)(const TemporaryFolder& folder);  // empty: the built-in one
};
const Backend k_backends[] = {
    {"BuiltIn", [](const TemporaryFolder&) { return std::string(); }},
    {"Sqlite", [](const TemporaryFolder& folder) { return "sqlite://" + folder.at("log.db"); }},
    {"Postgres",
     [](const TemporaryFolder&) {
       auto& server = store::testing::PostgresServer::shared();
       return server.uri(server.create_database());
     }},
    {"Delta", [](const TemporaryFolder& folder) { return "delta://" + folder.at("log"); }},
};

class EventsInTheProgram : public testing::TestWithParam<Backend> {
 protected:
  std::vector<std::string> settings() const { return {"--set", "events.log=" + log}; }
  /// `benchlake events ...` on the server's data folder.
  CommandOutcome run(std::vector<std::string> words, const std::string& input = "") const {
    words.insert(words.begin(), "events");
    words.insert(words.end(), {"--data", data});
    return run_benchlake(words, input);
  }

  TemporaryFolder folder;
  const std::string data = folder.at("data");
  const std::string log = GetParam().log(folder);
};

TEST_P(EventsInTheProgram, what_is_acknowledged_is_there_after_a_kill) {
  std::string all;
  {
    ServerProcess server(data, settings());
    ASSERT_TRUE(server.ready());
    for (int i = 1; i <= 5; ++i) {
      ASSERT_EQ(server.post("/api/v1/events", partition_event(i, i == 5 ? 4 : 3)).text,
                R"({"added":1,"repeated":0})");
    }
    all = server.get(std::string("/api/v1/builds/") + k_build).text;
    server.kill();
  }
  ServerProcess server(data, settings());
  ASSERT_TRUE(server.ready());
  EXPECT_EQ(server.get(std::string("/api/v1/builds/") + k_build).text, all);
  EXPECT_EQ(server.post("/api/v1/events", partition_event(5, 4)).text,
            R"({"added":0,"repeated":1})");
  const Answer status = server.get("/api/v1/partitions/data%2Fusers/status");
  EXPECT_EQ(status.body.find("status_name")->as_string(), "PARTITION_AVAILABLE");
  EXPECT_EQ(server.terminate(), 0);
}

TEST_P(EventsInTheProgram, commands_speak_with_the_server) {
  ServerProcess server(data, settings());
  ASSERT_TRUE(server.ready());
  const CommandOutcome appended = run({"append"}, partition_event(1, 3) + "\n");
  EXPECT_EQ(appended.exit_code, 0) << appended.err;
  EXPECT_EQ(run({"tail", "--since", "0", "--until-end"}).out.substr(0, 12), R"({"sequence":)");
  EXPECT_THAT(run({"partitions"}).out, HasSubstr("data/users"));
  const std::string sql = "SELECT partition_ref, status_code FROM partition_events";
  const CommandOutcome asked = run({"query", sql, "--format", "csv"});
  EXPECT_EQ(asked.out, "partition_ref,status_code\r\ndata/users,3\r\n") << asked.err;
  const Answer answer = server.post("/api/v1/events/query", R"({"sql":")" + sql + "\"}");
  EXPECT_THAT(answer.text, HasSubstr(R"("rows":[["data/users",3]])"));
  const Answer refused = server.post("/api/v1/events/query", R"({"sql":"DROP TABLE events"})");
  EXPECT_EQ(refused.status / 100, 4) << refused.text;
  EXPECT_EQ(server.post("/api/v1/events/query", R"({"sql":"","rows_max":0})").status, 422);
}

TEST_P(EventsInTheProgram, a_stream_ends_with_the_server) {
  ServerProcess server(data, settings());
  ASSERT_TRUE(server.ready());
  ASSERT_EQ(server.post("/api/v1/events", partition_event(1, 3)).status, 200);
  net::ClientResponse stream;
  std::jthread reader([&] {
    net::Client client;
    auto answered =
        client.send(net::Method::get, server.url() + "/api/v1/events/stream?since_idx=0", {}, "");
    if (answered.ok()) stream = std::move(answered).value();
  });
  while (server.get("/metrics").text.find("bl_events_tails 1") == std::string::npos) {
    std::this_thread::yield();
  }
  // Two events come, the second when the stream waits; then nothing but the end.
  ASSERT_EQ(server.post("/api/v1/events", partition_event(2, 4)).status, 200);
  EXPECT_EQ(server.terminate(), 0);
  reader.join();
  EXPECT_EQ(stream.status, 200);
  EXPECT_THAT(stream.body, StartsWith("retry: 1000\n\n"));
}

INSTANTIATE_TEST_SUITE_P(Log, EventsInTheProgram, testing::ValuesIn(k_backends),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(EventLogSetting, a_build_shows_the_results_of_its_run) {
  const TemporaryFolder folder;
  ServerProcess server(folder.at("data"));
  ASSERT_TRUE(server.ready());
  ASSERT_EQ(server.post("/api/v1/events", partition_event(1, 3)).status, 200);
  json::Value submission = json::parse(good_submission(1)).value();
  submission.set("run_id", json::Value::string(k_build));
  const Answer stored = server.post("/api/results", json::to_text(submission));
  ASSERT_EQ(stored.status, 201) << stored.text;
  const Answer build = server.get(std::string("/api/v1/builds/") + k_build);
  const json::Value* runs = build.body.find("runs");
  ASSERT_EQ(runs->items().size(), 1u) << build.text;
  EXPECT_EQ(runs->items()[0].find("run_id")->as_string(), k_build);
  EXPECT_EQ(runs->items()[0].find("results")->as_int64(), 1);
  EXPECT_EQ(runs->items()[0].find("latest_result_id")->as_string(),
            stored.body.find("id")->as_string());
}

TEST(EventLogSetting, a_server_that_nobody_tells_of_builds_has_no_log) {
  const TemporaryFolder folder;
  ServerProcess server(folder.at("data"));
  ASSERT_TRUE(server.ready());
  EXPECT_FALSE(std::filesystem::exists(folder.at("data/events.db")));
  EXPECT_EQ(server.get("/api/v1/activity").status, 200);
  EXPECT_TRUE(std::filesystem::exists(folder.at("data/events.db")));
}

TEST(EventLogSetting, off_is_said) {
  const TemporaryFolder folder;
  ServerProcess server(folder.at("data"), {"--set", "events.log=off"});
  ASSERT_TRUE(server.ready());
  const Answer answer = server.get("/api/v1/builds");
  EXPECT_EQ(answer.status, 404);
  EXPECT_THAT(answer.text, HasSubstr("events.log is off"));
}

TEST(EventLogSetting, one_that_is_wrong_ends_the_start) {
  const TemporaryFolder folder;
  const auto start = [&](const std::string& log) {
    return run_benchlake({"serve", "--data", folder.at("data"), "--http", "127.0.0.1:0", "--set",
                          "events.log=" + log});
  };
  const CommandOutcome unknown = start("mysql://x/y");
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("events.log"));
  const CommandOutcome refused = start("delta+gs://bucket/path");
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("delta+gs"));
  // A log that is set is opened at the start; the secret is not shown.
  const CommandOutcome gone = start("postgres://me:secret@127.0.0.1:1/x");
  EXPECT_EQ(gone.exit_code, 2);
  EXPECT_THAT(gone.err, HasSubstr("events.log"));
  EXPECT_EQ(gone.err.find("secret"), std::string::npos) << gone.err;
}

}  // namespace
}  // namespace bl::product
