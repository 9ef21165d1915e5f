#include "objects/local/local_store.h"

#include <gtest/gtest.h>

#include "base/testing/faulty_disk.h"
#include "base/testing/forwarding_disk.h"
#include "objects/tests/world.h"

namespace bl::objects {
namespace {

using testing::code_of;

struct Local {
  testing::TestWorld world;

  Result<std::unique_ptr<LocalStore>> open_on(Disk& disk) {
    return LocalStore::open("/lake", disk, world.random, world.metrics, {});
  }
  std::unique_ptr<LocalStore> open() { return open_on(world.disk).value(); }
  std::vector<std::string> staged() { return world.disk.list("/lake/.benchlake-staging").value(); }
};

TEST(LocalStore, an_acknowledged_object_survives_a_power_cut) {
  Local local;
  const auto store = local.open();
  ASSERT_TRUE(store->put_if_absent("a/b/c", "whole").ok());
  ASSERT_TRUE(store->replace("hint", "one").ok());
  ASSERT_TRUE(store->replace("hint", "two").ok());
  ASSERT_TRUE(write_file_atomically(local.world.disk, "/file", "a file", FileMode::normal).ok());
  ASSERT_TRUE(store->put_file_if_absent("from-file", "/file").ok());
  ASSERT_TRUE(store->put_if_absent("gone", "x").ok());
  ASSERT_TRUE(store->remove("gone").ok());
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto left = local.world.disk.after_power_cut(seed);
    const auto again = local.open_on(*left).value();
    EXPECT_EQ(again->get("a/b/c").value(), "whole");
    EXPECT_EQ(again->get("hint").value(), "two");
    EXPECT_EQ(again->get("from-file").value(), "a file");
    EXPECT_EQ(code_of(again->head("gone")), "not_found");
  }
}

// The file's bytes are synced before it has its key: whatever the moment, what has a key is whole.
TEST(LocalStore, whichever_call_fails_an_object_is_whole_or_absent_and_the_error_says_the_truth) {
  enum class How { put, put_file, replace };
  for (const How how : {How::put, How::put_file, How::replace}) {
    bool struck = true;
    for (std::uint64_t n = 1; struck; ++n) {
      Local local;
      {
        const auto made = local.open();
      }
      ASSERT_TRUE(write_file_atomically(local.world.disk, "/file", "bytes", FileMode::normal).ok());
      const std::string key = "a/b-" + std::to_string(n);
      FaultyDisk faulty(local.world.disk, {});
      auto store = local.open_on(faulty).value();
      const std::uint64_t calls = faulty.calls();
      FaultyDisk striking(local.world.disk, {.fail_at = calls + n});
      store = local.open_on(striking).value();
      const auto put = how == How::put        ? store->put_if_absent(key, "bytes")
                       : how == How::put_file ? store->put_file_if_absent(key, "/file")
                                              : store->replace(key, "bytes");
      struck = striking.struck();
      const auto clean = local.open();
      const auto got = clean->get(key);
      EXPECT_TRUE(got.ok() ? *got == "bytes" : got.error().code == Code::not_found);
      if (put.ok()) {
        EXPECT_TRUE(got.ok());
        for (std::uint64_t seed = 0; seed < 3; ++seed) {
          const auto left = local.world.disk.after_power_cut(seed);
          EXPECT_EQ(local.open_on(*left).value()->get(key).value(), "bytes");
        }
      } else if (put.error().code != Code::outcome_unknown) {
        EXPECT_EQ(code_of(got), "not_found") << put.error().message;
        EXPECT_TRUE(clean->put_if_absent(key, "again").ok());
      }
    }
  }
}

TEST(LocalStore, a_power_cut_during_a_put_leaves_the_whole_object_or_none) {
  for (std::uint64_t n = 1; n < 16; ++n) {
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
      Local local;
      {
        const auto made = local.open();
      }
      FaultyDisk counting(local.world.disk, {});
      static_cast<void>(local.open_on(counting).value());
      FaultyDisk striking(local.world.disk, {counting.calls() + n, FaultPlan::Lasting::for_good});
      const auto store = local.open_on(striking).value();
      static_cast<void>(store->put_if_absent("key", "all of the bytes"));
      const auto left = local.world.disk.after_power_cut(seed);
      const auto got = local.open_on(*left).value()->get("key");
      EXPECT_TRUE(got.ok() ? *got == "all of the bytes" : got.error().code == Code::not_found);
    }
  }
}

TEST(LocalStore, staged_files_are_no_objects_and_are_swept_when_old) {
  Local local;
  const auto store = local.open();
  EXPECT_TRUE(local.staged().empty());
  ASSERT_TRUE(local.world.disk.create("/lake/.benchlake-staging/dead", FileMode::normal).ok());
  local.world.clock.advance(std::chrono::hours(2));
  ASSERT_TRUE(local.world.disk.create("/lake/.benchlake-staging/alive", FileMode::normal).ok());
  EXPECT_TRUE(store->list({}).value().objects.empty());
  EXPECT_EQ(store->sweep_unfinished(local.world.clock.now() - std::chrono::hours(1)).value(), 1u);
  EXPECT_EQ(local.staged(), std::vector<std::string>{"alive"});
  EXPECT_EQ(store->sweep_unfinished(local.world.clock.now() - std::chrono::hours(1)).value(), 0u);
}

TEST(LocalStore, nothing_stays_staged_after_a_put_that_is_refused) {
  Local local;
  const auto store = local.open();
  ASSERT_TRUE(store->put_if_absent("a", "x").ok());
  EXPECT_EQ(code_of(store->put_if_absent("a", "y")), "conflict");
  EXPECT_EQ(code_of(store->put_if_absent("a/b", "y")), "invalid");
  EXPECT_TRUE(local.staged().empty());
}

TEST(LocalStore, a_key_cannot_be_the_folder_of_another) {
  Local local;
  const auto store = local.open();
  ASSERT_TRUE(store->put_if_absent("a/b", "x").ok());
  for (const auto& put : {store->put_if_absent("a", "y"), store->replace("a", "y")}) {
    ASSERT_EQ(code_of(put), "invalid");
    EXPECT_EQ(put.error().message, "an object's key is a folder of others: 'a'");
  }
  for (const auto& put : {store->put_if_absent("a/b/c", "y"), store->replace("a/b/c", "y")}) {
    ASSERT_EQ(code_of(put), "invalid");
    EXPECT_EQ(put.error().message, "an object stands where the key has a folder: 'a/b/c'");
  }
  EXPECT_EQ(code_of(store->get("a")), "not_found");
  EXPECT_EQ(code_of(store->get("a/b/c")), "not_found");
  EXPECT_TRUE(store->remove("a").ok());
  EXPECT_TRUE(store->remove("a/b/c").ok());
  EXPECT_EQ(store->get("a/b").value(), "x");
}

TEST(LocalStore, what_is_no_file_or_no_key_is_left_out_of_lists_and_counted) {
  testing::TestWorld world;
  TemporaryFolder folder;
  const auto disk = make_real_disk();
  const auto store =
      LocalStore::open(folder.path(), *disk, world.random, world.metrics, {}).value();
  ASSERT_TRUE(store->put_if_absent("t/a", "x").ok());
  ASSERT_EQ(symlink("a", (folder.path() + "/t/link").c_str()), 0);
  ASSERT_EQ(symlink(".", (folder.path() + "/t/loop").c_str()), 0);
  std::filesystem::create_directories(folder.path() + "/t/line\nbreak");
  std::filesystem::create_directories(folder.path() + "/empty");
  const Listing listing = store->list({}).value();
  ASSERT_EQ(listing.objects.size(), 1u);
  EXPECT_EQ(listing.objects[0].key, "t/a");
  EXPECT_EQ(listing.skipped, 3u);
  EXPECT_EQ(code_of(store->get("t/link")), "not_found");
}

// The answer of link(2) may be lost on NFS: the second name of the file tells that it was made.
TEST(LocalStore, a_link_whose_answer_was_lost_is_found_by_the_files_names) {
  class Lossy final : public ForwardingDisk {
   public:
    using ForwardingDisk::ForwardingDisk;
    Result<void> link(const std::string& from, const std::string& to) override {
      BL_RETURN_IF_ERROR(ForwardingDisk::link(from, to));
      if (to.find("staging") != std::string::npos) return {};
      return Error{Code::conflict, "the file exists: " + to};
    }
  };
  Local local;
  Lossy lossy(local.world.disk);
  const auto store = local.open_on(lossy).value();
  EXPECT_TRUE(store->put_if_absent("a", "ours").ok());
  EXPECT_EQ(store->get("a").value(), "ours");
  EXPECT_EQ(code_of(store->put_if_absent("a", "others")), "conflict");
  ASSERT_TRUE(write_file_atomically(local.world.disk, "/file", "file", FileMode::normal).ok());
  EXPECT_TRUE(store->put_file_if_absent("b", "/file").ok());
  EXPECT_EQ(code_of(store->put_file_if_absent("b", "/file")), "conflict");
}

TEST(LocalStore, a_folder_that_was_not_synced_leaves_the_outcome_unknown) {
  class Unsynced final : public ForwardingDisk {
   public:
    using ForwardingDisk::ForwardingDisk;
    Result<void> sync_folder(const std::string& folder) override {
      if (folder == "/lake") return Error{Code::io, "cannot sync the folder: " + folder};
      return ForwardingDisk::sync_folder(folder);
    }
  };
  Local local;
  Unsynced unsynced(local.world.disk);
  const auto store = local.open_on(unsynced).value();
  const auto put = store->put_if_absent("a", "x");
  ASSERT_EQ(code_of(put), "outcome_unknown");
  EXPECT_EQ(put.error().message,
            "an object is there, but may not survive a power cut (cannot sync the folder: /lake): "
            "'a'");
  EXPECT_EQ(code_of(store->replace("b", "x")), "outcome_unknown");
}

TEST(LocalStore, a_file_of_another_file_system_is_copied) {
  class TwoFileSystems final : public ForwardingDisk {
   public:
    using ForwardingDisk::ForwardingDisk;
    Result<void> link(const std::string& from, const std::string& to) override {
      if (!from.starts_with("/lake/")) return Error{Code::io, "cannot link the file: " + to};
      return ForwardingDisk::link(from, to);
    }
  };
  Local local;
  TwoFileSystems disk(local.world.disk);
  const auto store = local.open_on(disk).value();
  const std::string bytes = testing::some_bytes((5u << 20) / 2, 3);
  ASSERT_TRUE(write_file_atomically(local.world.disk, "/file", bytes, FileMode::normal).ok());
  ASSERT_TRUE(store->put_file_if_absent("a", "/file").ok());
  EXPECT_TRUE(store->get("a").value() == bytes);
  EXPECT_EQ(local.world.disk.facts("/file")->links, 1u);
  EXPECT_EQ(code_of(store->put_file_if_absent("a", "/file")), "conflict");
  EXPECT_TRUE(local.staged().empty());
}

TEST(LocalStore, a_file_system_without_hard_links_is_refused_at_the_start) {
  class NoLinks final : public ForwardingDisk {
   public:
    using ForwardingDisk::ForwardingDisk;
    Result<void> link(const std::string&, const std::string& to) override {
      return Error{Code::forbidden, "cannot link the file (Operation not permitted): " + to};
    }
  };
  Local local;
  NoLinks disk(local.world.disk);
  const auto opened = local.open_on(disk);
  ASSERT_EQ(code_of(opened), "unsupported");
  EXPECT_TRUE(opened.error().message.starts_with(
      "not supported: objects on a file system without hard links (link(2))"));
  EXPECT_TRUE(opened.error().message.ends_with(": /lake"));
  EXPECT_TRUE(local.staged().empty());
}

TEST(LocalStore, a_full_disk_is_named_as_such) {
  Local local;
  {
    const auto made = local.open();
  }
  FaultyDisk counting(local.world.disk, {});
  static_cast<void>(local.open_on(counting).value());
  FaultyDisk full(local.world.disk,
                  {counting.calls() + 2, FaultPlan::Lasting::for_good, Code::disk_full});
  const auto store = local.open_on(full).value();
  EXPECT_EQ(code_of(store->put_if_absent("a", "bytes")), "disk_full");
}

/// Whoever would change something here fails the test.
class UnchangedDisk final : public ForwardingDisk {
 public:
  using ForwardingDisk::ForwardingDisk;
  Result<std::unique_ptr<File>> create(const std::string& path, FileMode) override {
    return changed(path);
  }
  Result<std::unique_ptr<File>> open_append(const std::string& path) override {
    return changed(path);
  }
  Result<void> make_folder(const std::string& path) override { return changed(path); }
  Result<void> rename(const std::string&, const std::string& to) override { return changed(to); }
  Result<void> link(const std::string&, const std::string& to) override { return changed(to); }
  Result<void> remove(const std::string& path) override { return changed(path); }
  Result<void> sync_folder(const std::string& path) override { return changed(path); }
  Result<std::unique_ptr<DiskLock>> lock(const std::string& path, std::string_view) override {
    return changed(path);
  }

 private:
  static Error changed(const std::string& path) {
    ADD_FAILURE() << "something is changed: " << path;
    return Error{Code::io, "not here"};
  }
};

TEST(ReadOnlyStore, makes_nothing_and_changes_nothing) {
  Local local;
  {
    const auto writer = local.open();
    ASSERT_TRUE(writer->put_if_absent("a/b", "bytes").ok());
  }
  UnchangedDisk disk(local.world.disk);
  ASSERT_TRUE(write_file_atomically(local.world.disk, "/file", "a file", FileMode::normal).ok());
  OpenOptions options;
  options.use = StoreUse::read;
  const auto store = open_store("/lake", {}, local.world.world_on(disk), options).value();
  EXPECT_EQ(store->get("a/b").value(), "bytes");
  EXPECT_EQ(store->head("a/b")->size, 5u);
  EXPECT_EQ(store->list({})->objects.size(), 1u);
  EXPECT_EQ(code_of(store->put_if_absent("c", "x")), "forbidden");
  EXPECT_EQ(code_of(store->put_file_if_absent("c", "/file")), "forbidden");
  EXPECT_EQ(code_of(store->replace("a/b", "x")), "forbidden");
  EXPECT_EQ(code_of(store->remove("a/b")), "forbidden");
  EXPECT_EQ(code_of(store->sweep_unfinished(Timestamp::from_seconds(2'000'000'000))), "forbidden");
  EXPECT_EQ(store->get("a/b").value(), "bytes");
}

TEST(ReadOnlyStore, of_no_folder_is_not_found_and_of_a_file_a_conflict) {
  Local local;
  OpenOptions options;
  options.use = StoreUse::read;
  EXPECT_EQ(code_of(open_store("/lake", {}, local.world.world(), options)), "not_found");
  EXPECT_FALSE(local.world.disk.exists("/lake").value());
  ASSERT_TRUE(write_file_atomically(local.world.disk, "/lake", "a file", FileMode::normal).ok());
  EXPECT_EQ(code_of(open_store("/lake", {}, local.world.world(), options)), "conflict");
}

}  // namespace
}  // namespace bl::objects
