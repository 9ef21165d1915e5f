// Calls that fail, answers that are lost, puts that come late, objects that are torn: nothing that
// was acknowledged is lost or doubled, and nobody is told wrongly.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "lake/object_journal.h"
#include "lake/tests/object_world.h"
#include "objects/testing/faulty_store.h"

namespace bl::lake {
namespace {

using objects::testing::fault_at;
using objects::testing::fault_from;
using objects::testing::FaultyStore;
using objects::testing::MemoryStore;
using objects::testing::ObjectCall;
using objects::testing::ObjectFault;
using testing::count_payloads;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::k_prefix;
using testing::ObjectWorld;
using testing::read_payloads;

struct Faults : ::testing::Test {
  ObjectWorld world;
  MemoryDisk disk;
  MemoryStore store{world.clock, disk};
  FaultyStore faulty{store, disk, nullptr};

  std::unique_ptr<Journal> open() { return world.open(faulty).value(); }
};

using LostAnswers = Faults;

TEST_F(LostAnswers, a_put_that_was_done_is_found_and_acknowledged) {
  const auto journal = open();
  faulty.set_plan(fault_at(1, ObjectFault::lost_done));
  EXPECT_EQ(journal->append("a")->no, 1U);
  EXPECT_EQ(journal->append("b")->no, 2U);
  EXPECT_THAT(read_payloads(store, journal->id()), ElementsAre("a", "b"));
  EXPECT_EQ(world.metric("bl_journal_unknown_total"), 0);
}

TEST_F(LostAnswers, a_put_that_was_not_done_is_sent_again) {
  const auto journal = open();
  faulty.set_plan(fault_at(1, ObjectFault::lost_undone));
  EXPECT_EQ(journal->append("a")->no, 1U);
  EXPECT_EQ(faulty.calls(), 2U);
  EXPECT_EQ(world.pauses, 1U);
}

TEST_F(LostAnswers, a_put_that_comes_late_finds_its_own_object) {
  const auto journal = open();
  faulty.set_plan(fault_at(1, ObjectFault::lost_delayed));
  EXPECT_EQ(journal->append("a")->no, 1U);
  EXPECT_EQ(faulty.deliver_delayed(), 0U);
  EXPECT_THAT(read_payloads(store, journal->id()), ElementsAre("a"));
}

TEST_F(LostAnswers, while_an_outcome_is_unknown_nothing_else_is_taken) {
  const auto journal = open();
  ASSERT_TRUE(journal->append("first", "k0").ok());
  faulty.set_plan(fault_from(1, ObjectFault::lost_delayed));
  const auto unknown = journal->append("a", "k1");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, Code::outcome_unknown);
  EXPECT_EQ(faulty.calls(), 5U);
  EXPECT_EQ(world.metric("bl_journal_unknown_total"), 1);
  const auto refused = journal->append("b", "k2");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_TRUE(journal->append("first", "k0")->replayed);  // this one is known
  EXPECT_EQ(journal->next(), 2U);
  // Then one of them arrives.
  EXPECT_EQ(faulty.deliver_delayed(), 1U);
  faulty.set_plan(nullptr);
  const auto again = journal->append("a", "k1");
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->no, 2U);
  EXPECT_EQ(journal->append("b", "k2")->no, 3U);
  EXPECT_THAT(read_payloads(store, journal->id()), ElementsAre("first", "a", "b"));
}

TEST_F(LostAnswers, a_group_that_never_arrived_is_sent_with_the_next) {
  const auto journal = open();
  faulty.set_plan(fault_from(1, ObjectFault::lost_undone));
  EXPECT_EQ(journal->append("a").error().code, Code::outcome_unknown);
  faulty.set_plan(fault_from(1, ObjectFault::fails));
  // That it fails now says nothing of the first sending.
  EXPECT_EQ(journal->append("b").error().code, Code::unavailable);
  faulty.set_plan(nullptr);
  EXPECT_EQ(journal->append("c")->no, 2U);
  EXPECT_THAT(read_payloads(store, journal->id()), ElementsAre("a", "c"));
}

TEST_F(LostAnswers, a_put_that_arrives_after_the_seal_is_not_there) {
  const auto journal = open();
  ASSERT_TRUE(journal->append("a", "k0").ok());
  faulty.set_plan(fault_from(1, ObjectFault::lost_delayed));
  EXPECT_EQ(journal->append("b", "k1").error().code, Code::outcome_unknown);
  EXPECT_EQ(world.seal(store, journal->id())->next, 2U);
  const auto next = world.open(store).value();
  EXPECT_EQ(faulty.deliver_delayed(), 0U);
  faulty.set_plan(nullptr);
  EXPECT_TRUE(is_sealed(journal->append("b", "k1").error()));
  EXPECT_FALSE(next->append("b", "k1")->replayed);
  EXPECT_THAT(count_payloads(store), ElementsAre(std::pair("a", 1), std::pair("b", 1)));
}

TEST_F(LostAnswers, a_put_that_arrived_before_the_seal_is_found_by_its_writer) {
  const auto journal = open();
  faulty.set_plan(fault_from(1, ObjectFault::lost_delayed));
  EXPECT_EQ(journal->append("a", "k").error().code, Code::outcome_unknown);
  EXPECT_EQ(faulty.deliver_delayed(), 1U);
  EXPECT_EQ(world.seal(store, journal->id())->next, 2U);
  faulty.set_plan(nullptr);
  EXPECT_TRUE(journal->append("a", "k")->replayed);
  EXPECT_TRUE(is_sealed(journal->append("b").error()));
  EXPECT_TRUE(world.open(store).value()->append("a", "k")->replayed);
}

TEST_F(LostAnswers, a_torn_object_ends_the_chain_for_its_writer_and_its_readers) {
  const auto journal = open();
  ASSERT_TRUE(journal->append("a").ok());
  faulty.set_plan(fault_at(1, ObjectFault::torn));
  EXPECT_TRUE(is_sealed(journal->append("b").error()));
  EXPECT_TRUE(is_sealed(journal->append("c").error()));
  const auto end = world.seal(store, journal->id());
  ASSERT_TRUE(end.ok()) << end.error().message;
  EXPECT_EQ(end->next, 2U);
  EXPECT_EQ(end->kind, ChainEnd::Kind::torn);
  EXPECT_THAT(read_payloads(store, journal->id()), ElementsAre("a"));
  ASSERT_TRUE(world.trim(store, journal->id(), 2).ok());
  EXPECT_THAT(read_payloads(store, journal->id(), 2), IsEmpty());
}

TEST_F(LostAnswers, a_program_that_stops_waits_for_nothing) {
  ObjectJournalWorld stopping = world.world();
  stopping.wait = [](std::chrono::milliseconds) { return false; };
  const auto journal = open_object_journal(faulty, k_prefix, world.limits, stopping).value();
  faulty.set_plan(fault_from(1, ObjectFault::lost_undone));
  EXPECT_EQ(journal->append("a").error().code, Code::outcome_unknown);
  EXPECT_EQ(faulty.calls(), 1U);
}

// At every call ------------------------------------------------------------------------------

// Two processes, one after the other: appends and trims; then the second seals, opens, appends what
// the first was not told is stored, reads, and trims. Clients send again what they do not know of.
struct Outcome {
  std::set<std::string> acknowledged, unknown, trimmed;
  std::uint64_t calls = 0;
};

std::optional<Ack> append(Journal& journal, int number, Outcome& outcome) {
  const std::string text = "payload " + std::to_string(number);
  for (int attempt = 0; attempt < 3; ++attempt) {
    const auto ack = journal.append(text, "key " + std::to_string(number));
    if (ack.ok()) {
      outcome.acknowledged.insert(text);
      return *ack;
    }
    if (ack.error().code == Code::outcome_unknown) outcome.unknown.insert(text);
    if (is_sealed(ack.error())) return std::nullopt;
    EXPECT_THAT(ack.error().code, ::testing::AnyOf(Code::unavailable, Code::outcome_unknown))
        << ack.error().message;
  }
  return std::nullopt;
}

template <class Call>
auto insist(Call call) {
  auto result = call();
  for (int attempt = 0; attempt < 3 && !result.ok(); ++attempt) result = call();
  return result;
}

Outcome run(ObjectWorld& world, FaultyStore& faulty, const std::string& where) {
  Outcome outcome;
  auto first = insist([&] { return world.open(faulty); });
  if (!first.ok()) return outcome;
  for (int i = 0; i < 6; ++i) {
    const auto ack = append(**first, i, outcome);
    const bool is_trimmed = ack && ack->no < 3;
    if (is_trimmed) outcome.trimmed.insert("payload " + std::to_string(i));
    if (i == 3) (void)(*first)->trim(3);
  }
  const auto sealed = insist([&] { return world.seal(faulty, (*first)->id()); });
  faulty.deliver_delayed();
  auto second = insist([&] { return world.open(faulty); });
  if (!sealed.ok() || !second.ok()) return outcome;
  EXPECT_FALSE((*first)->append("late").ok()) << where;
  for (int i = 0; i < 8; ++i) (void)append(**second, i, outcome);
  faulty.deliver_delayed();
  outcome.calls = faulty.calls();
  return outcome;
}

void expect_kept(MemoryStore& store, const Outcome& outcome, const std::string& where) {
  std::map<std::string, int> found;
  const auto ids = list_object_journals(store, k_prefix);
  ASSERT_TRUE(ids.ok());
  for (const std::string& id : *ids) {
    Result<ChainEnd> read = Error{Code::internal, ""};
    for (RecordNo first = 1; first <= 3 && !read.ok(); ++first) {
      read = read_object_journal(store, k_prefix, id, first, [&](const JournalRecord& record) {
        ++found[std::string(record.payload)];
        return true;
      });
    }
    ASSERT_TRUE(read.ok()) << where << ": " << read.error().message;
  }
  for (const auto& [text, count] : found) {
    EXPECT_EQ(count, 1) << where << ": " << text;
    EXPECT_TRUE(outcome.acknowledged.contains(text) || outcome.unknown.contains(text))
        << where << ": never acknowledged: " << text;
  }
  for (const std::string& text : outcome.acknowledged) {
    EXPECT_TRUE(found.contains(text) || outcome.trimmed.contains(text))
        << where << ": lost: " << text;
  }
}

TEST(ObjectJournalFaults, no_failing_call_loses_or_doubles_what_was_acknowledged) {
  using enum ObjectFault;
  for (const ObjectFault fault : {fails, lost_done, lost_undone, lost_delayed}) {
    for (const bool lasts : {false, true}) {
      std::uint64_t calls = 1;
      for (std::uint64_t n = 1; n <= calls; ++n) {
        ObjectWorld world;
        MemoryDisk disk;
        MemoryStore store{world.clock, disk};
        FaultyStore faulty(store, disk, lasts ? fault_from(n, fault) : fault_at(n, fault));
        const std::string where = "fault " + std::to_string(static_cast<int>(fault)) + ", call " +
                                  std::to_string(n) + (lasts ? " and on" : "");
        const Outcome outcome = run(world, faulty, where);
        if (!lasts) {
          EXPECT_EQ(outcome.acknowledged.size(), 8U) << where;
          calls = outcome.calls;
        } else {
          calls = 60;
        }
        expect_kept(store, outcome, where);
      }
      EXPECT_GT(calls, 20U);
    }
  }
}

TEST(ObjectJournalFaults, no_mixture_of_faults_loses_or_doubles_what_was_acknowledged) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    ObjectWorld world(seed);
    MemoryDisk disk;
    MemoryStore store{world.clock, disk};
    FaultyStore faulty(store, disk, objects::testing::faults_by_chance(seed, {300, false}));
    const std::string where = "seed " + std::to_string(seed);
    const Outcome outcome = run(world, faulty, where);
    faulty.deliver_delayed();
    expect_kept(store, outcome, where);
  }
}

}  // namespace
}  // namespace bl::lake
