#include "base/disk.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/mapped_file.h"
#include "base/testing/faulty_disk.h"
#include "base/testing/memory_disk.h"
#include "base/testing/temporary_folder.h"

namespace bl {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

std::string read_all(File& file) {
  std::string bytes(file.size().value(), '\0');
  EXPECT_EQ(file.read_at(0, std::as_writable_bytes(std::span(bytes))).value(), bytes.size());
  return bytes;
}

/// The contract of Disk, on the real one and on the one in memory.
struct World {
  std::unique_ptr<Disk> disk;
  std::unique_ptr<TemporaryFolder> real;
  std::string root;
};

World make_world(std::string_view kind) {
  if (kind == "real") {
    auto folder = std::make_unique<TemporaryFolder>();
    std::string root = folder->path();
    return {make_real_disk(), std::move(folder), root};
  }
  World world{std::make_unique<MemoryDisk>(), nullptr, "/data"};
  EXPECT_TRUE(world.disk->make_folder("/data").ok());
  return world;
}

class DiskContract : public ::testing::TestWithParam<const char*> {
 protected:
  World world_ = make_world(GetParam());
  Disk& disk_ = *world_.disk;
  std::string at(const std::string& name) const { return world_.root + "/" + name; }
};

INSTANTIATE_TEST_SUITE_P(, DiskContract, ::testing::Values("real", "memory"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST_P(DiskContract, a_mapped_file_has_its_bytes_also_when_it_was_removed) {
  const std::string bytes(100'000, 'x');
  ASSERT_TRUE(write_file_atomically(disk_, at("a"), bytes, FileMode::normal).ok());
  ASSERT_TRUE(write_file_atomically(disk_, at("empty"), "", FileMode::normal).ok());
  const auto mapped = map_file(disk_, at("a")).value();
  ASSERT_TRUE(disk_.remove(at("a")).ok());
  mapped->fetch(0, bytes.size());
  mapped->fetch(99'999, 1'000'000);
  EXPECT_EQ(mapped->bytes(), bytes);
  mapped->release();
  EXPECT_EQ(mapped->bytes(), bytes);
  EXPECT_EQ(map_file(disk_, at("empty")).value()->bytes(), "");
  EXPECT_EQ(map_file(disk_, at("a")).error().code, Code::not_found);
}

TEST_P(DiskContract, appended_bytes_are_read_back) {
  auto file = disk_.open_append(at("a")).value();
  ASSERT_TRUE(file->append("hello ").ok());
  ASSERT_TRUE(file->append("world").ok());
  ASSERT_TRUE(file->sync().ok());
  EXPECT_EQ(read_all(*file), "hello world");
  EXPECT_EQ(read_all(*disk_.open_read(at("a")).value()), "hello world");
}

TEST_P(DiskContract, opening_for_append_keeps_what_is_there) {
  ASSERT_TRUE(disk_.open_append(at("a")).value()->append("one").ok());
  ASSERT_TRUE(disk_.open_append(at("a")).value()->append("two").ok());
  EXPECT_EQ(read_file(disk_, at("a"), 100).value(), "onetwo");
}

TEST_P(DiskContract, create_refuses_an_existing_file) {
  ASSERT_TRUE(disk_.create(at("a"), FileMode::normal).ok());
  EXPECT_EQ(disk_.create(at("a"), FileMode::normal).error().code, Code::conflict);
}

TEST_P(DiskContract, a_read_beyond_the_end_gives_fewer_bytes) {
  auto file = disk_.open_append(at("a")).value();
  ASSERT_TRUE(file->append("abc").ok());
  std::array<std::byte, 8> buffer;
  EXPECT_EQ(file->read_at(1, buffer).value(), 2u);
  EXPECT_EQ(file->read_at(9, buffer).value(), 0u);
}

TEST_P(DiskContract, truncate_cuts_and_fills_with_zeros) {
  auto file = disk_.open_append(at("a")).value();
  ASSERT_TRUE(file->append("abcdef").ok());
  ASSERT_TRUE(file->truncate(2).ok());
  ASSERT_TRUE(file->truncate(4).ok());
  ASSERT_TRUE(file->append("x").ok());
  EXPECT_EQ(read_all(*file), std::string("ab\0\0x", 5));
}

TEST_P(DiskContract, what_is_not_there_is_not_found) {
  EXPECT_EQ(disk_.open_read(at("a")).error().code, Code::not_found);
  EXPECT_EQ(disk_.open_append(at("no/a")).error().code, Code::not_found);
  EXPECT_EQ(disk_.remove(at("a")).error().code, Code::not_found);
  EXPECT_EQ(disk_.rename(at("a"), at("b")).error().code, Code::not_found);
  EXPECT_EQ(disk_.list(at("no")).error().code, Code::not_found);
  EXPECT_EQ(disk_.sync_folder(at("no")).error().code, Code::not_found);
  EXPECT_FALSE(disk_.exists(at("a")).value());
}

TEST_P(DiskContract, an_error_ends_with_the_path) {
  EXPECT_THAT(disk_.open_read(at("a")).error().message, EndsWith(": " + at("a")));
}

TEST_P(DiskContract, folders_are_made_with_their_parents_and_listed_in_order) {
  ASSERT_TRUE(disk_.make_folder(at("x/y/z")).ok());
  ASSERT_TRUE(disk_.make_folder(at("x/y/z")).ok());
  ASSERT_TRUE(disk_.create(at("x/b"), FileMode::normal).ok());
  ASSERT_TRUE(disk_.create(at("x/a"), FileMode::normal).ok());
  EXPECT_THAT(disk_.list(at("x")).value(), ElementsAre("a", "b", "y"));
  EXPECT_TRUE(disk_.exists(at("x/y")).value());
}

TEST_P(DiskContract, a_folder_cannot_take_the_name_of_a_file) {
  ASSERT_TRUE(disk_.create(at("a"), FileMode::normal).ok());
  EXPECT_EQ(disk_.make_folder(at("a")).error().code, Code::conflict);
}

TEST_P(DiskContract, only_an_empty_folder_is_removed) {
  ASSERT_TRUE(disk_.make_folder(at("x/y")).ok());
  EXPECT_EQ(disk_.remove(at("x")).error().code, Code::io);
  ASSERT_TRUE(disk_.remove(at("x/y")).ok());
  ASSERT_TRUE(disk_.remove(at("x")).ok());
  EXPECT_FALSE(disk_.exists(at("x")).value());
}

TEST_P(DiskContract, rename_replaces_the_target) {
  ASSERT_TRUE(disk_.open_append(at("a")).value()->append("new").ok());
  ASSERT_TRUE(disk_.open_append(at("b")).value()->append("old").ok());
  ASSERT_TRUE(disk_.rename(at("a"), at("b")).ok());
  EXPECT_EQ(read_file(disk_, at("b"), 100).value(), "new");
  EXPECT_FALSE(disk_.exists(at("a")).value());
}

TEST_P(DiskContract, link_puts_only_if_absent) {
  ASSERT_TRUE(disk_.open_append(at("a")).value()->append("new").ok());
  ASSERT_TRUE(disk_.link(at("a"), at("b")).ok());
  EXPECT_EQ(read_file(disk_, at("b"), 100).value(), "new");
  EXPECT_EQ(disk_.link(at("a"), at("b")).error().code, Code::conflict);
}

TEST_P(DiskContract, facts_tell_kind_size_and_names) {
  const std::string path = world_.root + "/file";
  ASSERT_TRUE(write_file_atomically(*world_.disk, path, "12345", FileMode::normal).ok());
  EXPECT_EQ(world_.disk->facts(path)->kind, FileFacts::Kind::file);
  EXPECT_EQ(world_.disk->facts(path)->size, 5u);
  EXPECT_EQ(world_.disk->facts(path)->links, 1u);
  ASSERT_TRUE(world_.disk->link(path, path + "2").ok());
  EXPECT_EQ(world_.disk->facts(path)->links, 2u);
  EXPECT_EQ(world_.disk->facts(world_.root)->kind, FileFacts::Kind::folder);
  EXPECT_EQ(world_.disk->facts(world_.root + "/none").error().code, Code::not_found);
  ASSERT_TRUE(world_.disk->make_folder(world_.root + "/folder").ok());
  EXPECT_EQ(world_.disk->link(path, world_.root + "/folder").error().code, Code::conflict);
}

TEST(RealDisk, facts_do_not_follow_a_link_and_tell_when_a_file_changed) {
  const TemporaryFolder folder;
  const auto disk = make_real_disk();
  ASSERT_EQ(::symlink(".", (folder.path() + "/link").c_str()), 0);
  EXPECT_EQ(disk->facts(folder.path() + "/link")->kind, FileFacts::Kind::other);
  const std::string path = folder.path() + "/file";
  ASSERT_TRUE(write_file_atomically(*disk, path, "x", FileMode::normal).ok());
  const timespec then[2] = {{1'700'000'000, 123'456'000}, {1'700'000'000, 123'456'000}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), then, 0), 0);
  EXPECT_EQ(disk->facts(path)->modified, Timestamp{1'700'000'000'123'456});
}

TEST(MemoryDisk, files_have_the_times_of_its_clock) {
  ManualClock clock(Timestamp::from_seconds(100));
  MemoryDisk disk(clock);
  const auto file = disk.create("/a", FileMode::normal).value();
  clock.advance(std::chrono::seconds(5));
  EXPECT_EQ(disk.facts("/a")->modified, Timestamp::from_seconds(100));
  ASSERT_TRUE(file->append("x").ok());
  EXPECT_EQ(disk.facts("/a")->modified, Timestamp::from_seconds(105));
}

TEST_P(DiskContract, a_lock_is_held_until_it_is_destroyed_and_names_its_holder) {
  auto held = disk_.lock(at("lock"), "process 7 on box");
  ASSERT_TRUE(held.ok());
  auto second = disk_.lock(at("lock"), "process 8");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_THAT(second.error().message, EndsWith(": process 7 on box"));
  held.value().reset();
  EXPECT_TRUE(disk_.lock(at("lock"), "process 8").ok());
}

TEST_P(DiskContract, read_file_stops_at_its_limit) {
  ASSERT_TRUE(disk_.open_append(at("a")).value()->append("12345").ok());
  EXPECT_EQ(read_file(disk_, at("a"), 5).value(), "12345");
  EXPECT_EQ(read_file(disk_, at("a"), 4).error().code, Code::too_large);
}

TEST_P(DiskContract, an_empty_file_is_read_as_empty) {
  ASSERT_TRUE(disk_.create(at("a"), FileMode::normal).ok());
  EXPECT_EQ(read_file(disk_, at("a"), 0).value(), "");
}

TEST_P(DiskContract, an_atomic_write_replaces_and_leaves_no_temporary_file) {
  ASSERT_TRUE(disk_.create(at("a.tmp"), FileMode::normal).ok());
  ASSERT_TRUE(write_file_atomically(disk_, at("a"), "one", FileMode::normal).ok());
  ASSERT_TRUE(write_file_atomically(disk_, at("a"), "two", FileMode::normal).ok());
  EXPECT_EQ(read_file(disk_, at("a"), 100).value(), "two");
  EXPECT_THAT(disk_.list(world_.root).value(), ElementsAre("a"));
}

TEST(RealDisk, a_secret_file_is_for_its_owner_only) {
  TemporaryFolder folder;
  auto disk = make_real_disk();
  std::string path = folder.path() + "/token";
  ASSERT_TRUE(write_file_atomically(*disk, path, "t", FileMode::secret).ok());
  struct stat status = {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(RealDisk, a_full_device_is_disk_full_and_the_file_must_be_reopened) {
  auto opened = make_real_disk()->open_append("/dev/full");
  if (!opened.ok()) GTEST_SKIP() << "no /dev/full here: " << opened.error().message;
  EXPECT_EQ(opened.value()->append("x").error().code, Code::disk_full);
  auto again = opened.value()->sync();
  ASSERT_FALSE(again.ok());
  EXPECT_THAT(again.error().message, HasSubstr("must be reopened"));
}

TEST(RealDisk, files_that_tell_no_size_are_read_whole) {
  auto bytes = read_file(*make_real_disk(), "/proc/self/status", 1 << 20);
  if (!bytes.ok()) GTEST_SKIP() << "no /proc here: " << bytes.error().message;
  EXPECT_THAT(bytes.value(), HasSubstr("Name:"));
}

TEST(RealDisk, relative_paths_have_the_current_folder_as_parent) {
  TemporaryFolder folder;
  auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  auto disk = make_real_disk();
  EXPECT_TRUE(write_file_atomically(*disk, "a", "one", FileMode::normal).ok());
  EXPECT_TRUE(disk->make_folder("x/y/").ok());
  std::filesystem::current_path(before);
  EXPECT_THAT(disk->list(folder.path()).value(), ElementsAre("a", "x"));
}

TEST(MemoryDisk, a_power_cut_takes_what_was_not_synced) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.make_folder("/d").ok());
  auto file = disk.open_append("/d/a").value();
  ASSERT_TRUE(file->append("kept").ok());
  ASSERT_TRUE(file->sync().ok());
  EXPECT_FALSE(disk.after_power_cut(0)->exists("/d/a").value()) << "its name was not synced";
  ASSERT_TRUE(disk.sync_folder("/d").ok());
  ASSERT_TRUE(file->append(" lost").ok());
  EXPECT_EQ(disk.after_power_cut(0)->content("/d/a").value(), "kept");
  EXPECT_EQ(disk.after_power_cut(1)->content("/d/a").value(), "kept lost");
  for (std::uint64_t seed = 2; seed < 200; ++seed) {
    EXPECT_THAT(disk.after_power_cut(seed)->content("/d/a").value(), ::testing::StartsWith("kept"))
        << "seed " << seed;
  }
}

TEST(MemoryDisk, unsynced_bytes_come_back_torn_for_some_seed) {
  MemoryDisk disk;
  auto file = disk.open_append("/a").value();
  ASSERT_TRUE(disk.sync_folder("/").ok());
  ASSERT_TRUE(file->append(std::string(2000, 'x')).ok());
  bool cut = false;
  bool rotten = false;
  for (std::uint64_t seed = 2; seed < 100; ++seed) {
    std::string left = disk.after_power_cut(seed)->content("/a").value();
    cut |= left.size() < 2000;
    rotten |= left.find_first_not_of('x') != std::string::npos;
  }
  EXPECT_TRUE(cut);
  EXPECT_TRUE(rotten);
}

TEST(MemoryDisk, a_rename_survives_as_a_whole_or_not_at_all) {
  MemoryDisk disk;
  ASSERT_TRUE(write_file_atomically(disk, "/a", "v", FileMode::normal).ok());
  ASSERT_TRUE(disk.rename("/a", "/b").ok());
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    auto left = disk.after_power_cut(seed);
    EXPECT_EQ(left->list("/").value().size(), 1u) << "seed " << seed;
  }
}

TEST(MemoryDisk, the_same_seed_gives_the_same_disk) {
  MemoryDisk disk;
  auto file = disk.open_append("/a").value();
  ASSERT_TRUE(disk.sync_folder("/").ok());
  ASSERT_TRUE(file->append(std::string(1000, 'x')).ok());
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(disk.after_power_cut(seed)->content("/a").value(),
              disk.after_power_cut(seed)->content("/a").value());
  }
}

TEST(FaultyDisk, fails_the_nth_call_once) {
  MemoryDisk memory;
  FaultyDisk disk(memory, {.fail_at = 2, .code = Code::disk_full});
  ASSERT_TRUE(disk.exists("/a").ok());
  EXPECT_EQ(disk.exists("/a").error().code, Code::disk_full);
  EXPECT_TRUE(disk.exists("/a").ok());
  EXPECT_EQ(disk.calls(), 3u);
  EXPECT_TRUE(disk.struck());
}

TEST(FaultyDisk, fails_for_good_from_the_nth_call_on) {
  MemoryDisk memory;
  FaultyDisk disk(memory, {.fail_at = 2, .lasting = FaultPlan::Lasting::for_good});
  ASSERT_TRUE(disk.exists("/a").ok());
  EXPECT_EQ(disk.exists("/a").error().code, Code::io);
  EXPECT_EQ(disk.exists("/a").error().code, Code::io);
}

TEST(FaultyDisk, a_file_that_failed_must_be_reopened) {
  MemoryDisk memory;
  FaultyDisk disk(memory, {.fail_at = 2});
  auto file = disk.open_append("/a").value();
  EXPECT_FALSE(file->append("abcd").ok());
  EXPECT_FALSE(file->append("efgh").ok());
  EXPECT_FALSE(file->sync().ok());
  EXPECT_EQ(memory.content("/a").value(), "ab") << "half of the failed write arrived";
}

/// Given an old file, when the n-th disk call of its replacement fails, then the old or the new
/// file is there, whole, also after a power cut; and success means that the new one survives the
/// power cut.
void replace_with_fault_at(FaultPlan plan) {
  MemoryDisk memory;
  ASSERT_TRUE(write_file_atomically(memory, "/a", "old bytes", FileMode::secret).ok());
  FaultyDisk disk(memory, plan);
  bool replaced = write_file_atomically(disk, "/a", "new, longer bytes", FileMode::secret).ok();
  auto whole = ::testing::AnyOf("old bytes", "new, longer bytes");
  EXPECT_THAT(memory.content("/a").value(), whole);
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    auto left = memory.after_power_cut(seed);
    SCOPED_TRACE("seed " + std::to_string(seed));
    EXPECT_THAT(left->content("/a").value(), whole);
    EXPECT_EQ(left->mode("/a"), FileMode::secret);
    if (replaced) {
      EXPECT_EQ(left->content("/a").value(), "new, longer bytes");
    }
    EXPECT_TRUE(write_file_atomically(*left, "/a", "later", FileMode::normal).ok());
  }
  EXPECT_TRUE(write_file_atomically(memory, "/a", "later", FileMode::normal).ok());
}

TEST(WriteFileAtomically, leaves_the_old_or_the_new_file_whichever_call_fails) {
  std::uint64_t calls = 0;
  {
    MemoryDisk memory;
    FaultyDisk counting(memory, {});
    ASSERT_TRUE(write_file_atomically(counting, "/a", "bytes", FileMode::normal).ok());
    calls = counting.calls();
  }
  ASSERT_GE(calls, 6u);
  for (std::uint64_t n = 0; n <= calls; ++n) {
    for (auto lasting : {FaultPlan::Lasting::once, FaultPlan::Lasting::for_good}) {
      for (Code code : {Code::io, Code::disk_full}) {
        SCOPED_TRACE("call " + std::to_string(n));
        replace_with_fault_at({n, lasting, code});
      }
    }
  }
}

TEST(WriteFileAtomically, tells_which_call_failed) {
  MemoryDisk memory;
  FaultyDisk disk(memory, {.fail_at = 3, .code = Code::disk_full});
  auto written = write_file_atomically(disk, "/a", "bytes", FileMode::normal);
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code, Code::disk_full);
  EXPECT_FALSE(memory.exists("/a.tmp").value());
}

}  // namespace
}  // namespace bl
