#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/tests/documents.h"

namespace bl::formats {
namespace {

using testing::at;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::reasons_of;
using testing::stats_of;

Reading read(const std::string& results) {
  auto reading = read_hyperfine(R"({"results":[)" + results + "]}", "f.json", {});
  EXPECT_TRUE(reading.ok()) << (reading.ok() ? "" : reading.error().message);
  return reading.ok() ? std::move(reading).value() : Reading{};
}

TEST(Hyperfine, golden_documents) {
  const Reading reading =
      read(R"({"command":"sleep 1","mean":1.5,"user":0.25,"system":0.125,"min":1,"times":[1,2],)"
           R"("memory_usage_byte":[4096,8192],"exit_codes":[0,0],"parameters":{"n":"1"}})");
  ASSERT_EQ(reading.submissions.size(), 4u);
  EXPECT_EQ(json::to_text(reading.submissions[0]),
            R"({"tags":{"n":"1","name":"sleep 1"},"context":{},"info":{},"github":{},)"
            R"("stats":{"data":[1,2],"unit":"s"},"optional_benchmark_info":{"statistics":)"
            R"({"mean":1.5,"user":0.25,"system":0.125,"min":1}}})");
  EXPECT_THAT(stats_of(reading), ElementsAre("[1,2] s", "[0.25] s", "[0.125] s", "[4096,8192] B"));
  EXPECT_EQ(at(reading.submissions[3], "tags"), R"({"n":"1","metric":"memory","name":"sleep 1"})");
}

TEST(Hyperfine, an_exit_code_other_than_0_is_an_error_and_its_times_are_kept) {
  const Reading reading = read(R"({"command":"a","times":[1,2],"user":1,"exit_codes":[0,3]},)"
                               R"({"command":"b","times":[1],"exit_codes":[null]})");
  ASSERT_EQ(reading.submissions.size(), 2u);
  EXPECT_EQ(at(reading.submissions[0], "error"),
            R"({"message":"exit code 3 in run 2 of 2","exit_codes":[0,3]})");
  EXPECT_EQ(at(reading.submissions[0], "stats"), R"({"data":[1,2],"unit":"s"})");
  EXPECT_EQ(at(reading.submissions[1], "error/message"), "\"ended by a signal in run 1 of 1\"");
}

TEST(Hyperfine, without_times_the_minimum_stands_for_them) {
  const Reading reading = read(R"({"command":"a","mean":2,"min":1.5})");
  EXPECT_THAT(stats_of(reading), ElementsAre("[1.5] s"));
  EXPECT_THAT(at(reading.submissions[0], "info/samples"), HasSubstr("not in the file"));
}

TEST(Hyperfine, what_gives_no_value_is_named) {
  const Reading reading = read(R"(7,{},{"command":"a"},{"command":"b","times":[NaN],"user":"x"})");
  EXPECT_TRUE(reading.submissions.empty());
  EXPECT_THAT(reasons_of(reading),
              ElementsAre("f.json#/results/0: has no command", "f.json#/results/1: has no command",
                          "f.json#/results/2: s: has no value",
                          "f.json#/results/3: s: not a number that a double holds: \"NaN\"",
                          "f.json#/results/3: user: not a number that a double holds: \"x\""));
}

TEST(Hyperfine, other_documents_are_refused) {
  for (const char* bytes : {"", "{", "{}", "[]", "7", R"({"results":{}})"}) {
    const auto reading = read_hyperfine(bytes, "f.json", {});
    ASSERT_FALSE(reading.ok()) << bytes;
    EXPECT_THAT(reading.error().message, HasSubstr("f.json"));
  }
}

}  // namespace
}  // namespace bl::formats
