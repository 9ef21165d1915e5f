#include "ops/operations.h"

#include <gtest/gtest.h>

#include <future>

#include "base/random.h"
#include "ops/recent_errors.h"

namespace bl::ops {
namespace {

class OperationsTest : public ::testing::Test {
 protected:
  OperationView ended(const Operations& operations, const std::string& id) {
    while (operations.find(id)->state == OperationView::State::running) std::this_thread::yield();
    return operations.find(id).value();
  }

  SystemClock clock_;
  SystemRandom random_;
  IdSource ids_{clock_, random_};
};

TEST_F(OperationsTest, one_tells_its_progress_and_its_result) {
  Operations operations(ids_, clock_);
  std::promise<void> halfway, go_on;
  const auto started = operations.start("backup", [&](const Progress& progress) {
    progress("copying", 5, 10);
    halfway.set_value();
    go_on.get_future().wait();
    return Result<std::string>(R"({"good":true})");
  });
  halfway.get_future().wait();
  const auto view = operations.find(started->id).value();
  EXPECT_EQ(view.phase, "copying");
  EXPECT_EQ(view.done, 5u);
  EXPECT_EQ(view.total, 10u);
  EXPECT_FALSE(view.ended_at);
  go_on.set_value();
  const auto end = ended(operations, started->id);
  EXPECT_EQ(end.state, OperationView::State::succeeded);
  EXPECT_EQ(end.result_json, R"({"good":true})");
  EXPECT_TRUE(end.ended_at);
}

TEST_F(OperationsTest, one_of_a_kind_runs_at_a_time) {
  Operations operations(ids_, clock_);
  std::promise<void> go_on;
  const auto wait = [&](const Progress&) {
    go_on.get_future().wait();
    return Result<std::string>("1");
  };
  const auto first = operations.start("backup", wait);
  EXPECT_EQ(operations.start("backup", wait).error().code, Code::conflict);
  go_on.set_value();
  ended(operations, first->id);
  EXPECT_TRUE(
      operations.start("backup", [](const Progress&) { return Result<std::string>("2"); }).ok());
}

TEST_F(OperationsTest, an_error_is_told_and_old_ones_are_forgotten) {
  Operations operations(ids_, clock_, {.kept_max = 2});
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i) {
    ids.push_back(operations
                      .start("backup",
                             [](const Progress&) {
                               return Result<std::string>(Error(Code::disk_full, "no room"));
                             })
                      ->id);
    const auto end = ended(operations, ids.back());
    EXPECT_EQ(end.state, OperationView::State::failed);
    EXPECT_EQ(end.error->message, "no room");
  }
  EXPECT_EQ(operations.find(ids[0]).error().code, Code::not_found);
  EXPECT_TRUE(operations.find(ids[3]).ok());
}

TEST_F(OperationsTest, the_end_of_the_server_cancels_what_runs) {
  bool was_told = false;
  {
    Operations operations(ids_, clock_);
    ASSERT_TRUE(operations
                    .start("backup",
                           [&](const Progress& progress) {
                             while (progress("copying", 0, 0)) std::this_thread::yield();
                             was_told = true;
                             return Result<std::string>(Error(Code::cancelled, "cancelled"));
                           })
                    .ok());
  }
  EXPECT_TRUE(was_told);
}

TEST(RecentErrorsTest, the_newest_troubles_are_kept_and_every_line_goes_on) {
  RecentErrors errors;
  std::size_t lines = 0;
  const SystemClock clock;
  {
    Log log(clock, LogLevel::debug, errors.around([&](std::string_view) { ++lines; }));
    log.info("fine");
    for (int i = 0; i < 30; ++i) log.error("broken", {{"number", i}});
    log.warning("careful", {{"what", R"("level":"error")"}});
  }
  EXPECT_EQ(lines, 32u);
  const auto newest = errors.newest();
  ASSERT_EQ(newest.size(), RecentErrors::k_kept_max);
  EXPECT_EQ(newest[0].event, "careful");
  EXPECT_EQ(newest[0].level, "warning");
  EXPECT_EQ(newest[1].event, "broken");
  EXPECT_NE(newest[1].line.find("\"number\":29"), std::string::npos);
}

}  // namespace
}  // namespace bl::ops
