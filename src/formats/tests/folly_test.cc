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

Reading read(const std::string& bytes) {
  auto reading = read_folly(bytes, "f.json", {});
  EXPECT_TRUE(reading.ok()) << (reading.ok() ? "" : reading.error().message);
  return reading.ok() ? std::move(reading).value() : Reading{};
}

TEST(Folly, golden_document) {
  const Reading reading = read(R"([["/build/a/Sort.cpp","%sort",1.5]])");
  ASSERT_EQ(reading.submissions.size(), 1u);
  EXPECT_EQ(json::to_text(reading.submissions[0]),
            R"({"tags":{"file":"Sort.cpp","name":"sort"},"context":{"benchmark_language":"C++"},)"
            R"("info":{"relative_to_baseline":true},"github":{},)"
            R"("stats":{"data":[1.5],"unit":"ns"}})");
}

TEST(Folly, verbose_is_nanoseconds_and_plain_is_picoseconds) {
  EXPECT_THAT(stats_of(read(R"([["a.cc","x",1500]])")), ElementsAre("[1500] ns"));
  EXPECT_THAT(stats_of(read(R"({"x":1500,"%y":250})")), ElementsAre("[1.5] ns", "[0.25] ns"));
}

TEST(Folly, drawn_lines_are_no_benchmarks) {
  const Reading reading = read(R"([["a.cc","-",0]])");
  EXPECT_TRUE(reading.submissions.empty() && reading.skipped.empty());
  EXPECT_TRUE(read(R"({"-":0})").skipped.empty());
}

TEST(Folly, counters_are_named_and_kept) {
  const Reading reading = read(R"([["a.cc","x",1,{"hits":{"value":7,"type":0}}]])");
  EXPECT_THAT(reasons_of(reading), ElementsAre("f.json#/0: hits: a counter says no unit"));
  EXPECT_EQ(at(reading.submissions.at(0), "optional_benchmark_info"),
            R"({"metrics":{"hits":{"unit":"","values":[7]}}})");
}

TEST(Folly, what_gives_no_value_is_named) {
  EXPECT_THAT(
      reasons_of(read(R"([7,["a.cc","x"],["a.cc","%",1],["a.cc","y","1"],["a.cc","z",NaN]])")),
      ElementsAre("f.json#/0: not [file, name, nanoseconds]",
                  "f.json#/1: not [file, name, nanoseconds]", "f.json#/2: has no name",
                  "f.json#/3: ns: not a number that a double holds: \"1\"",
                  "f.json#/4: ns: not a number that a double holds: \"NaN\""));
  EXPECT_THAT(reasons_of(read(R"({"":1,"a/b":null})")),
              ElementsAre("f.json#/: has no name",
                          "f.json#/a~1b: ps: not a number that a double holds: null"));
}

TEST(Folly, other_documents_are_refused) {
  for (const char* bytes : {"", "{", "7", "\"x\"", "null"}) {
    const auto reading = read_folly(bytes, "f.json", {});
    ASSERT_FALSE(reading.ok()) << bytes;
    EXPECT_THAT(reading.error().message, HasSubstr("f.json"));
  }
}

}  // namespace
}  // namespace bl::formats
