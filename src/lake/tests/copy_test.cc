#include "lake/copy.h"

#include <gmock/gmock.h>

#include <fstream>
#include <thread>

#include "base/file_copy.h"
#include "base/testing/faulty_disk.h"
#include "lake/table/data_files.h"
#include "lake/tests/lake_world.h"

/// A copy of a lake is made while it is written, can be checked, and becomes a lake again.
namespace bl::lake {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

bool go_on(std::uint64_t, std::uint64_t) {
  return true;
}

class Copy : public ::testing::Test {
 protected:
  void fill(Lake& lake, int files = 3) {
    auto table = lake.create_table("points", Points::schema(), LakeOnDisk::layout()).value();
    for (int i = 0; i < files; ++i) {
      ASSERT_TRUE(table->append(points(1 + i * 10, 10)).ok());
      ASSERT_TRUE(table->flush().ok());
    }
  }
  Result<LakeCopy> copy(Lake& lake, const std::string& name,
                        const std::vector<std::string>& earlier = {}) {
    return copy_lake(lake, on_.world(), at(name), earlier, go_on);
  }
  std::string at(const std::string& name) const { return on_.folder + "/" + name; }
  static std::uint64_t links_of(const std::string& path) {
    return std::filesystem::hard_link_count(path);
  }

  LakeOnDisk on_;
  LakeOnDisk other_;  // where it is brought back
};

TEST_F(Copy, of_a_lake_that_is_written_becomes_a_lake_again) {
  const auto lake = on_.open();
  fill(*lake);
  auto table = lake->table("points").value();
  ASSERT_TRUE(table->append(points(31, 5)).ok());  // in the journal only
  const LakeCopy made = copy(*lake, "copy").value();
  ASSERT_TRUE(table->append(points(36, 5)).ok());  // after it
  ASSERT_EQ(made.tables.size(), 1u);
  EXPECT_EQ(made.tables[0].rows, 35);
  EXPECT_TRUE(verify_copy(*on_.disk, at("copy"), made.files, go_on).ok());

  const auto loaded = load_lake(other_.options(), other_.world(), at("copy"), made.files, go_on);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded->rows, 35);
  const auto restored = other_.open();
  EXPECT_EQ(other_.numbers(*restored).value(), counting(1, 35));
  auto points_again = restored->table("points").value();
  EXPECT_THAT(points_again->verify().value(), IsEmpty());
  ASSERT_TRUE(points_again->append(points(36)).ok());
  ASSERT_TRUE(points_again->flush().ok()) << "it goes on, and its Delta log with it";
  EXPECT_EQ(points_again->mirrored(other_.clock.now()).value().size(),
            points_again->snapshot().files().files().size());
  for (const CopiedFile& file : made.files) {
    EXPECT_EQ(links_of(at("copy/" + file.key)), 1u) << "the backup's bytes are its own";
  }
}

TEST_F(Copy, keeps_what_a_table_without_rows_says_of_itself) {
  const auto lake = on_.open();
  auto table = lake->create_table("points", Points::schema(), LakeOnDisk::layout()).value();
  ASSERT_TRUE(table
                  ->replace([] {
                    Change change;
                    change.note = R"({"place":7})";
                    change.rows = {points(1)};
                    return change;
                  }())
                  .ok());
  Change nothing;
  nothing.note = R"({"place":8})";
  for (const DataFile& file : table->snapshot().files().files())
    nothing.removed.push_back(file.key);
  nothing.select = "";
  ASSERT_TRUE(table->replace(nothing).ok());
  const LakeCopy made = copy(*lake, "copy").value();
  ASSERT_TRUE(load_lake(other_.options(), other_.world(), at("copy"), made.files, go_on).ok());
  const auto restored = other_.open();
  EXPECT_EQ(restored->catalog().snapshot("points").value().note, R"({"place":8})");
}

TEST_F(Copy, takes_files_that_an_earlier_one_has_from_there) {
  const auto lake = on_.open();
  fill(*lake);
  const LakeCopy first = copy(*lake, "one").value();
  ASSERT_TRUE(lake->table("points").value()->append(points(31)).ok());
  const LakeCopy second = copy(*lake, "two", {at("one")}).value();
  int shared = 0;
  for (const CopiedFile& file : first.files) {
    if (file.key.ends_with(".parquet")) shared += links_of(at("two/" + file.key)) == 2 ? 1 : 0;
  }
  EXPECT_EQ(shared, 3);
  // One that was damaged there is read from the lake.
  const std::string damaged = at("one/" + first.files.back().key);
  ASSERT_TRUE(damaged.ends_with(".parquet"));
  std::filesystem::permissions(damaged, std::filesystem::perms::owner_write,
                               std::filesystem::perm_options::add);
  std::fstream(damaged, std::ios::in | std::ios::out).seekp(40) << "damaged";
  const LakeCopy third = copy(*lake, "three", {at("one")}).value();
  EXPECT_TRUE(verify_copy(*on_.disk, at("three"), third.files, go_on).ok());
  EXPECT_THAT(verify_copy(*on_.disk, at("one"), first.files, go_on).error().message,
              HasSubstr(first.files.back().key));
}

TEST_F(Copy, names_a_file_of_the_lake_that_is_damaged) {
  const auto lake = on_.open();
  fill(*lake);
  const std::string key = lake->table("points").value()->snapshot().files().files().front().key;
  const std::string path = lake->store().address(key);
  std::filesystem::permissions(path, std::filesystem::perms::owner_write,
                               std::filesystem::perm_options::add);
  std::fstream(path, std::ios::in | std::ios::out).seekp(40) << "damaged";
  const auto made = copy(*lake, "copy");
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, Code::corrupt);
  EXPECT_THAT(made.error().message, HasSubstr(key));
}

TEST_F(Copy, is_one_moment_of_all_tables) {
  // Rows come to `first`, then to `second`: no copy has more in `second` than in `first`.
  const auto lake = on_.open();
  for (const char* name : {"first", "second"}) {
    ASSERT_TRUE(lake->create_table(name, Points::schema(), LakeOnDisk::layout()).ok());
  }
  std::atomic<bool> stops = false;
  std::thread writer([&] {
    for (int i = 1; !stops; ++i) {
      for (const char* name : {"first", "second"}) {
        Change change;
        change.rows = {points(i)};
        if (!lake->table(name).value()->replace(change).ok()) return;
      }
    }
  });
  for (int i = 0; i < 5; ++i) {
    const auto made = copy(*lake, "copy" + std::to_string(i));
    ASSERT_TRUE(made.ok()) << made.error().message;
    EXPECT_GE(made->tables[0].rows, made->tables[1].rows);
    EXPECT_LE(made->tables[0].rows, made->tables[1].rows + 1);
  }
  stops = true;
  writer.join();
}

TEST_F(Copy, goes_on_where_bringing_it_back_was_cut_off) {
  LakeCopy made;
  {
    const auto lake = on_.open();
    fill(*lake);
    made = copy(*lake, "copy").value();
  }
  int calls = 0;
  const auto cut = load_lake(other_.options(), other_.world(), at("copy"), made.files,
                             [&](std::uint64_t, std::uint64_t) { return ++calls < 4; });
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(cut.error().code, Code::cancelled);
  ASSERT_TRUE(load_lake(other_.options(), other_.world(), at("copy"), made.files, go_on).ok());
  EXPECT_EQ(other_.numbers(*other_.open()).value(), counting(1, 30));
}

TEST_F(Copy, does_not_go_into_a_lake_that_is_there) {
  LakeCopy made;
  {
    const auto lake = on_.open();
    fill(*lake);
    made = copy(*lake, "copy").value();
    fill(*other_.open(), 1);
  }
  const auto refused = load_lake(other_.options(), other_.world(), at("copy"), made.files, go_on);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_EQ(other_.numbers(*other_.open()).value(), counting(1, 10)) << "nothing was changed in it";
}

}  // namespace
}  // namespace bl::lake
