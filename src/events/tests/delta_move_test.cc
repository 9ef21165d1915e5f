// SQLite is the named way back: a log moves to a Delta table and home again, and says the same.
#include "events/move_log.h"
#include "events/testing/corpus.h"
#include "events/testing/questions.h"
#include "events/tests/delta_log_world.h"

namespace bl::events::testing {
namespace {

std::unique_ptr<EventLog> opened(DeltaWorld& world, const std::string& uri) {
  const auto parsed = parse_log_uri(uri);
  EXPECT_EQ(said_of(parsed), "ok");
  auto log = open_log(*parsed, world.world());
  EXPECT_EQ(said_of(log), "ok");
  BL_CHECK(log.ok());
  return *std::move(log);
}

void expect_same_answers(EventLog& one, EventLog& other) {
  const auto events = all_of(one);
  EXPECT_EQ(all_of(other), events);
  for (const Question& question : questions_about(events, 9)) {
    EXPECT_EQ(answer_of(other, question), answer_of(one, question)) << text_of(question);
  }
}

TEST(MoveLog, FromSqliteToDeltaAndBackSaysTheSame) {
  DeltaWorld world;
  const auto first = opened(world, "sqlite://" + world.folder.at("first.db"));
  ASSERT_EQ(said_of(first->append(small_world(33, 900))), "ok");

  const std::string delta = "delta://" + world.table() + "?flush_events=200";
  {
    const auto table = opened(world, delta);
    const auto there = move_log(*first, *table, {.batch_events = 100});
    ASSERT_EQ(said_of(there), "ok");
    EXPECT_EQ(there->added, there->total);
    expect_same_answers(*first, *table);
  }
  const auto table = opened(world, delta);  // from its files, no longer from its memory
  expect_same_answers(*first, *table);

  const auto home = opened(world, "sqlite://" + world.folder.at("home.db"));
  const auto back = move_log(*table, *home, {.batch_events = 128});
  ASSERT_EQ(said_of(back), "ok");
  expect_same_answers(*first, *home);
  EXPECT_EQ(move_log(*table, *home)->repeated, back->total) << "again changes nothing";
}

}  // namespace
}  // namespace bl::events::testing
