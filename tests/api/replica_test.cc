#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "product/server_process.h"
#include "store/testing/postgres_server.h"

/// Reads from a real standby of PostgreSQL, which lags as much as the test wants.
namespace bl::product {
namespace {

using store::testing::PostgresServer;
using ::testing::HasSubstr;

bool eventually(const std::function<bool()>& done) {
  for (int attempt = 0; attempt < 1500; ++attempt) {
    if (done()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

class Replica : public testing::Test {
 protected:
  /// The id of what was stored.
  std::string submit(int number) const {
    const Answer answer = server.post("/api/results", good_submission(number));
    EXPECT_EQ(answer.status, 201) << answer.text;
    return answer.status == 201 ? answer.body.find("id")->as_string() : "";
  }
  int send(net::Method method, const std::string& path, const std::string& body) const {
    net::Headers headers;
    headers.add("Authorization", "Bearer " + server.operator_token());
    headers.add("Content-Type", "application/json");
    net::Client client;
    return client.send(method, server.url() + path, headers, body).value().status;
  }
  std::size_t listed() const {
    const Answer answer = server.get("/api/benchmark-results");
    EXPECT_EQ(answer.status, 200) << answer.text;
    return answer.body.find("results")->items().size();
  }
  /// How many reads were answered `by` the replica or the writer.
  double reads(const std::string& by) const {
    const std::string text = server.get("/metrics").text;
    const std::string name = fmt::format("bl_store_replica_reads_total{{by=\"{}\"}} ", by);
    const std::size_t at = text.find(name);
    return at == std::string::npos ? 0 : std::stod(text.substr(at + name.size()));
  }
  void hold() const { standby->run("postgres", "select pg_wal_replay_pause()"); }
  void let_go() const { standby->run("postgres", "select pg_wal_replay_resume()"); }
  bool has_results(int count) const {
    return eventually([&] {
      return standby->run(database, "select count(*) from benchmark_result") ==
             std::to_string(count);
    });
  }

  std::unique_ptr<PostgresServer> primary = PostgresServer::start().value();
  const std::string database = primary->create_database();
  std::unique_ptr<PostgresServer> standby = PostgresServer::start_standby_of(*primary).value();
  TemporaryFolder folder;
  ServerProcess server{
      folder.path() + "/data",
      {"--store", primary->uri(database), "--set", "store.read_uri=" + standby->uri(database)}};
};

TEST_F(Replica, that_lags_answers_lists_and_nothing_that_somebody_just_did) {
  ASSERT_TRUE(server.ready());
  const std::string first = submit(1);
  ASSERT_TRUE(has_results(1));
  ASSERT_TRUE(eventually([&] { return listed() == 1 && reads("replica") > 0; }));
  hold();
  const std::string second = submit(2);
  EXPECT_EQ(listed(), 1u) << "as old as the replica";
  EXPECT_EQ(server.get("/api/series").status, 200);
  EXPECT_EQ(server.get("/api/runs/recent").status, 200);
  for (const std::string slash : {"", "/"}) {
    EXPECT_EQ(server.get("/api/benchmark-results/" + second + slash).status, 200) << slash;
    EXPECT_EQ(server.get("/api/history/" + second + slash).status, 200) << slash;
  }
  const std::string run =
      server.get("/api/benchmark-results/" + second).body.find("run_id")->as_string();
  const Answer report = server.get("/api/ci/report?run_ids=" + run);
  ASSERT_EQ(report.status, 200) << report.text;
  EXPECT_EQ(report.body.find("summary")->find("contender_results")->as_int64(), 2)
      << "a verdict is about what was stored a moment ago";
  EXPECT_EQ(server.get("/api/runs/" + run + "/").status, 200);

  const std::string annotate = R"({"change_annotations":{"begins_distribution_change":true}})";
  EXPECT_EQ(send(net::Method::put, "/api/benchmark-results/" + first, annotate), 200);
  EXPECT_THAT(server.get("/api/benchmark-results/" + first).text,
              HasSubstr(R"("begins_distribution_change":true)"));
  EXPECT_EQ(send(net::Method::del, "/api/benchmark-results/" + first, ""), 204);
  EXPECT_EQ(server.get("/api/benchmark-results/" + first).status, 404);
  EXPECT_EQ(server.get("/api/benchmark-results/" + first + "/").status, 404);
  EXPECT_EQ(listed(), 1u) << "the first, still";

  const Answer made = server.post("/api/tokens", R"({"name":"ci","role":"reader"})");
  ASSERT_EQ(made.status, 201) << made.text;
  net::Headers headers;
  headers.add("Authorization", "Bearer " + made.body.find("token")->as_string());
  net::Client client;
  EXPECT_EQ(client.send(net::Method::get, server.url() + "/api/series", headers, "")->status, 200);

  let_go();
  EXPECT_TRUE(eventually([&] {
    const Answer answer = server.get("/api/benchmark-results");
    const auto& results = answer.body.find("results")->items();
    return results.size() == 1 && results[0].find("id")->as_string() == second;
  }));
}

TEST_F(Replica, that_dies_is_not_missed_and_is_read_again_when_it_is_back) {
  ASSERT_TRUE(server.ready());
  submit(1);
  ASSERT_TRUE(has_results(1));
  ASSERT_TRUE(eventually([&] { return listed() == 1 && reads("replica") > 0; }));
  standby->stop(PostgresServer::Stop::kill);
  submit(2);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(listed(), 2u) << "the writer answers";
  EXPECT_EQ(server.get("/readyz").status, 200);
  const double before = reads("replica");
  standby->restart();
  ASSERT_TRUE(has_results(2));
  EXPECT_TRUE(eventually([&] { return listed() == 2 && reads("replica") > before; }));
}

}  // namespace
}  // namespace bl::product
