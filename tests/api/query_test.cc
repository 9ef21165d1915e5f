#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "columns/ipc.h"
#include "lake/tests/lake_world.h"
#include "net/tests/raw_socket.h"
#include "product/server_process.h"

/// SQL over the lake in the program: by the API and by the command, with and without a server.
namespace bl::product {
namespace {

namespace fs = std::filesystem;
using lake::points;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* k_endless =
    "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b";

class QueryInTheProgram : public testing::Test {
 protected:
  /// Ten rows in a file, five in the journal alone.
  void make_lake() {
    const auto lake = on.open();
    const auto table =
        lake->create_table("points", lake::Points::schema(), lake::LakeOnDisk::layout()).value();
    ASSERT_TRUE(table->append(points(1, 10)).ok());
    ASSERT_TRUE(table->flush().ok());
    ASSERT_TRUE(table->append(points(11, 5)).ok());
  }
  std::vector<std::string> settings(std::vector<std::string> more = {}) const {
    std::vector<std::string> all = {
        "--set", "lake.objects=" + on.folder + "/objects",
        "--set", "lake.catalog=sqlite://" + on.folder + "/catalog.sqlite",
        "--set", "lake.flush_every=1h"};
    for (std::string& setting : more) all.insert(all.end(), {"--set", std::move(setting)});
    return all;
  }
  CommandOutcome run(std::vector<std::string> arguments, const std::string& input = "") const {
    arguments.insert(arguments.begin(), "query");
    for (const std::string& setting : settings()) arguments.push_back(setting);
    arguments.insert(arguments.end(), {"--data", on.folder});
    return run_benchlake(arguments, input);
  }
  void expect_answers() {
    const CommandOutcome table = run({"SELECT no, name FROM points WHERE no > 13 ORDER BY no"});
    EXPECT_EQ(table.exit_code, 0) << table.err;
    EXPECT_THAT(table.out, AllOf(HasSubstr("no"), HasSubstr("14"), HasSubstr("series-1")));
    const CommandOutcome csv =
        run({"SELECT no, \"at\", value, NULL, 'a,\"b' AS t FROM points WHERE no = ? OR name = ? "
             "ORDER BY no LIMIT 1",
             "--param", "2", "--param", "nobody", "--format", "csv"});
    EXPECT_EQ(csv.out, "no,at,value,NULL,t\r\n2,2023-11-14T22:13:22Z,1,,\"a,\"\"b\"\r\n")
        << csv.err;
    const CommandOutcome json = run({"--json", "-"}, "SELECT count(*) AS n FROM points");
    const auto document = json::parse(json.out);
    ASSERT_TRUE(document.ok()) << json.out << json.err;
    EXPECT_EQ(json::to_text(*document->find("rows")), "[[15]]");
    EXPECT_EQ(document->find("statistics")->find("files_scanned")->as_int64(), 1);
    const std::string file = on.folder + "/out.parquet";
    EXPECT_EQ(run({"SELECT * FROM points", "--format", "parquet", "--output", file}).exit_code, 0);
    EXPECT_GT(fs::file_size(file), 100u);
    fs::remove(file);
    const CommandOutcome cut = run({"SELECT no FROM points", "--rows", "3", "--format", "csv"});
    EXPECT_THAT(cut.err, HasSubstr("cut off"));
    const CommandOutcome wrong = run({"SELECT\n nobody FROM points"});
    EXPECT_EQ(wrong.exit_code, 2);
    EXPECT_THAT(wrong.err, HasSubstr("at line 2, column 2"));
    EXPECT_EQ(run({"SELECT 1", "--format", "parquet"}).exit_code, 2);
    EXPECT_EQ(run({"SELECT 1", "--format", "nothing"}).exit_code, 2);
    EXPECT_EQ(run({"SELECT 1", "--rows", "0"}).exit_code, 2);
  }

  lake::LakeOnDisk on;
};

TEST_F(QueryInTheProgram, the_command_opens_the_lake_itself_when_no_server_runs) {
  make_lake();
  expect_answers();
  EXPECT_EQ(run_benchlake({"query", "SELECT 1", "--data", on.folder}).exit_code, 2) << "no lake";
}

class QueryServed : public QueryInTheProgram {
 protected:
  Answer post(ServerProcess& server, const std::string& body) const {
    return server.post("/api/v1/query", body);
  }
  static std::string body_of(const std::string& sql) {
    std::string body;
    json::Writer(body).begin_object().member("sql", sql).end_object();
    return body;
  }
  static std::string rows(const Answer& answer) {
    const json::Value* found = answer.body.find("rows");
    return found == nullptr ? answer.text : json::to_text(*found);
  }
};

TEST_F(QueryServed, the_command_asks_the_server_that_has_the_lake) {
  make_lake();
  ServerProcess server(on.folder, settings());
  ASSERT_TRUE(server.ready());
  expect_answers();
  EXPECT_EQ(server.terminate(), 0);
}

TEST_F(QueryServed, every_type_has_its_json) {
  make_lake();
  ServerProcess server(on.folder, settings());
  ASSERT_TRUE(server.ready());
  const std::pair<const char*, const char*> cells[] = {
      {"true", "true"},
      {"NULL", "null"},
      {"9007199254740992::BIGINT", "9007199254740992"},
      {"-9007199254740993::BIGINT", "\"-9007199254740993\""},
      {"18446744073709551615::UBIGINT", "\"18446744073709551615\""},
      {"sum(7)", "7"},
      {"170141183460469231731687303715884105727::HUGEINT % 1000000000000000000000000",
       "\"231731687303715884105727\""},
      {"-123.450::DECIMAL(9,3)", "-123.450"},
      {"0.05::DECIMAL(9,2)", "0.05"},
      {"0.1::DOUBLE", "0.1"},
      {"'nan'::DOUBLE", "\"NaN\""},
      {"'-inf'::FLOAT", "\"-Infinity\""},
      {"'\xc3\xa4\"'", "\"\xc3\xa4\\\"\""},
      {"'\\x00\\xFF'::BLOB", "\"AP8\""},
      {"DATE '2024-02-29'", "\"2024-02-29\""},
      {"TIME '01:02:03.5'", "\"01:02:03.500000\""},
      {"TIMESTAMPTZ '2024-01-01 00:00:00.5+00'", "\"2024-01-01T00:00:00.500000Z\""},
      {"TIMESTAMP '2024-01-01 00:00:00'", "\"2024-01-01T00:00:00\""},
      {"TIMESTAMPTZ 'infinity'", "\"infinity\""},
      {"[1, NULL]", "[1,null]"},
      {"{'a': 1, 'b': [2]}", "{\"a\":1,\"b\":[2]}"},
      {"MAP {'k': 1}", "[{\"key\":\"k\",\"value\":1}]"},
  };
  for (const auto& [sql, json] : cells) {
    EXPECT_EQ(rows(post(server, body_of(std::string("SELECT ") + sql))),
              "[[" + std::string(json) + "]]")
        << sql;
  }
}

TEST_F(QueryServed, arrow_is_streamed_to_who_accepts_it) {
  make_lake();
  ServerProcess server(on.folder, settings());
  ASSERT_TRUE(server.ready());
  net::Client client;
  net::Headers headers;
  headers.set("Accept", "application/vnd.apache.arrow.stream");
  const auto answer =
      client.send(net::Method::post, server.url() + "/api/v1/query", headers,
                  body_of("SELECT range AS n, repeat('x', 100) AS t FROM range(50000)"));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->headers.get("Content-Type"), "application/vnd.apache.arrow.stream");
  auto reader = columns::IpcReader::open(answer->body, {});
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  std::int64_t all = 0;
  while (true) {
    const auto batch = (*reader)->next();
    ASSERT_TRUE(batch.ok()) << batch.error().message;
    if (!batch->has_value()) break;
    all += (*batch)->rows();
  }
  EXPECT_EQ(all, 50'000);
  const Answer view =
      server.get("/api/v1/queries/" + std::string(answer->headers.get("X-Query-Id")));
  EXPECT_EQ(view.body.find("state")->as_string(), "succeeded");
  EXPECT_EQ(view.body.find("statistics")->find("rows")->as_int64(), 50'000);
}

TEST_F(QueryServed, what_is_wrong_with_a_query_is_a_problem_with_its_place) {
  make_lake();
  ServerProcess server(on.folder, settings());
  ASSERT_TRUE(server.ready());
  const Answer wrong = post(server, R"({"sql":"SELECT\n  nobody FROM points"})");
  EXPECT_EQ(wrong.status, 422);
  const json::Value& fault = wrong.body.find("errors")->items().at(0);
  EXPECT_EQ(fault.find("location")->as_string(), "/sql");
  EXPECT_EQ(fault.find("message")->as_string(), "line 2, column 3");
  EXPECT_EQ(post(server, R"({"sql":"SELEC 1"})").status, 400);
  EXPECT_EQ(post(server, R"({"sql":"SELECT * FROM nothing"})").status, 404);
  EXPECT_EQ(post(server, body_of("SELECT * FROM read_csv('/etc/passwd')")).status, 403);
  EXPECT_EQ(post(server, R"({"sql":"DROP TABLE points"})").status, 403);
  EXPECT_EQ(post(server, R"({"sql":"SELECT ?","parameters":[{}]})").status, 422);
  EXPECT_EQ(post(server, R"({"sql":"SELECT 1","rows_max":0})").status, 422);
  EXPECT_EQ(post(server, R"({"sql":"SELECT 1","rows_max":1000000000})").status, 422);
  EXPECT_EQ(post(server, R"({"sql":"SELECT 1","id":"not good"})").status, 422);
  EXPECT_EQ(post(server, R"({"sql":1})").status, 422);
  EXPECT_EQ(post(server, R"({})").status, 422);
  EXPECT_EQ(post(server, "nonsense").status, 400);
  const Answer late =
      post(server, std::string(R"({"time_max_ms":1000,"sql":")") + k_endless + "\"}");
  EXPECT_EQ(late.status, 504);
  const Answer once = post(server, R"({"sql":"SELECT 1","id":"mine"})");
  EXPECT_EQ(once.status, 200);
  EXPECT_EQ(once.body.find("id")->as_string(), "mine");
  EXPECT_EQ(post(server, R"({"sql":"SELECT 1","id":"mine"})").status, 409);
  const Answer cut = post(server, R"({"sql":"SELECT no FROM points","rows_max":2})");
  EXPECT_TRUE(cut.body.find("truncated")->as_bool());
}

TEST_F(QueryServed, a_running_query_is_listed_and_cancelled_and_others_wait_or_are_refused) {
  make_lake();
  ServerProcess server(on.folder, settings({"query.running_max=1", "query.waiting_max=0"}));
  ASSERT_TRUE(server.ready());
  Answer ended;
  std::jthread asking(
      [&] { ended = post(server, std::string(R"({"id":"endless","sql":")") + k_endless + "\"}"); });
  net::ApiClient client({server.url(), server.operator_token()});
  while (!client.get("/api/v1/queries/endless").ok()) std::this_thread::yield();
  EXPECT_EQ(server.get("/api/v1/queries/endless").status, 404) << "another's";
  while (server.get("/metrics").text.find("bl_query_running{engine=\"worker\"} 1") ==
         std::string::npos) {
    std::this_thread::yield();
  }
  const Answer refused = post(server, R"({"sql":"SELECT 1"})");
  EXPECT_EQ(refused.status, 503);
  EXPECT_FALSE(refused.headers.get("Retry-After").empty());
  EXPECT_THAT(
      json::to_text(client.get("/api/v1/queries").value()),
      AllOf(HasSubstr(R"("id":"endless","state":"running")"), HasSubstr("range(10000000)")));
  EXPECT_TRUE(client.remove("/api/v1/queries/endless").ok());
  asking.join();
  EXPECT_EQ(ended.status, 499);
  EXPECT_EQ(ended.body.find("code")->as_string(), "cancelled");
  EXPECT_EQ(rows(post(server, R"({"sql":"SELECT count(*) FROM points"})")), "[[15]]");
  EXPECT_EQ(server.get("/api/v1/queries/nothing").status, 404);
}

TEST_F(QueryServed, a_client_that_hangs_up_cancels) {
  make_lake();
  ServerProcess server(on.folder, settings());
  ASSERT_TRUE(server.ready());
  net::ApiClient client({server.url(), server.operator_token()});
  {
    const std::string body = std::string(R"({"id":"left","sql":")") + k_endless + "\"}";
    net::testing::RawSocket socket(server.port());
    socket.send("POST /api/v1/query HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " +
                server.operator_token() + "\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n" + body);
    while (!client.get("/api/v1/queries/left").ok()) std::this_thread::yield();
  }
  std::string state = "running";
  json::Value view;
  while (state == "running") {
    view = client.get("/api/v1/queries/left").value();
    state = view.find("state")->as_string();
  }
  EXPECT_EQ(view.find("error")->find("code")->as_string(), "cancelled") << json::to_text(view);
}

TEST_F(QueryServed, a_server_that_stops_waits_for_no_query) {
  make_lake();
  ServerProcess server(on.folder, settings());
  ASSERT_TRUE(server.ready());
  std::jthread asking(
      [&] { post(server, std::string(R"({"id":"endless","sql":")") + k_endless + "\"}"); });
  net::ApiClient client({server.url(), server.operator_token()});
  while (!client.get("/api/v1/queries/endless").ok()) std::this_thread::yield();
  EXPECT_EQ(server.terminate(), 0);
}

TEST_F(QueryServed, workers_end_with_a_server_that_is_killed) {
  make_lake();
  ServerProcess server(on.folder, settings());
  ASSERT_TRUE(server.ready());
  EXPECT_EQ(rows(post(server, body_of("SELECT 1"))), "[[1]]");
  std::vector<std::string> workers;
  while (workers.empty()) {
    for (const auto& task :
         fs::directory_iterator("/proc/" + std::to_string(server.pid()) + "/task")) {
      std::ifstream children(task.path() / "children");
      for (std::string pid; children >> pid;) workers.push_back(pid);
    }
  }
  server.kill();
  for (const std::string& pid : workers) {
    std::string state;
    do {  // gone, or not yet fetched by whom it was left to
      std::ifstream stat("/proc/" + pid + "/stat");
      std::string number, name;
      state = stat >> number >> name >> state ? state : "gone";
    } while (state != "gone" && state != "Z");
  }
}

TEST_F(QueryServed, tables_are_shown_with_their_columns) {
  make_lake();
  ServerProcess server(on.folder, settings());
  ASSERT_TRUE(server.ready());
  const Answer answer = server.get("/api/v1/tables");
  ASSERT_EQ(answer.body.find("tables")->items().size(), 1u) << answer.text;
  const json::Value& table = answer.body.find("tables")->items()[0];
  EXPECT_EQ(table.find("name")->as_string(), "points");
  EXPECT_EQ(table.find("rows")->as_int64(), 15);
  EXPECT_EQ(table.find("files")->as_int64(), 1);
  EXPECT_THAT(json::to_text(*table.find("columns")),
              StartsWith(R"([{"name":"no","type":"int64"},{"name":"at","type":"timestamp"})"));
}

TEST_F(QueryServed, a_server_without_a_lake_says_so) {
  ServerProcess server(on.folder);
  ASSERT_TRUE(server.ready());
  for (const Answer& refused :
       {post(server, R"({"sql":"SELECT 1"})"), server.get("/api/v1/tables")}) {
    EXPECT_EQ(refused.status, 404);
    EXPECT_THAT(refused.text, HasSubstr("lake.objects"));
  }
}

}  // namespace
}  // namespace bl::product
