#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/compression.h"
#include "net/tests/raw_socket.h"
#include "product/server_process.h"

/// A client's mistake gets a 4xx that names every fault, and changes nothing.
namespace bl::product {
namespace {

using net::testing::RawSocket;

class BadInput : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(server.post("/api/results", good_submission(1)).status, 201); }
  void TearDown() override {
    // The server lives, and none of it was stored.
    const Answer facts = server.get("/api/v1/facts");
    ASSERT_EQ(facts.status, 200);
    EXPECT_EQ(facts.body.find("results")->as_int64(), 1);
    EXPECT_EQ(facts.body.find("commits")->as_int64(), 1);
  }
  /// The good submission with a piece of its text replaced.
  static std::string with(const std::string& piece, const std::string& replacement) {
    std::string body = good_submission(2);
    const std::size_t at = body.find(piece);
    BL_CHECK(at != std::string::npos);
    return body.replace(at, piece.size(), replacement);
  }
  static std::string locations(const Answer& answer) {
    std::string all;
    const json::Value* errors = answer.body.find("errors");
    if (errors == nullptr) return all;
    for (const json::Value& error : errors->items())
      all += error.find("location")->as_string() + " ";
    return all;
  }
  std::string post_head(const std::string& more, std::size_t length) const {
    return fmt::format(
        "POST /api/results HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n"
        "Content-Type: application/json\r\nContent-Length: {}\r\n{}\r\n",
        server.operator_token(), length, more);
  }
  int raw_status(const std::string& bytes) const {
    RawSocket socket(server.port());
    socket.send(bytes);
    const auto answer = socket.read_answer();
    return answer ? answer->status : 0;
  }

  TemporaryFolder folder;
  ServerProcess server{folder.path() + "/data"};
};

TEST_F(BadInput, numbers_that_are_none_are_refused) {
  for (const std::string number :
       {"NaN", "Infinity", "-Infinity", "0x10", "01", "1.", ".5", "+1"}) {
    const Answer answer = server.post("/api/results", with("10.2", number));
    EXPECT_EQ(answer.status, 400) << number << ": " << answer.text;
    EXPECT_EQ(locations(answer), "/stats/data/0 ") << number;
  }
  for (const std::string number : {"1e400", "-1e400"}) {
    const Answer answer = server.post("/api/results", with("10.2", number));
    EXPECT_EQ(answer.status, 422) << number << ": " << answer.text;
    EXPECT_EQ(locations(answer), "/stats/data/0 ") << number;
  }
  for (const std::string text : {"\"NaN\"", "\"inf\"", "\"1e400\"", "true", "{}"}) {
    const Answer answer = server.post("/api/results", with("10.2", text));
    EXPECT_EQ(answer.status, 422) << text << ": " << answer.text;
    EXPECT_EQ(locations(answer), "/stats/data/0 ") << text;
  }
}

TEST_F(BadInput, duplicate_keys_are_named) {
  const Answer answer = server.post("/api/results", with("\"unit\"", "\"unit\":\"s\",\"unit\""));
  EXPECT_EQ(answer.status, 422) << answer.text;
  EXPECT_EQ(locations(answer), "/stats/unit ") << answer.text;
}

TEST_F(BadInput, every_fault_of_the_json_itself_is_named_in_one_answer) {
  const Answer answer = server.post("/api/results", with("10.2", R"(1e400,1,"x"],"data":[-1e400)"));
  EXPECT_EQ(answer.status, 422) << answer.text;
  EXPECT_EQ(locations(answer), "/stats/data/0 /stats/data/0 /stats/data /stats/data/2 ");
}

TEST_F(BadInput, faults_of_the_json_and_of_the_submission_are_one_answer) {
  const Answer answer = server.post("/api/results", with("10.2", R"(1e400],"surprise":["x")"));
  EXPECT_EQ(answer.status, 422) << answer.text;
  EXPECT_EQ(locations(answer), "/stats/data/0 /stats/surprise ");
}

TEST_F(BadInput, every_fault_is_named_in_one_answer) {
  const std::string body =
      R"({"run_id":7,"timestamp":"yesterday","tags":{"a":[]},"context":[],"surprise":1,)"
      R"("github":{"repository":"ftp://x","who":1},"machine_info":{"cpu_core_count":"many"},)"
      R"("stats":{"data":[1,"x"],"unit":"kg"}})";
  const Answer answer = server.post("/api/results", body);
  EXPECT_EQ(answer.status, 422);
  const std::string named = locations(answer);
  for (const char* place :
       {"/run_id ", "/timestamp ", "/tags", "/context ", "/surprise ", "/github/repository ",
        "/github/who ", "/machine_info/cpu_core_count ", "/machine_info/name ", "/stats/data/1 "}) {
    EXPECT_NE(named.find(place), std::string::npos) << place << "is not among " << named;
  }
}

TEST_F(BadInput, text_that_is_not_json_or_not_utf8_is_malformed) {
  const std::string broken[] = {"",
                                "{",
                                "nonsense",
                                "[1,2",
                                good_submission(2) + "x",
                                with("sort", "so\xff rt"),
                                with("sort", "so\\ud800rt"),
                                std::string("{\"a\":\"\0\"}", 9)};
  for (const std::string& body : broken) {
    const Answer answer = server.post("/api/results", body);
    EXPECT_EQ(answer.status, 400) << body << ": " << answer.text;
  }
  for (const std::string body : {"[]", "\"text\"", "7", "null"}) {
    EXPECT_EQ(server.post("/api/results", body).status, 422) << body;
  }
}

TEST_F(BadInput, huge_strings_and_deep_nesting_are_refused) {
  const std::string huge(10 << 20, 'x');
  const Answer long_name = server.post("/api/results", with("\"sort\"", "\"" + huge + "\""));
  EXPECT_EQ(long_name.status, 422) << long_name.text.substr(0, 500);
  std::string nested;
  for (int i = 0; i < 100'000; ++i) nested += "[";
  EXPECT_EQ(server.post("/api/results", nested).status / 100, 4);
  for (int i = 0; i < 100'000; ++i) nested += "]";
  EXPECT_EQ(server.post("/api/results", with("\"C++\"", nested)).status / 100, 4);
  EXPECT_EQ(server.post("/api/results", std::string(20u << 20, ' ')).status, 413);
}

TEST_F(BadInput, broken_and_exploding_gzip_is_refused) {
  const std::string packed = compress(Encoding::gzip, good_submission(2));
  const std::string half = packed.substr(0, packed.size() / 2);
  EXPECT_EQ(raw_status(post_head("Content-Encoding: gzip\r\n", half.size()) + half), 400);
  const std::string bomb = compress(Encoding::gzip, std::string(200u << 20, ' '));
  EXPECT_EQ(raw_status(post_head("Content-Encoding: gzip\r\n", bomb.size()) + bomb), 413);
  EXPECT_EQ(raw_status(post_head("Content-Encoding: br\r\n", 2) + "{}"), 415);
}

TEST_F(BadInput, a_body_of_another_type_is_refused) {
  EXPECT_EQ(server.post("/api/results", good_submission(2), "text/plain").status, 415);
}

TEST_F(BadInput, a_client_that_closes_half_gets_its_answer_and_one_that_leaves_harms_nobody) {
  RawSocket half(server.port());
  half.send(post_head("", 2) + "{}");
  half.shut_down_write();
  const auto answer = half.read_answer();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 422);
  for (int i = 0; i < 50; ++i) {
    RawSocket leaver(server.port());
    leaver.send(post_head("", 1000) + "{\"run_id\"");
    leaver.reset();
  }
}

TEST_F(BadInput, writing_needs_a_token_that_exists) {
  const std::string body = good_submission(2);
  const auto status_with = [&](const std::string& authorization) {
    return raw_status(
        fmt::format("POST /api/results HTTP/1.1\r\nHost: x\r\n{}Content-Length: {}\r\n\r\n{}",
                    authorization, body.size(), body));
  };
  EXPECT_EQ(status_with(""), 401);
  EXPECT_EQ(status_with("Authorization: Bearer wrong\r\n"), 401);
  EXPECT_EQ(status_with("Authorization: Basic dXNlcjpwYXNz\r\n"), 401);
}

TEST_F(BadInput, wrong_queries_are_named_not_ignored) {
  for (const std::string path :
       {"/api/series?page_size=0", "/api/series?page_size=1001", "/api/series?surprise=1",
        "/api/series?status=bad", "/api/series?cursor=%00",
        "/api/benchmark-results?cursor=nonsense", "/api/benchmark-results?page_size=x",
        "/api/benchmark-results?earliest_timestamp=yesterday", "/api/runs/recent?page_size=101",
        "/api/history", "/api/compare/benchmark-results", "/api/v1/search?limit=1000",
        "/api/compare/"
        "benchmark-results?baseline_result_id=a&contender_result_id=b&threshold=nan"}) {
    const Answer answer = server.get(path);
    EXPECT_TRUE(answer.status == 422 || answer.status == 400)
        << path << ": " << answer.status << answer.text;
    EXPECT_FALSE(locations(answer).empty() && answer.status == 422) << path << ": " << answer.text;
  }
  EXPECT_EQ(server.get("/api/benchmark-results/0000").status, 404);
  EXPECT_EQ(server.get("/api/history/06518b68000070008000000000000000").status, 404);
  EXPECT_EQ(server.get("/api/nothing").status, 404);
  EXPECT_EQ(server.post("/api/nothing", "{}").status, 404);
  EXPECT_EQ(server.post("/api/series", "{}").status, 405);
}

}  // namespace
}  // namespace bl::product
