#include "results/read_modes.h"

#include <gtest/gtest.h>

#include "results/reads/breaker.h"
#include "results/reads/difference.h"
#include "results/reads/question.h"

namespace bl::results::reads {
namespace {

using namespace std::chrono_literals;

TEST(ReadModes, AreSaidAsTheyAreRead) {
  for (const char* text : {"store", "shadow", "shadow(5%)", "shadow(0.25%)", "lake", "lake+shadow",
                           "lake+shadow(12.5%)"}) {
    const auto mode = parse_read_mode(text);
    ASSERT_TRUE(mode.ok()) << text;
    EXPECT_EQ(text_of(*mode), text);
  }
  EXPECT_EQ(text_of(*parse_read_mode("shadow(100%)")), "shadow");
  EXPECT_TRUE(parse_read_mode("lake+shadow(1%)")->is_lake);
  EXPECT_EQ(parse_read_mode("lake+shadow(1%)")->shadow_percent, 1);
}

TEST(ReadModes, RefuseEverythingElseByItsText) {
  for (const char* text :
       {"", "Store", "shadow(", "shadow()", "shadow(%)", "shadow(0%)", "shadow(-1%)",
        "shadow(101%)", "shadow(nan%)", "shadow(5)", "shadow(5%) ", "lake(5%)", "replica"}) {
    const auto mode = parse_read_mode(text);
    ASSERT_FALSE(mode.ok()) << text;
    EXPECT_EQ(mode.error().code, Code::invalid);
    EXPECT_TRUE(mode.error().message.ends_with(text)) << mode.error().message;
  }
}

class BreakerTest : public testing::Test {
 protected:
  bool read(bool failed, std::chrono::microseconds took = 1ms) {
    if (!breaker.allows(now)) return false;
    breaker.ended(now, failed, took);
    return true;
  }
  std::chrono::steady_clock::time_point now{1h};
  Breaker breaker{{.failures_max = 3, .slow_max = 2, .slow_from = 1'000ms, .pause = 60s}};
};

TEST_F(BreakerTest, OpensWhenTooManyOfTheLastReadsFailed) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(read(true));
  EXPECT_FALSE(breaker.is_open());
  EXPECT_TRUE(read(true));
  EXPECT_TRUE(breaker.is_open());
  EXPECT_FALSE(read(false));
}

TEST_F(BreakerTest, ForgetsFailuresThatAreLongAgo) {
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(read(true));
    for (std::size_t i = 0; i < Breaker::k_window; ++i) EXPECT_TRUE(read(false));
  }
}

TEST_F(BreakerTest, OpensWhenTooManyWereSlow) {
  for (int i = 0; i < 3; ++i) read(false, 1'001ms);
  EXPECT_TRUE(breaker.is_open());
}

TEST_F(BreakerTest, TriesOneReadAfterThePause) {
  for (int i = 0; i < 4; ++i) read(true);
  now += 59s;
  EXPECT_FALSE(breaker.allows(now));
  now += 1s;
  EXPECT_TRUE(breaker.allows(now));
  EXPECT_FALSE(breaker.allows(now)) << "one at a time";
  EXPECT_TRUE(breaker.ended(now, true, 1ms)) << "it is open for another pause";
  EXPECT_FALSE(breaker.allows(now + 59s));
  now += 60s;
  EXPECT_TRUE(read(false));
  EXPECT_FALSE(breaker.is_open());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(read(true)) << "and begins anew";
  EXPECT_FALSE(breaker.is_open());
}

TEST(ReadDifference, IsTheFirstPlace) {
  EXPECT_EQ(first_difference(R"({"a":[1,{"b":2}]})", R"({"a":[1,{"b":3}]})"), "/a/1/b");
  EXPECT_EQ(first_difference(R"({"a":[1]})", R"({"a":[1,2]})"), "/a/1");
  EXPECT_EQ(first_difference(R"({"a":1})", R"({"a":1,"c/d":null})"), "/c~1d");
  EXPECT_EQ(first_difference("1", R"("1")"), "");
  EXPECT_EQ(first_difference("1", "1.0"), "") << "the text counts";
  EXPECT_EQ(first_difference(R"({"a":1})", R"({"a":1})"), std::nullopt);
  EXPECT_EQ(first_difference(R"({"a":)", R"({"a":1})"), std::nullopt) << "cut";
}

TEST(ReadQuestion, IsAskedAgainAsItWas) {
  ResultFilter filter{.run_id = "r 1",
                      .batch_id = {},
                      .run_reason = "nightly",
                      .earliest = Timestamp{1},
                      .latest = Timestamp{-2},
                      .before_id = "ff",
                      .from_id = {},
                      .page_size = 7};
  SeriesFilter series;
  series.text = "sort \"x\"";
  series.status = SeriesStatus::regressed;
  series.sort = SeriesFilter::Sort::change;
  series.cursor = "c";
  series.page_size = 3;
  const std::vector<Question> questions = {
      {.port = ReadPort::history, .method = "history", .texts = {"fp"}},
      {.port = ReadPort::compare, .method = "compare", .texts = {"a", "b"}},
      {.port = ReadPort::runs, .method = "results", .results = filter},
      {.port = ReadPort::runs, .method = "recent_runs", .count = 20},
      {.port = ReadPort::runs, .method = "recent_runs", .texts = {"repo"}, .count = 20},
      {.port = ReadPort::health, .method = "series", .series = series},
      {.port = ReadPort::health, .method = "search", .texts = {"x"}, .count = 5},
  };
  for (const Question& question : questions) {
    const std::string text = text_of(question);
    const auto again = parse_question(text);
    ASSERT_TRUE(again.ok()) << text;
    EXPECT_EQ(text_of(*again), text);
  }
}

TEST(ReadQuestion, ThatNobodyCanAskIsRefused) {
  for (const char* text : {"", "[]", "{}", R"({"port":"history","method":"drop"})",
                           R"({"port":"history","method":"history"})",
                           R"({"port":"compare","method":"compare","texts":["a"]})",
                           R"({"port":"x","method":"history","texts":["a"]})",
                           R"({"port":"health","method":"series","filter":{"status":9}})"}) {
    EXPECT_FALSE(parse_question(text).ok()) << text;
  }
}

}  // namespace
}  // namespace bl::results::reads
