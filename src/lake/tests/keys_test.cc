// What keys of records say is known without a gap: in the tail until the rows go to files, in the
// keeper from before that on.
#include <gmock/gmock.h>

#include "lake/table.h"
#include "lake/testing/table_world.h"

namespace bl::lake {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

#define ASSERT_OK(result) \
  if (const auto& r_ = (result); !r_.ok()) FAIL() << r_.error().message

struct Keeper final : KeyKeeper {
  bool wants(std::string_view key) const override { return key.starts_with("w/"); }
  Result<void> keep(std::string_view table, std::span<const std::string> keys) override {
    if (fails) return Error{Code::io, "the keeper is away"};
    for (const std::string& key : keys) kept.push_back(std::string(table) + ":" + key);
    return {};
  }
  bool fails = false;
  std::vector<std::string> kept;
};

struct WorldOfKeys : TableWorld {
  WorldOfKeys() {
    keeper = &keys;
    create();
  }
  Keeper keys;
};

TEST(KeysOfTables, the_keeper_is_told_before_rows_go_to_files) {
  WorldOfKeys world;
  auto table = world.open();
  ASSERT_OK(table->append(points(1), "w/1"));
  ASSERT_OK(table->append(points(2), "another's"));
  ASSERT_OK(table->append(points(3)));
  ASSERT_OK(table->append(points(4), "w/2"));
  EXPECT_THAT(table->unflushed_keys(), ElementsAre("w/1", "w/2"));
  EXPECT_THAT(world.keys.kept, IsEmpty());

  ASSERT_OK(table->flush());
  EXPECT_THAT(table->unflushed_keys(), IsEmpty());
  EXPECT_THAT(world.keys.kept, ElementsAre("points:w/1", "points:w/2"));
}

TEST(KeysOfTables, rows_stay_in_the_journal_while_the_keeper_fails) {
  WorldOfKeys world;
  auto table = world.open();
  ASSERT_OK(table->append(points(1, 3), "w/1"));
  world.keys.fails = true;
  EXPECT_EQ(table->flush().error().code, Code::io);
  EXPECT_THAT(table->unflushed_keys(), ElementsAre("w/1"));
  EXPECT_EQ(world.numbers(table->snapshot()).value(), counting(1, 3));

  world.keys.fails = false;
  EXPECT_EQ(table->flush()->rows, 3);
  EXPECT_THAT(world.keys.kept, ElementsAre("points:w/1"));
  EXPECT_EQ(world.numbers(table->snapshot()).value(), counting(1, 3));
}

TEST(KeysOfTables, a_start_finds_those_that_the_keeper_was_not_told) {
  WorldOfKeys world;
  {
    auto table = world.open();
    ASSERT_OK(table->append(points(1), "w/1"));
    ASSERT_OK(table->flush());
    ASSERT_OK(table->append(points(2), "w/2"));
  }
  world.journal_disk = world.journal_disk->after_power_cut(0);
  auto table = world.open();
  EXPECT_THAT(table->unflushed_keys(), ElementsAre("w/2"));
  EXPECT_TRUE(table->append(points(2), "w/2")->replayed);
  EXPECT_THAT(table->unflushed_keys(), ElementsAre("w/2")) << "a replay adds none";
}

TEST(KeysOfTables, a_change_is_made_once_under_its_id_also_by_another_process) {
  WorldOfKeys world;
  Change change;
  change.rows = {points(1, 5)};
  change.once = world.ids.next();
  {
    auto table = world.open();
    const auto first = table->replace(change);
    ASSERT_OK(first);
    EXPECT_EQ(table->replace(change).value(), *first);
    ASSERT_OK(table->append(points(6)));
    ASSERT_OK(table->flush());
  }
  auto table = world.open();
  ASSERT_OK(table->replace(change));
  EXPECT_EQ(world.numbers(table->snapshot()).value(), counting(1, 6));
  change.once = world.ids.next();
  change.rows = {points(7)};
  ASSERT_OK(table->replace(change));
  EXPECT_EQ(world.numbers(table->snapshot()).value(), counting(1, 7));
}

}  // namespace
}  // namespace bl::lake
