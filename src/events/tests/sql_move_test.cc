// A log moves into another one, whole and in its order, however often it is cut off.
#include <gtest/gtest.h>

#include "events/move_log.h"
#include "events/testing/corpus.h"
#include "events/testing/questions.h"
#include "events/tests/sql_places.h"

namespace bl::events::testing {
namespace {

std::vector<BuildEvent> all_of(EventLog& log) {
  std::vector<BuildEvent> events;
  const EventPage page = log.list(0, {}, 100'000).value();
  for (const StoredEvent& stored : page.events) events.push_back(stored.event);
  return events;
}

TEST(MoveLog, GivesTheSameAnswersElsewhere) {
  LogPlace one, two(LogPlace::Kind::owned);
  const auto from = one.open();
  const auto to = two.open();
  const auto events = small_world(21, 700);
  ASSERT_TRUE(from->append(events).ok());
  std::vector<std::int64_t> told;
  const auto moved =
      move_log(*from, *to, {.batch_events = 100, .progress = [&](const auto& so_far) {
                              told.push_back(so_far.read);
                              return true;
                            }});
  ASSERT_TRUE(moved.ok()) << moved.error().message;
  EXPECT_EQ(moved->added, moved->total);
  EXPECT_EQ(told.size(), static_cast<std::size_t>((moved->total + 99) / 100));
  EXPECT_EQ(all_of(*to), all_of(*from));
  for (const Question& question : questions_about(all_of(*from), 4)) {
    EXPECT_EQ(answer_of(*to, question), answer_of(*from, question)) << text_of(question);
  }
}

TEST(MoveLog, GoesOnWhereItWasCutOff) {
  LogPlace one, two(LogPlace::Kind::owned);
  const auto from = one.open();
  const auto to = two.open();
  ASSERT_TRUE(from->append(history(3, 500)).ok());
  const auto cut = move_log(*from, *to, {.batch_events = 100, .progress = [](const auto& so_far) {
                                           return so_far.read < 200;
                                         }});
  EXPECT_EQ(cut.error().code, Code::cancelled);
  const auto moved = move_log(*from, *to, {.batch_events = 100});
  EXPECT_EQ(moved->added, 300);
  EXPECT_EQ(moved->repeated, 200);
  ASSERT_TRUE(from->append(history(4, 20)).ok());
  const auto rest = move_log(*from, *to, {.after = moved->last});
  EXPECT_EQ(rest->read, 20);
  EXPECT_EQ(all_of(*to), all_of(*from));
}

}  // namespace
}  // namespace bl::events::testing
