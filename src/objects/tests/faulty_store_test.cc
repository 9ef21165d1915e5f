// The store with faults, on which simulations stand: it does what it says.
#include "objects/testing/faulty_store.h"

#include <gtest/gtest.h>

#include "objects/testing/memory_store.h"
#include "objects/tests/world.h"

namespace bl::objects::testing {
namespace {

struct Faulty {
  TestWorld world;
  MemoryStore inner{world.clock, world.disk};
  FaultyStore store{inner, world.disk, nullptr};
};

TEST(FaultyStore, a_write_meets_each_fault_as_it_is_described) {
  Faulty faulty;
  const auto put = [&](const std::string& key, ObjectFault fault) {
    faulty.store.set_plan(fault_at(1, fault));
    return code_of(faulty.store.put_if_absent(key, "bytes!"));
  };
  const auto content = [&](const std::string& key) {
    const auto got = faulty.inner.get(key);
    return got.ok() ? *got : std::string(name_of(got.error().code));
  };
  EXPECT_EQ(put("a", ObjectFault::none), "ok");
  EXPECT_EQ(content("a"), "bytes!");
  EXPECT_EQ(put("b", ObjectFault::fails), "unavailable");
  EXPECT_EQ(content("b"), "not_found");
  EXPECT_EQ(put("c", ObjectFault::lost_done), "outcome_unknown");
  EXPECT_EQ(content("c"), "bytes!");
  EXPECT_EQ(put("c", ObjectFault::lost_done), "conflict");
  EXPECT_EQ(put("d", ObjectFault::lost_undone), "outcome_unknown");
  EXPECT_EQ(content("d"), "not_found");
  EXPECT_EQ(put("e", ObjectFault::torn), "outcome_unknown");
  EXPECT_EQ(content("e"), "byt");
  EXPECT_EQ(faulty.store.faults(), 5u);
}

TEST(FaultyStore, a_delayed_write_arrives_later_and_finds_its_key_free_or_taken) {
  Faulty faulty;
  faulty.store.set_plan(fault_from(1, ObjectFault::lost_delayed));
  EXPECT_EQ(code_of(faulty.store.put_if_absent("a", "late")), "outcome_unknown");
  EXPECT_EQ(code_of(faulty.store.put_if_absent("b", "late")), "outcome_unknown");
  EXPECT_EQ(code_of(faulty.store.replace("c", "late")), "outcome_unknown");
  ASSERT_TRUE(faulty.inner.put_if_absent("b", "in time").ok());
  ASSERT_TRUE(faulty.inner.put_if_absent("c", "in time").ok());
  EXPECT_EQ(code_of(faulty.inner.head("a")), "not_found");
  EXPECT_EQ(faulty.store.deliver_delayed(), 2u);
  EXPECT_EQ(faulty.inner.get("a").value(), "late");
  EXPECT_EQ(faulty.inner.get("b").value(), "in time");
  EXPECT_EQ(faulty.inner.get("c").value(), "late");
  EXPECT_EQ(faulty.store.deliver_delayed(), 0u);
}

TEST(FaultyStore, reading_and_removing_fail_or_do_not) {
  Faulty faulty;
  ASSERT_TRUE(faulty.store.put_if_absent("a", "x").ok());
  faulty.store.set_plan(fault_from(1, ObjectFault::lost_done));
  EXPECT_EQ(code_of(faulty.store.get("a")), "unavailable");
  EXPECT_EQ(code_of(faulty.store.head("a")), "unavailable");
  EXPECT_EQ(code_of(faulty.store.list({})), "unavailable");
  EXPECT_EQ(code_of(faulty.store.sweep_unfinished({})), "unavailable");
  EXPECT_EQ(code_of(faulty.store.remove("a")), "unavailable");
  EXPECT_EQ(code_of(faulty.inner.head("a")), "not_found");
  EXPECT_EQ(faulty.store.calls(), 5u);
  faulty.store.set_plan(nullptr);
  EXPECT_EQ(code_of(faulty.store.get("a")), "not_found");
}

TEST(FaultyStore, files_meet_faults_too) {
  Faulty faulty;
  ASSERT_TRUE(write_file_atomically(faulty.world.disk, "/file", "bytes!", FileMode::normal).ok());
  faulty.store.set_plan(fault_at(1, ObjectFault::torn));
  EXPECT_EQ(code_of(faulty.store.put_file_if_absent("a", "/file")), "outcome_unknown");
  EXPECT_EQ(faulty.inner.get("a").value(), "byt");
  EXPECT_EQ(code_of(faulty.store.put_file_if_absent("b", "/none")), "not_found");
}

TEST(FaultyStore, faults_by_chance_are_the_same_for_the_same_seed_and_of_all_kinds) {
  const auto faults = [](std::uint64_t seed, FaultChances chances) {
    const ObjectFaultPlan plan = faults_by_chance(seed, chances);
    std::vector<ObjectFault> met;
    for (std::uint64_t call = 1; call <= 2'000; ++call) {
      met.push_back(plan({call, "put_if_absent", "a", true}));
    }
    return met;
  };
  const auto one = faults(1, {.per_mille = 300});
  EXPECT_EQ(one, faults(1, {.per_mille = 300}));
  EXPECT_NE(one, faults(2, {.per_mille = 300}));
  const auto count = [](const std::vector<ObjectFault>& met, ObjectFault fault) {
    return std::count(met.begin(), met.end(), fault);
  };
  EXPECT_NEAR(static_cast<double>(count(one, ObjectFault::none)), 1'400, 100);
  EXPECT_EQ(count(one, ObjectFault::torn), 0);
  const auto torn = faults(1, {.per_mille = 300, .torn = true});
  for (const ObjectFault fault :
       {ObjectFault::fails, ObjectFault::lost_done, ObjectFault::lost_undone,
        ObjectFault::lost_delayed, ObjectFault::torn}) {
    EXPECT_GT(count(torn, fault), 60);
  }
  const ObjectFaultPlan reading = faults_by_chance(1, {.per_mille = 1'000});
  EXPECT_EQ(reading({1, "get", "a", false}), ObjectFault::fails);
}

TEST(MemoryStore, can_be_damaged_and_left_unfinished) {
  Faulty faulty;
  ASSERT_TRUE(faulty.inner.put_if_absent("a", "bytes").ok());
  faulty.inner.damage("a", "bytez");
  EXPECT_EQ(faulty.inner.get("a").value(), "bytez");
  faulty.inner.leave_unfinished();
  EXPECT_EQ(faulty.inner.sweep_unfinished(faulty.world.clock.now()).value(), 0u);
  faulty.world.clock.advance(std::chrono::hours(1));
  EXPECT_EQ(faulty.inner.sweep_unfinished(faulty.world.clock.now()).value(), 1u);
}

}  // namespace
}  // namespace bl::objects::testing
