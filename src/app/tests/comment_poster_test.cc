// When a comment is written, and what happens when its forge fails.
#include <gtest/gtest.h>

#include "advice/poster.h"
#include "app/operator.h"
#include "store/open.h"

namespace bl::app {
namespace {

using std::chrono::milliseconds;

class HandClock final : public Clock {
 public:
  Timestamp now() const override { return {1'700'000'000'000'000 + passed.count() * 1'000}; }
  std::chrono::steady_clock::time_point steady_now() const override {
    return std::chrono::steady_clock::time_point(passed);
  }
  milliseconds passed{1'000'000};
};

struct World : advice::ChangeFacts, advice::ResultNews {
  Result<advice::ChangeReport> report(const advice::Question&) override {
    return advice::ChangeReport{};
  }
  Result<Since> since(std::optional<std::int64_t>) override {
    Since found{.mark = ++mark, .commits = std::move(fresh)};
    fresh.clear();
    return found;
  }
  std::vector<Commit> fresh;
  std::int64_t mark = 0;
  int attempts = 0, written = 0, failures = 0;
};

class WorldForge final : public advice::Forge {
 public:
  explicit WorldForge(World& world) : world_(world) {}
  Result<Posted> upsert_comment(const Target&, const std::string&) override {
    ++world_.attempts;
    if (world_.failures-- > 0) return Error{Code::unavailable, "back soon"};
    ++world_.written;
    return Posted{Outcome::created, std::nullopt};
  }
  Result<std::optional<std::string>> upsert_check(const std::string&, const Check&) override {
    return std::optional<std::string>();
  }

 private:
  World& world_;
};

class CommentPoster : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(database_->migrate(all_migrations()).ok()); }
  void results_come() { world_.fresh = {{"https://github.com/org/repo", "abc"}}; }
  void pass(milliseconds time) {
    clock_.passed += time;
    poster_.work();
  }

  HandClock clock_;
  Log log_{clock_, LogLevel::error, [](std::string_view) {}};
  Metrics metrics_;
  std::unique_ptr<store::Database> database_ =
      store::open_database("sqlite::memory:", {}, log_, metrics_).value();
  store::Jobs jobs_{*database_, clock_, "us"};
  World world_;
  advice::Adviser adviser_{{.changes = world_}};
  advice::Poster poster_{
      {.adviser = adviser_,
       .news = world_,
       .forge_of = [this](const std::string&) { return std::make_unique<WorldForge>(world_); },
       .jobs = jobs_,
       .clock = clock_,
       .log = log_,
       .metrics = metrics_},
      {}};
};

TEST_F(CommentPoster, writes_when_no_result_came_for_a_while) {
  results_come();
  poster_.work();
  EXPECT_EQ(world_.attempts, 0);
  pass(milliseconds(600));
  EXPECT_EQ(world_.written, 1);
  pass(milliseconds(600));
  EXPECT_EQ(world_.written, 1);
}

TEST_F(CommentPoster, does_not_wait_for_the_end_of_results_that_never_end) {
  for (int i = 0; i < 4; ++i) {
    results_come();
    pass(milliseconds(400));
  }
  EXPECT_EQ(world_.written, 0);
  results_come();
  pass(milliseconds(400));
  EXPECT_EQ(world_.written, 1);
}

TEST_F(CommentPoster, tries_again_with_growing_pauses_and_gives_up_in_the_end) {
  world_.failures = 1'000;
  results_come();
  poster_.work();
  pass(milliseconds(600));
  EXPECT_EQ(world_.attempts, 1);
  pass(milliseconds(4'000));
  EXPECT_EQ(world_.attempts, 1);
  pass(milliseconds(1'100));
  EXPECT_EQ(world_.attempts, 2);
  for (int i = 0; i < 20; ++i) pass(milliseconds(300'000));
  EXPECT_EQ(world_.attempts, 8);
  EXPECT_EQ(poster_.waiting(), 0u);
  EXPECT_NE(metrics_.text().find("bl_advice_comments_total{outcome=\"given_up\"} 1"),
            std::string::npos);
}

TEST_F(CommentPoster, leaves_it_to_the_server_that_holds_the_job) {
  store::Jobs others(*database_, clock_, "others");
  ASSERT_TRUE(others.claim(advice::Poster::k_job, milliseconds(10'000)).value());
  results_come();
  poster_.work();
  pass(milliseconds(600));
  EXPECT_EQ(world_.attempts, 0);
  pass(milliseconds(11'000));  // it died
  EXPECT_EQ(world_.written, 1);
}

}  // namespace
}  // namespace bl::app
