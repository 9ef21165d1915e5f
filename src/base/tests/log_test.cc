#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <condition_variable>
#include <limits>
#include <mutex>
#include <thread>

#include "base/json.h"

namespace bl {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

/// Keeps the lines; can be held shut, as a terminal that nobody reads.
class Recorder {
 public:
  Log::Sink sink() {
    return [this](std::string_view line) {
      std::unique_lock lock(mutex_);
      opened_.wait(lock, [&] { return open_; });
      lines_.emplace_back(line);
    };
  }
  void shut() {
    std::lock_guard lock(mutex_);
    open_ = false;
  }
  void open() {
    {
      std::lock_guard lock(mutex_);
      open_ = true;
    }
    opened_.notify_all();
  }
  std::vector<std::string> lines() {
    std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  std::vector<std::string> lines_;
  bool open_ = true;
};

const Timestamp k_noon = parse_rfc3339("2024-08-01T12:00:00Z").value();

class LogTest : public ::testing::Test {
 protected:
  /// The lines after `write` has logged what it wants.
  template <class Write>
  std::vector<std::string> lines_of(Write write, LogLevel level = LogLevel::debug,
                                    LogLimits limits = {}) {
    Recorder recorder;
    {
      Log log(clock_, level, recorder.sink(), limits);
      write(log);
    }
    return recorder.lines();
  }
  ManualClock clock_{k_noon};
};

TEST_F(LogTest, a_line_holds_time_level_event_and_fields) {
  auto lines = lines_of([](Log& log) {
    log.info("result_stored", {{"id", "06a"},
                               {"bytes", std::size_t{12}},
                               {"worst", std::int64_t{-3}},
                               {"count", 7u},
                               {"seconds", 0.5},
                               {"replayed", true}});
  });
  EXPECT_THAT(lines, ElementsAre(R"({"time":"2024-08-01T12:00:00Z","level":"info",)"
                                 R"("event":"result_stored","id":"06a","bytes":12,"worst":-3,)"
                                 R"("count":7,"seconds":0.5,"replayed":true})"));
}

TEST_F(LogTest, what_fails_again_and_again_is_said_when_it_begins_and_when_it_changes) {
  auto lines = lines_of([](Log& log) {
    RecurringError error(log, "look");
    for (const char* reason : {"away", "away", "full", "full", "away"}) error.failed(reason);
    error.passed();
    error.failed("away");
  });
  EXPECT_THAT(lines, SizeIs(4));
}

TEST_F(LogTest, lines_below_the_level_are_not_written) {
  auto lines = lines_of(
      [](Log& log) {
        log.info("quiet");
        log.warning("loud");
        log.error("louder");
      },
      LogLevel::warning);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(json::parse(lines[0]).value().find("level")->as_string(), "warning");
  EXPECT_EQ(json::parse(lines[1]).value().find("level")->as_string(), "error");
}

TEST_F(LogTest, lines_carry_the_request_id_of_their_scope) {
  auto lines = lines_of([](Log& log) {
    Log::RequestScope outer("outer");
    {
      Log::RequestScope inner("inner");
      log.info("a");
    }
    log.info("b");
  });
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(json::parse(lines[0]).value().find("request_id")->as_string(), "inner");
  EXPECT_EQ(json::parse(lines[1]).value().find("request_id")->as_string(), "outer");
  EXPECT_THAT(lines_of([](Log& log) { log.info("c"); }).at(0),
              ::testing::Not(::testing::HasSubstr("request_id")));
}

TEST_F(LogTest, a_request_id_belongs_to_its_thread) {
  auto lines = lines_of([](Log& log) {
    Log::RequestScope scope("mine");
    std::thread([&] { log.info("other"); }).join();
  });
  EXPECT_EQ(json::parse(lines.at(0)).value().find("request_id"), nullptr);
}

TEST_F(LogTest, hostile_bytes_are_escaped) {
  std::string hostile = "\x1b[31m\"\\\n\r\x7f\xc2\x9b";
  auto lines = lines_of([&](Log& log) { log.info("e", {{"text", hostile}}); });
  ASSERT_THAT(lines, SizeIs(1));
  for (char c : lines[0]) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << lines[0];
  EXPECT_EQ(json::parse(lines[0]).value().find("text")->as_string(), hostile);
}

TEST_F(LogTest, bytes_that_are_no_utf8_become_the_replacement_character) {
  auto lines = lines_of([&](Log& log) { log.info("e", {{"text", "a\xff\xc3z"}}); });
  EXPECT_EQ(json::parse(lines.at(0)).value().find("text")->as_string(), "a\ufffd\ufffdz");
}

TEST_F(LogTest, numbers_that_json_cannot_say_are_null) {
  auto lines = lines_of([&](Log& log) {
    log.info("e", {{"a", std::numeric_limits<double>::infinity()},
                   {"b", std::numeric_limits<double>::quiet_NaN()}});
  });
  EXPECT_TRUE(json::parse(lines.at(0)).value().find("a")->is_null());
  EXPECT_TRUE(json::parse(lines.at(0)).value().find("b")->is_null());
}

TEST_F(LogTest, a_long_line_is_cut_and_marked) {
  LogLimits limits = {.line_bytes_max = 300};
  auto lines =
      lines_of([](Log& log) { log.info("e", {{"text", std::string(1000, '\x01')}, {"after", 1}}); },
               LogLevel::debug, limits);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_LE(lines[0].size(), 300u);
  auto line = json::parse(lines[0]).value();
  EXPECT_TRUE(line.find("cut")->as_bool());
  EXPECT_TRUE(line.find("text")->as_string().starts_with("\x01\x01"));
  EXPECT_TRUE(line.find("text")->as_string().ends_with("\u2026"));
}

TEST_F(LogTest, lines_that_find_the_ring_full_are_counted_and_the_count_is_logged) {
  Recorder recorder;
  Log log(clock_, LogLevel::debug, recorder.sink(), {.ring_lines_max = 4});
  recorder.shut();
  for (int i = 0; i < 100; ++i) log.info("flood", {{"i", i}});
  // Four lines wait, and up to four more are in the writer's hands.
  std::uint64_t dropped = log.dropped();
  EXPECT_GE(dropped, 92u);
  EXPECT_LE(dropped, 96u);
  recorder.open();
  log.flush();
  log.info("after");
  log.flush();
  std::uint64_t flood = 0;
  std::uint64_t reported = 0;
  for (const std::string& text : recorder.lines()) {
    auto line = json::parse(text).value();
    const std::string& event = line.find("event")->as_string();
    if (event == "flood") ++flood;
    if (event == "log_lines_dropped") {
      EXPECT_EQ(line.find("level")->as_string(), "warning");
      reported += static_cast<std::uint64_t>(line.find("count")->as_int64().value());
    }
  }
  EXPECT_EQ(flood + dropped, 100u);
  EXPECT_EQ(reported, dropped);
}

TEST_F(LogTest, the_ring_is_bounded_in_bytes_too) {
  Recorder recorder;
  Log log(clock_, LogLevel::debug, recorder.sink(),
          {.ring_lines_max = 1000, .ring_bytes_max = 4096, .line_bytes_max = 4096});
  recorder.shut();
  for (int i = 0; i < 10; ++i) log.info("big", {{"text", std::string(2000, 'x')}});
  EXPECT_GE(log.dropped(), 8u - 2u);
  recorder.open();
}

TEST_F(LogTest, many_threads_lose_no_line) {
  constexpr int k_threads = 4;
  constexpr int k_lines = 500;
  auto lines = lines_of([](Log& log) {
    std::vector<std::thread> threads;
    for (int t = 0; t < k_threads; ++t) {
      threads.emplace_back([&log, t] {
        Log::RequestScope scope(std::to_string(t));
        for (int i = 0; i < k_lines; ++i) log.info("line", {{"i", i}});
      });
    }
    for (auto& thread : threads) thread.join();
  });
  ASSERT_THAT(lines, SizeIs(k_threads * k_lines));
  std::map<std::string, std::int64_t> next;
  for (const std::string& text : lines) {
    auto line = json::parse(text).value();
    EXPECT_EQ(line.find("i")->as_int64(), next[line.find("request_id")->as_string()]++);
  }
}

TEST_F(LogTest, the_end_of_the_log_writes_what_is_queued) {
  EXPECT_THAT(lines_of([](Log& log) {
                for (int i = 0; i < 50; ++i) log.info("line");
              }),
              SizeIs(50));
}

RC_GTEST_PROP(LogProperty, every_line_is_json_within_its_limit,
              (const std::vector<std::string>& texts)) {
  ManualClock clock(k_noon);
  Recorder recorder;
  {
    Log log(clock, LogLevel::debug, recorder.sink(), {.line_bytes_max = 256});
    std::vector<LogField> fields;
    static const std::string k_names[] = {"a", "b", "c", "d"};
    for (std::size_t i = 0; i < texts.size() && i < 4; ++i)
      fields.push_back({k_names[i], texts[i]});
    log.info("event", fields);
  }
  RC_ASSERT(recorder.lines().size() == 1u);
  RC_ASSERT(recorder.lines()[0].size() <= 256u);
  RC_ASSERT(json::parse(recorder.lines()[0]).ok());
}

}  // namespace
}  // namespace bl
