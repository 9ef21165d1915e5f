#include <gmock/gmock.h>

#include <filesystem>

#include "product/server_process.h"

/// `prove replica` as an operator runs it: over the store of a server that stands still.
namespace bl::product {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class ProveReplica : public testing::Test {
 protected:
  void fill(int count) const {
    const ServerProcess server(data);
    ASSERT_TRUE(server.ready());
    for (int i = 0; i < count; ++i) {
      ASSERT_EQ(server.post("/api/results", good_submission(i)).status, 201);
    }
  }
  CommandOutcome prove(std::vector<std::string> more = {}) const {
    std::vector<std::string> words = {
        "prove",           "replica", "--data",        data, "--folder",    proof,
        "--readers",       "1,2",     "--kills",       "3",  "--refreshes", "2",
        "--refresh-every", "0",       "--requests",    "5",  "--families",  "history",
        "--variants",      "tiered",  "--repetitions", "1"};
    words.insert(words.end(), more.begin(), more.end());
    return run_benchlake(words);
  }
  static std::string outcome(const json::Value& report, std::string_view gate) {
    for (const json::Value& one : report.find("gates")->items()) {
      if (one.find("name")->as_string() == gate) return one.find("outcome")->as_string();
    }
    return "no such gate";
  }

  TemporaryFolder folder;
  const std::string data = folder.path() + "/data";
  const std::string proof = folder.path() + "/proof";
};

TEST_F(ProveReplica, judges_the_gates_and_drills_with_killed_processes) {
  fill(12);
  const CommandOutcome proved = prove({"--json"});
  ASSERT_EQ(proved.exit_code, 3) << proved.err << "\nsome gates are not run on so few results";
  const auto report = json::parse(proved.out);
  ASSERT_TRUE(report.ok()) << proved.out;
  EXPECT_EQ(outcome(*report, "operations"), "passed") << proved.out;
  EXPECT_EQ(outcome(*report, "freshness"), "passed") << proved.out;
  EXPECT_EQ(outcome(*report, "performance"), "not run");
  EXPECT_THAT(proved.err, HasSubstr("report.html"));

  const CommandOutcome again = prove();
  EXPECT_EQ(again.exit_code, 3) << again.err;
  EXPECT_THAT(again.out, AllOf(HasSubstr("operations: passed"), HasSubstr("rule: "),
                               HasSubstr("evidence: kill -9: ")));
}

TEST_F(ProveReplica, refuses_what_makes_no_sense) {
  fill(1);
  EXPECT_EQ(prove({"--families", "nothing"}).exit_code, 2);
  EXPECT_EQ(prove({"--kills", "-1"}).exit_code, 2);
  const CommandOutcome readers =
      run_benchlake({"prove", "replica", "--data", data, "--readers", "1,many"});
  EXPECT_EQ(readers.exit_code, 2);
  EXPECT_THAT(readers.err, HasSubstr("1,many"));
}

TEST_F(ProveReplica, refuses_a_store_that_a_server_has) {
  const ServerProcess server(data);
  ASSERT_TRUE(server.ready());
  const CommandOutcome proved = prove();
  EXPECT_EQ(proved.exit_code, 2);
}

}  // namespace
}  // namespace bl::product
