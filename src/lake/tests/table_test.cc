// A lake table keeps every row that it acknowledged, once, whatever happens between its journal,
// its files and its catalog.
#include "lake/table.h"

#include <gmock/gmock.h>

#include <thread>

#include "lake/testing/table_world.h"

namespace bl::lake {
namespace {

using testing::CatalogFault;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

#define ASSERT_OK(result) \
  if (const auto& r_ = (result); !r_.ok()) FAIL() << r_.error().message

// The next call that writes meets it, and no other.
testing::CatalogFaultPlan next_write(CatalogFault fault) {
  return [fault, done = false](std::uint64_t, bool writes) mutable {
    if (!writes || std::exchange(done, true)) return CatalogFault::none;
    return fault;
  };
}

TEST(Table, a_row_is_read_at_once_and_stays_when_it_goes_to_a_file) {
  TableWorld world;
  world.create();
  auto table = world.open();
  ASSERT_OK(table->append(points(1, 3)));
  ASSERT_OK(table->append(points(4)));
  const Snapshot before = table->snapshot();
  EXPECT_EQ(before.rows(), 4);
  EXPECT_THAT(before.files().files(), IsEmpty());

  const auto flushed = table->flush();
  ASSERT_OK(flushed);
  EXPECT_EQ(flushed->rows, 4);
  EXPECT_EQ(flushed->files, 1);
  const Snapshot after = table->snapshot();
  EXPECT_THAT(after.tail(), IsEmpty());
  EXPECT_EQ(world.numbers(after).value(), counting(1, 4));
  EXPECT_EQ(world.numbers(before).value(), counting(1, 4)) << "a snapshot stands still";

  ASSERT_OK(table->append(points(5)));
  EXPECT_EQ(world.numbers(table->snapshot()).value(), counting(1, 5));
  EXPECT_EQ(table->flush()->rows, 1);
  EXPECT_EQ(table->flush()->rows, 0) << "there is nothing left to flush";
}

TEST(Table, what_was_acknowledged_is_there_after_a_power_cut) {
  TableWorld world;
  world.create();
  {
    auto table = world.open();
    ASSERT_OK(table->append(points(1, 10)));
    ASSERT_OK(table->flush());
    ASSERT_OK(table->append(points(11, 5), "key"));
  }
  world.journal_disk = world.journal_disk->after_power_cut(0);
  auto table = world.open();
  EXPECT_EQ(world.numbers(table->snapshot()).value(), counting(1, 15));
  const auto again = table->append(points(11, 5), "key");
  ASSERT_OK(again);
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(world.numbers(table->snapshot()).value(), counting(1, 15));
  ASSERT_OK(table->flush());
  EXPECT_TRUE(table->append(points(11, 5), "key")->replayed) << "also when the rows are in files";
  EXPECT_EQ(world.numbers(table->snapshot()).value(), counting(1, 15));
}

TEST(Table, rows_of_another_schema_are_refused_with_both_schemas) {
  TableWorld world;
  world.create();
  auto table = world.open();
  using Other = columns::Table<columns::Is<"no", std::int64_t>>;
  Other::Builder builder;
  ASSERT_TRUE(builder.append(1));
  const auto other = table->append(builder.finish().value());
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, Code::invalid);
  EXPECT_THAT(other.error().message, HasSubstr("value: float64"));
  EXPECT_EQ(table->append(points(1, 0)).error().code, Code::invalid);
  EXPECT_EQ(table->snapshot().rows(), 0);
}

TEST(Table, a_full_tail_refuses_rows_until_it_is_flushed) {
  TableWorld world;
  world.create();
  world.limits.tail_bytes_max = 4'096;
  auto table = world.open();
  std::int64_t no = 0;
  auto ack = table->append(points(1));
  while (ack.ok()) ack = table->append(points(++no + 1));
  EXPECT_EQ(ack.error().code, Code::overloaded);
  EXPECT_THAT(ack.error().message, HasSubstr("points"));
  ASSERT_OK(table->flush());
  ASSERT_OK(table->append(points(no + 1)));
  EXPECT_EQ(world.numbers(table->snapshot()).value(), counting(1, no + 1));
}

TEST(Table, a_flush_is_due_by_rows_bytes_or_age) {
  TableWorld world;
  world.create();
  world.limits.flush_rows = 10;
  auto table = world.open();
  EXPECT_FALSE(table->flush_is_due());
  ASSERT_OK(table->append(points(1, 9)));
  EXPECT_FALSE(table->flush_is_due());
  ASSERT_OK(table->append(points(10)));
  EXPECT_TRUE(table->flush_is_due());
  ASSERT_OK(table->flush());
  ASSERT_OK(table->append(points(11)));
  EXPECT_FALSE(table->flush_is_due());
  world.clock.advance(world.limits.flush_ms_max);
  EXPECT_TRUE(table->flush_is_due());
  EXPECT_DOUBLE_EQ(table->status().lag_seconds, 10);
}

TEST(Table, rows_of_a_file_lie_in_the_tables_order_and_groups_in_files_of_their_own) {
  TableWorld world;
  world.layout.group = "name";
  world.create();
  auto table = world.open();
  ASSERT_OK(table->append(points(1, 70)));
  EXPECT_EQ(table->flush()->files, 7);
  const Snapshot snapshot = table->snapshot();
  for (const DataFile& file : snapshot.files().files()) {
    EXPECT_EQ(file.rows, 10);
    EXPECT_THAT(file.key, HasSubstr("tables/points/data/series-"));
  }
  EXPECT_EQ(world.numbers(table->snapshot()).value(), counting(1, 70));

  const std::vector<ColumnRange> one = {{"name", Bound("series-3"), Bound("series-3")}};
  EXPECT_THAT(snapshot.files().may_hold(one), SizeIs(1));
  const std::vector<ColumnRange> late = {{"no", Bound(std::int64_t{69}), std::nullopt}};
  EXPECT_THAT(snapshot.files().may_hold(late), SizeIs(2));
  const std::vector<ColumnRange> early = {
      {"at", std::nullopt, Bound(k_test_start + std::chrono::seconds(1))}};
  EXPECT_THAT(snapshot.files().may_hold(early), SizeIs(1));
}

TEST(Table, small_files_of_a_group_are_put_together) {
  TableWorld world;
  world.layout.group = "name";
  world.create();
  world.limits.compact_files_min = 3;
  auto table = world.open();
  for (int i = 0; i < 4; ++i) {
    ASSERT_OK(table->append(points(1 + i * 14, 14)));
    ASSERT_OK(table->flush());
  }
  const Snapshot before = table->snapshot();
  EXPECT_THAT(before.files().files(), SizeIs(28));
  const auto compacted = table->compact();
  ASSERT_OK(compacted);
  EXPECT_EQ(compacted->commits, 7);
  EXPECT_EQ(compacted->files_before, 28);
  EXPECT_EQ(compacted->files_after, 7);
  EXPECT_EQ(compacted->rows, 56);
  EXPECT_EQ(world.numbers(table->snapshot()).value(), counting(1, 56));
  EXPECT_EQ(world.numbers(before).value(), counting(1, 56)) << "the old files are still there";
  EXPECT_EQ(table->compact()->commits, 0);
}

TEST(Table, files_are_replaced_by_what_a_select_makes_of_their_rows) {
  TableWorld world;
  world.create();
  auto table = world.open();
  ASSERT_OK(table->append(points(1, 10)));
  ASSERT_OK(table->flush());
  Change change;
  change.removed = {table->snapshot().files().files()[0].key};
  change.rows = {points(100, 2)};
  change.select = "(SELECT * FROM removed_rows WHERE no <> 5 UNION ALL SELECT * FROM new_rows)";
  change.note = R"({"watermark":7})";
  ASSERT_OK(table->replace(change));
  EXPECT_EQ(world.numbers(table->snapshot()).value(),
            (std::vector<std::int64_t>{1, 2, 3, 4, 6, 7, 8, 9, 10, 100, 101}));
  EXPECT_EQ(table->snapshot().files().snapshot().note, change.note);
  EXPECT_EQ(table->replace(change).error().code, Code::not_found) << "the file is no more";

  Change all;
  all.removed = {table->snapshot().files().files()[0].key};
  all.select = "";
  ASSERT_OK(table->replace(all));
  EXPECT_EQ(table->snapshot().rows(), 0);
}

TEST(Table, rows_are_taken_out_of_removed_files_by_their_place) {
  TableWorld world;  // files are ordered by name, the newest first: 7, 8, 1, 9, 2, ...
  world.create();
  auto table = world.open();
  std::vector<std::string> keys;
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK(table->append(points(1 + i * 10, 10)));
    ASSERT_OK(table->flush());
    for (const DataFile& file : table->snapshot().files().files()) {
      if (std::ranges::find(keys, file.key) == keys.end()) keys.push_back(file.key);
    }
  }
  Change change;
  change.removed = keys;
  change.without = {{keys[0], {0, 2}}, {keys[1], counting(0, 10)}};
  change.rows = {points(100)};
  change.select = "(SELECT * FROM removed_rows UNION ALL SELECT * FROM new_rows)";
  ASSERT_OK(table->replace(change));
  std::vector<std::int64_t> left{2, 3, 4, 5, 6, 8, 9, 10};
  for (const std::int64_t no : counting(21, 10)) left.push_back(no);
  left.push_back(100);
  EXPECT_EQ(world.numbers(table->snapshot()).value(), left);

  Change all;
  all.removed = {table->snapshot().files().files()[0].key};
  all.without = {{all.removed[0], counting(0, 19)}};
  all.select = "removed_rows";
  ASSERT_OK(table->replace(all));
  EXPECT_THAT(table->snapshot().files().files(), SizeIs(0)) << "a file without rows is none";
}

TEST(Table, places_that_a_removed_file_has_not_are_refused) {
  TableWorld world;
  world.create();
  auto table = world.open();
  ASSERT_OK(table->append(points(1, 10)));
  ASSERT_OK(table->flush());
  const std::string key = table->snapshot().files().files()[0].key;
  using Places = std::vector<std::int64_t>;
  for (const Places& places : {Places{10}, Places{-1}, Places{3, 3}, Places{4, 3}}) {
    Change change;
    change.removed = {key};
    change.without = {{key, places}};
    change.select = "removed_rows";
    EXPECT_EQ(table->replace(change).error().code, Code::invalid) << places.back();
  }
  Change stays;
  stays.without = {{key, {1}}};
  EXPECT_EQ(table->replace(stays).error().code, Code::invalid) << "the file is not removed";
  EXPECT_EQ(table->snapshot().rows(), 10);
}

TEST(Table, an_earlier_snapshot_comes_back) {
  TableWorld world;
  world.create();
  auto table = world.open();
  ASSERT_OK(table->append(points(1, 10)));
  ASSERT_OK(table->flush());
  const std::int64_t good = table->snapshot().id();
  Change wrong;
  wrong.removed = {table->snapshot().files().files()[0].key};
  wrong.rows = {points(500)};
  ASSERT_OK(table->replace(wrong));
  ASSERT_OK(table->append(points(11)));
  ASSERT_OK(table->roll_back(good));
  EXPECT_EQ(world.numbers(table->snapshot()).value(), counting(1, 11)) << "the tail stays";
  EXPECT_EQ(table->roll_back(999'999).ok(), true) << "an id of later means the newest";
}

TEST(Table, a_column_is_added_while_rows_are_in_the_tail) {
  TableWorld world;
  world.create();
  auto table = world.open();
  ASSERT_OK(table->append(points(1, 3)));
  ASSERT_OK(table->add_columns({{"unit", columns::Kind::text}}));
  EXPECT_EQ(table->schema().columns(), 5);
  EXPECT_FALSE(table->append(points(4)).ok()) << "rows are of the new schema now";
  using Wide = columns::Table<columns::Is<"no", std::int64_t>, columns::Is<"at", Timestamp>,
                              columns::Is<"name", std::string_view>,
                              columns::Is<"value", std::optional<double>>,
                              columns::Is<"unit", std::optional<std::string_view>>>;
  Wide::Builder builder;
  ASSERT_TRUE(
      builder.append(4, k_test_start, std::string_view("b"), std::nullopt, std::string_view("ns")));
  ASSERT_OK(table->append(builder.finish().value()));
  EXPECT_EQ(world.numbers(table->snapshot()).value(), counting(1, 4));
  ASSERT_OK(table->flush());
  world.limits.compact_files_min = 2;
  table.reset();
  table = world.open();
  EXPECT_EQ(table->schema().columns(), 5);
  EXPECT_EQ(table->compact()->commits, 1) << "files of both schemas become one";
  EXPECT_EQ(world.numbers(table->snapshot()).value(), counting(1, 4));
}

TEST(Table, a_commit_whose_answer_is_lost_is_looked_for_before_the_next) {
  for (const CatalogFault fault : {CatalogFault::lost_done, CatalogFault::lost_undone}) {
    TableWorld world;
    world.create();
    auto table = world.open();
    ASSERT_OK(table->append(points(1, 5)));
    world.catalog.set_plan(next_write(fault));
    EXPECT_EQ(table->flush().error().code, Code::outcome_unknown);
    EXPECT_EQ(world.numbers(table->snapshot()).value(), counting(1, 5));
    ASSERT_OK(table->append(points(6)));
    ASSERT_OK(table->flush());
    EXPECT_EQ(world.numbers(table->snapshot()).value(), counting(1, 6));
    table.reset();
    table = world.open();
    EXPECT_EQ(world.numbers(table->snapshot()).value(), counting(1, 6));
  }
}

TEST(Table, a_process_that_dies_after_a_lost_answer_neither_loses_nor_doubles_rows) {
  for (const CatalogFault fault : {CatalogFault::lost_done, CatalogFault::lost_undone}) {
    TableWorld world;
    world.create();
    {
      auto table = world.open();
      ASSERT_OK(table->append(points(1, 5)));
      world.catalog.set_plan(next_write(fault));
      EXPECT_FALSE(table->flush().ok());
    }
    auto table = world.open();
    EXPECT_EQ(world.numbers(table->snapshot()).value(), counting(1, 5));
    ASSERT_OK(table->flush());
    EXPECT_EQ(world.numbers(table->snapshot()).value(), counting(1, 5));
  }
}

TEST(Table, who_was_taken_over_publishes_no_more_and_says_so) {
  TableWorld world;
  world.create();
  MemoryDisk other_disk;
  auto old_owner = world.open();
  ASSERT_OK(old_owner->append(points(1)));
  auto new_owner = world.open(other_disk).value();
  const auto refused = old_owner->flush();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_THAT(old_owner->status().fenced, HasSubstr("points"));
  EXPECT_EQ(world.numbers(old_owner->snapshot()).value(), counting(1, 1)) << "its rows are safe";
  ASSERT_OK(new_owner->append(points(2)));
  ASSERT_OK(new_owner->flush());
  // Its rows go to files when it takes the table back.
  old_owner.reset();
  new_owner.reset();
  old_owner = world.open();
  ASSERT_OK(old_owner->flush());
  EXPECT_EQ(world.numbers(old_owner->snapshot()).value(), counting(1, 2));
}

TEST(Table, every_call_of_store_and_catalog_may_fail) {
  for (std::uint64_t n = 1; n <= 40; ++n) {
    for (const auto fault :
         {objects::testing::ObjectFault::fails, objects::testing::ObjectFault::lost_done,
          objects::testing::ObjectFault::lost_undone}) {
      TableWorld world;
      world.create();
      world.limits.compact_files_min = 2;
      auto table = world.open();
      world.store.set_plan(objects::testing::fault_at(n, fault));
      std::int64_t no = 0;
      for (int round = 0; round < 3; ++round) {
        ASSERT_OK(table->append(points(no + 1, 3)));
        no += 3;
        (void)table->flush().ok();
        if (round == 1) (void)table->compact().ok();
        ASSERT_EQ(world.numbers(table->snapshot()).value(), counting(1, no)) << "call " << n;
      }
      if (world.store.faults() == 0) return;  // past the last call
      world.store.set_plan({});
      table.reset();
      table = world.open();
      ASSERT_OK(table->flush());
      ASSERT_EQ(world.numbers(table->snapshot()).value(), counting(1, no)) << "call " << n;
      EXPECT_THAT(table->verify().value(), IsEmpty());
    }
  }
}

TEST(Table, damage_is_found_and_the_rest_is_readable) {
  TableWorld world;
  world.create();
  auto table = world.open();
  for (int i = 0; i < 4; ++i) {
    ASSERT_OK(table->append(points(1 + i * 1'000, 1'000)));
    ASSERT_OK(table->flush());
  }
  EXPECT_THAT(table->verify().value(), IsEmpty());
  const Snapshot snapshot = table->snapshot();
  const auto files = snapshot.files().files();
  const auto bytes = world.memory.get(files[0].key).value();
  std::string flipped = bytes;
  flipped[flipped.size() / 3] ^= 0x10;
  world.memory.damage(files[0].key, flipped);
  world.memory.damage(files[1].key, world.memory.get(files[1].key)->substr(0, 100));
  ASSERT_OK(world.memory.remove(files[2].key));
  std::vector<std::size_t> seen;
  const auto findings = table->verify([&](std::size_t done, std::size_t all) {
    seen.push_back(done * 10 + all);
    return true;
  });
  ASSERT_OK(findings);
  ASSERT_THAT(*findings, SizeIs(3));
  EXPECT_EQ((*findings)[0].key, files[0].key);
  EXPECT_THAT((*findings)[1].what, HasSubstr("100 bytes"));
  EXPECT_THAT((*findings)[2].what, HasSubstr("missing"));
  EXPECT_THAT(seen, ElementsAre(4, 14, 24, 34, 44));
  const auto ended = table->verify([](std::size_t done, std::size_t) { return done < 2; });
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code, Code::cancelled);
}

TEST(Table, a_journal_that_was_lost_is_said_by_name) {
  TableWorld world;
  world.create();
  {
    auto table = world.open();
    ASSERT_OK(table->append(points(1)));
    ASSERT_OK(table->flush());
    ASSERT_OK(table->append(points(2)));
  }
  // Another journal begins at 1; the rows of the old one are gone with it, and the files stay.
  world.journal_disk = std::make_unique<MemoryDisk>();
  auto table = world.open();
  ASSERT_OK(table->append(points(3)));
  ASSERT_OK(table->flush());
  EXPECT_EQ(world.numbers(table->snapshot()).value(), (std::vector<std::int64_t>{1, 3}));
}

TEST(Table, many_writers_a_flusher_and_readers_at_once) {
  TableWorld world;
  world.create();
  auto table = world.open();
  constexpr std::int64_t k_writers = 8, k_each = 200;
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (std::int64_t w = 0; w < k_writers; ++w) {
    threads.emplace_back([&, w] {
      for (std::int64_t i = 0; i < k_each; ++i) {
        const auto before = table->snapshot().rows();
        ASSERT_TRUE(table->append(points(1 + w * k_each + i)).ok());
        ASSERT_GT(table->snapshot().rows(), before);
      }
    });
  }
  std::thread flusher([&] {
    while (!stop) ASSERT_TRUE(table->flush().ok());
  });
  for (auto& thread : threads) thread.join();
  stop = true;
  flusher.join();
  EXPECT_EQ(world.numbers(table->snapshot()).value(), counting(1, k_writers * k_each));
}

TEST(TableReader, sees_what_was_published_when_it_looks_again) {
  TableWorld world;
  world.create();
  auto table = world.open();
  auto reader = TableReader::open(world.catalog, "points").value();
  ASSERT_OK(table->append(points(1, 2)));
  ASSERT_OK(table->flush());
  EXPECT_EQ(reader->snapshot().rows(), 0);
  EXPECT_TRUE(reader->refresh().value());
  EXPECT_FALSE(reader->refresh().value());
  EXPECT_EQ(world.numbers(reader->snapshot()).value(), counting(1, 2));
}

TEST(TableReader, knows_which_snapshots_somebody_holds) {
  TableWorld world;
  world.create();
  auto table = world.open();
  const Snapshot held = table->snapshot();
  world.clock.advance(std::chrono::hours(1));
  ASSERT_OK(table->append(points(1)));
  ASSERT_OK(table->flush());
  EXPECT_THAT(table->held(), ElementsAre(held.id(), table->snapshot().id()));
}

}  // namespace
}  // namespace bl::lake
