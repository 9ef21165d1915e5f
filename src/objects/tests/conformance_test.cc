// What every store promises, held to each of them: the local one on a real and on a forgetful disk,
// the one in memory, and S3 on a real server, with and without a prefix.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "objects/key.h"
#include "objects/open.h"
#include "objects/testing/faulty_store.h"
#include "objects/testing/memory_store.h"
#include "objects/tests/world.h"

namespace bl::objects {
namespace {

using testing::code_of;
using testing::MemoryStore;
using testing::S3Server;
using testing::some_bytes;

enum class Place { real_disk, memory_disk, memory, faultless, s3, s3_prefix, s3_virtual_host };

/// One store with its world.
struct Setting {
  testing::TestWorld world;
  TemporaryFolder folder;
  std::unique_ptr<Disk> real = make_real_disk();
  std::unique_ptr<ObjectStore> inner, store;
  Disk* disk = nullptr;  ///< of put_file_if_absent
  std::string scratch;   ///< a folder of it

  explicit Setting(Place place) {
    disk = place == Place::memory_disk ? static_cast<Disk*>(&world.disk) : real.get();
    scratch = place == Place::memory_disk ? "/scratch" : folder.path() + "/scratch";
    BL_CHECK(disk->make_folder(scratch).ok());
    open(place);
  }

  void open(Place place) {
    switch (place) {
      case Place::real_disk:
        return open_at(folder.path() + "/lake");
      case Place::memory_disk:
        return open_at("file:///lake");
      case Place::memory:
        store = std::make_unique<MemoryStore>(world.clock, *disk);
        return;
      case Place::faultless:
        inner = std::make_unique<MemoryStore>(world.clock, *disk);
        store = std::make_unique<testing::FaultyStore>(*inner, *disk, nullptr);
        return;
      case Place::s3:
      case Place::s3_prefix:
      case Place::s3_virtual_host: {
        S3Server& server = S3Server::shared();
        const std::string prefix = place == Place::s3_prefix ? "some/where" : "";
        std::string uri = S3Server::uri(server.create_bucket(), prefix, server.port());
        if (place == Place::s3_virtual_host) {
          uri.replace(uri.find("127.0.0.1"), 9, "localhost");
          uri += "&path_style=0";
        }
        return open_at(uri);
      }
    }
  }

  void open_at(const std::string& place) {
    OpenOptions options;
    options.s3.multipart_bytes_min = 6u << 20;
    options.s3.part_bytes = 5u << 20;
    options.limits.put_bytes_max = 16u << 20;
    options.limits.get_bytes_max = 16u << 20;
    options.limits.object_bytes_max = 24u << 20;
    auto opened = open_store(place, S3Server::any_credentials(), world.world_on(*disk), options);
    if (!opened.ok()) std::fprintf(stderr, "%s\n", opened.error().message.c_str());
    BL_CHECK(opened.ok());
    store = std::move(opened).value();
  }

  std::string write_file(const std::string& name, std::string_view bytes) const {
    const std::string path = scratch + "/" + name;
    auto file = disk->create(path, FileMode::normal);
    BL_CHECK(file.ok() && (*file)->append(bytes).ok());
    return path;
  }
};

class Conformance : public ::testing::TestWithParam<Place> {
 protected:
  Setting setting_{GetParam()};
  ObjectStore& store_ = *setting_.store;
};

TEST_P(Conformance, an_object_that_was_put_is_there_for_every_call) {
  ASSERT_TRUE(store_.put_if_absent("t/part-1.parquet", "some bytes").ok());
  EXPECT_EQ(store_.get("t/part-1.parquet").value(), "some bytes");
  const ObjectInfo info = store_.head("t/part-1.parquet").value();
  EXPECT_EQ(info.key, "t/part-1.parquet");
  EXPECT_EQ(info.size, 10u);
  const Listing listing = store_.list({}).value();
  ASSERT_EQ(listing.objects.size(), 1u);
  EXPECT_EQ(listing.objects[0].key, "t/part-1.parquet");
  EXPECT_EQ(listing.objects[0].size, 10u);
  // An answer to HEAD says whole seconds.
  EXPECT_NEAR(static_cast<double>(listing.objects[0].modified.micros),
              static_cast<double>(info.modified.micros), 1.1e6);
  EXPECT_GT(info.modified, Timestamp::from_seconds(1'700'000'000));
  EXPECT_FALSE(listing.next.has_value());
  EXPECT_EQ(listing.skipped, 0u);
}

TEST_P(Conformance, a_taken_key_is_refused_even_for_the_same_bytes) {
  ASSERT_TRUE(store_.put_if_absent("key", "first").ok());
  for (const char* bytes : {"second", "first"}) {
    const auto again = store_.put_if_absent("key", bytes);
    ASSERT_EQ(code_of(again), "conflict");
    EXPECT_EQ(again.error().message, "the object exists: 'key'");
  }
  EXPECT_EQ(store_.get("key").value(), "first");
}

TEST_P(Conformance, of_writers_that_race_exactly_one_wins_and_its_bytes_stay) {
  for (int round = 0; round < 8; ++round) {
    const std::string key = "race-" + std::to_string(round);
    std::atomic<int> wins = 0, conflicts = 0, winner = -1;
    std::vector<std::thread> writers;
    for (int writer = 0; writer < 6; ++writer) {
      writers.emplace_back([&, writer] {
        const auto put =
            store_.put_if_absent(key, std::string(2'000, static_cast<char>('a' + writer)));
        if (put.ok()) {
          ++wins;
          winner = writer;
        } else if (put.error().code == Code::conflict) {
          ++conflicts;
        }
      });
    }
    for (std::thread& writer : writers) writer.join();
    EXPECT_EQ(wins, 1);
    EXPECT_EQ(conflicts, 5);
    EXPECT_EQ(store_.get(key).value(), std::string(2'000, static_cast<char>('a' + winner)));
  }
}

TEST_P(Conformance, replace_makes_and_replaces) {
  ASSERT_TRUE(store_.replace("_last_checkpoint", "one").ok());
  EXPECT_EQ(store_.get("_last_checkpoint").value(), "one");
  ASSERT_TRUE(store_.replace("_last_checkpoint", "another").ok());
  EXPECT_EQ(store_.get("_last_checkpoint").value(), "another");
  EXPECT_EQ(store_.head("_last_checkpoint")->size, 7u);
  EXPECT_EQ(code_of(store_.put_if_absent("_last_checkpoint", "x")), "conflict");
}

TEST_P(Conformance, ranges_end_where_the_object_ends) {
  ASSERT_TRUE(store_.put_if_absent("digits", "0123456789").ok());
  ASSERT_TRUE(store_.put_if_absent("empty", "").ok());
  const auto got = [&](const std::string& key, std::uint64_t offset, std::uint64_t size) {
    const auto bytes = store_.get_range(key, {offset, size});
    return bytes.ok() ? *bytes : std::string(name_of(bytes.error().code));
  };
  EXPECT_EQ(got("digits", 0, 10), "0123456789");
  EXPECT_EQ(got("digits", 0, 1), "0");
  EXPECT_EQ(got("digits", 9, 1), "9");
  EXPECT_EQ(got("digits", 3, 4), "3456");
  EXPECT_EQ(got("digits", 8, 100), "89");
  EXPECT_EQ(got("digits", 4, ByteRange::k_to_the_end), "456789");
  EXPECT_EQ(got("digits", 4, ByteRange::k_to_the_end - 1), "456789");
  EXPECT_EQ(got("digits", 10, 5), "");
  EXPECT_EQ(got("digits", 1'000, 5), "");
  EXPECT_EQ(got("digits", 5, 0), "");
  EXPECT_EQ(got("empty", 0, ByteRange::k_to_the_end), "");
  EXPECT_EQ(got("empty", 0, 1), "");
  EXPECT_EQ(got("empty", 0, 0), "");
  EXPECT_EQ(store_.head("empty")->size, 0u);
  EXPECT_EQ(got("absent", 0, 0), "not_found");
  EXPECT_EQ(got("absent", 3, 4), "not_found");
}

TEST_P(Conformance, what_is_not_there_is_not_found_and_may_be_removed) {
  EXPECT_EQ(code_of(store_.get("absent")), "not_found");
  EXPECT_EQ(store_.head("absent").error().message, "no such object: 'absent'");
  EXPECT_EQ(code_of(store_.get("folder/absent")), "not_found");
  EXPECT_TRUE(store_.remove("absent").ok());
  EXPECT_TRUE(store_.remove("folder/absent").ok());
  EXPECT_TRUE(store_.list({}).value().objects.empty());
}

TEST_P(Conformance, a_removed_object_is_gone_for_every_call_and_its_key_is_free) {
  ASSERT_TRUE(store_.put_if_absent("a/b", "one").ok());
  ASSERT_TRUE(store_.remove("a/b").ok());
  EXPECT_EQ(code_of(store_.get("a/b")), "not_found");
  EXPECT_EQ(code_of(store_.head("a/b")), "not_found");
  EXPECT_TRUE(store_.list({}).value().objects.empty());
  ASSERT_TRUE(store_.put_if_absent("a/b", "two").ok());
  EXPECT_EQ(store_.get("a/b").value(), "two");
}

TEST_P(Conformance, keys_come_back_as_they_were_given) {
  const std::vector<std::string> keys = {"month=2024-08/part 1.parquet",
                                         "a+b%20c%2Fd&e=f?g#h.x",
                                         "~!*'()\"<>;:@,|$[]{}^`.x",
                                         "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e/\xc3\xa9.x",
                                         ".hidden/_x",
                                         "back\\slash.x"};
  for (const std::string& key : keys) {
    ASSERT_TRUE(store_.put_if_absent(key, key).ok()) << key;
    EXPECT_EQ(code_of(store_.put_if_absent(key, "x")), "conflict") << key;
    EXPECT_EQ(store_.get(key).value(), key);
    EXPECT_EQ(store_.head(key)->key, key);
    EXPECT_EQ(store_.list({.prefix = key}).value().objects.size(), 1u) << key;
  }
  std::vector<std::string> listed;
  const Listing all = store_.list({}).value();
  for (const ObjectInfo& info : all.objects) listed.push_back(info.key);
  std::vector<std::string> sorted = keys;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(listed, sorted);
  for (const std::string& key : keys) ASSERT_TRUE(store_.remove(key).ok()) << key;
  EXPECT_TRUE(store_.list({}).value().objects.empty());
}

TEST_P(Conformance, what_is_no_key_is_refused_by_every_call) {
  const std::string path = setting_.write_file("file", "x");
  for (const std::string key : {"", "/a", "a//b", "../x", "a/./b", ".benchlake-staging/x", "a\n"}) {
    EXPECT_EQ(code_of(store_.put_if_absent(key, "x")), "invalid") << key;
    EXPECT_EQ(code_of(store_.put_file_if_absent(key, path)), "invalid") << key;
    EXPECT_EQ(code_of(store_.replace(key, "x")), "invalid") << key;
    EXPECT_EQ(code_of(store_.get(key)), "invalid") << key;
    EXPECT_EQ(code_of(store_.head(key)), "invalid") << key;
    EXPECT_EQ(code_of(store_.remove(key)), "invalid") << key;
  }
  EXPECT_EQ(code_of(store_.list({.prefix = "/"})), "invalid");
  EXPECT_EQ(code_of(store_.list({.after = "a//"})), "invalid");
  EXPECT_EQ(code_of(store_.list({.count_max = 0})), "invalid");
  EXPECT_EQ(code_of(store_.list({.count_max = k_list_count_max + 1})), "invalid");
  EXPECT_TRUE(store_.list({}).value().objects.empty());
}

TEST_P(Conformance, files_become_objects_and_remain) {
  const std::string bytes = some_bytes(100'000, 1);
  const std::string path = setting_.write_file("part.parquet", bytes);
  ASSERT_TRUE(store_.put_file_if_absent("t/part.parquet", path).ok());
  EXPECT_EQ(store_.get("t/part.parquet").value(), bytes);
  EXPECT_EQ(code_of(store_.put_file_if_absent("t/part.parquet", path)), "conflict");
  EXPECT_EQ(read_file(*setting_.disk, path, 1u << 20).value(), bytes);
  ASSERT_TRUE(setting_.disk->remove(path).ok());
  EXPECT_EQ(store_.get("t/part.parquet").value(), bytes);
  EXPECT_EQ(code_of(store_.put_file_if_absent("t/other.parquet", path)), "not_found");
  EXPECT_EQ(code_of(store_.head("t/other.parquet")), "not_found");
}

// On S3 they go in three parts.
TEST_P(Conformance, large_objects_are_made_whole_or_not) {
  const std::string bytes = some_bytes(11u << 20, 2);
  const std::string path = setting_.write_file("large", bytes);
  ASSERT_TRUE(store_.put_if_absent("large", bytes).ok());
  EXPECT_EQ(code_of(store_.put_if_absent("large", bytes)), "conflict");
  EXPECT_TRUE(store_.get("large").value() == bytes);
  EXPECT_EQ(store_.get_range("large", {(10u << 20) - 3, 6}).value(),
            bytes.substr((10u << 20) - 3, 6));
  ASSERT_TRUE(store_.put_file_if_absent("large-file", path).ok());
  EXPECT_EQ(code_of(store_.put_file_if_absent("large", path)), "conflict");
  EXPECT_TRUE(store_.get("large-file").value() == bytes);
  ASSERT_TRUE(store_.replace("large", bytes.substr(1)).ok());
  EXPECT_TRUE(store_.get("large").value() == bytes.substr(1));
  EXPECT_EQ(store_.sweep_unfinished(k_timestamp_max).value(), 0u);
}

// Stores for tests have no limits of their own.
class Bounded : public Conformance {};

TEST_P(Bounded, what_is_over_a_limit_is_refused_and_counted) {
  const std::string bytes(25u << 20, 'x');
  const std::string path = setting_.write_file("large", bytes);
  EXPECT_EQ(code_of(store_.put_if_absent("a", std::string_view(bytes).substr(0, (16u << 20) + 1))),
            "too_large");
  EXPECT_EQ(code_of(store_.replace("a", std::string_view(bytes).substr(0, (16u << 20) + 1))),
            "too_large");
  EXPECT_EQ(code_of(store_.put_file_if_absent("a", path)), "too_large");
  EXPECT_EQ(code_of(store_.head("a")), "not_found");
  const std::string smaller =
      setting_.write_file("smaller", std::string_view(bytes).substr(0, 17u << 20));
  ASSERT_TRUE(store_.put_file_if_absent("b", smaller).ok());
  EXPECT_EQ(code_of(store_.get("b")), "too_large");
  EXPECT_EQ(store_.get_range("b", {1u << 20, 16u << 20})->size(), 16u << 20);
  EXPECT_EQ(setting_.world.limit_hits("bytes_max"), 4);
}

TEST_P(Conformance, sweeping_leaves_objects_alone) {
  ASSERT_TRUE(store_.put_if_absent("a", "x").ok());
  EXPECT_EQ(store_.sweep_unfinished(k_timestamp_max).value(), 0u);
  EXPECT_EQ(store_.get("a").value(), "x");
}

TEST_P(Conformance, proves_that_a_key_is_taken_once_and_leaves_nothing) {
  EXPECT_TRUE(prove_put_if_absent(store_, setting_.world.random).ok());
  EXPECT_TRUE(store_.list({}).value().objects.empty());
}

TEST_P(Conformance, an_address_tells_others_where_the_key_is) {
  const std::string address = store_.address("t/a b.parquet");
  EXPECT_TRUE(address.ends_with("t/a b.parquet")) << address;
  EXPECT_EQ(address.find("secret"), std::string::npos);
}

/// Asks page by page.
std::vector<std::string> listed(ObjectStore& store, ListRequest request) {
  std::vector<std::string> keys;
  while (true) {
    const Listing page = store.list(request).value();
    EXPECT_LE(page.objects.size(), request.count_max);
    for (const ObjectInfo& info : page.objects) keys.push_back(info.key);
    if (!page.next) return keys;
    EXPECT_GT(*page.next, request.after);
    request.after = *page.next;
  }
}

// Folders come among names that sort before and after the slash.
TEST_P(Conformance, lists_by_prefix_and_position_as_a_sorted_set_would) {
  static const std::vector<std::string> k_folders = {"a", "a-b", "a0", "b", "B", "a b"};
  static const std::vector<std::string> k_leaves = {"a.x", "-.x", "0.x", "b.x", "a-.x", "a/.x"};
  std::set<std::string> keys;
  for (const std::string& one : k_folders) {
    keys.insert(one + ".x");
    for (const std::string& leaf : k_leaves) keys.insert(one + "/" + leaf);
    keys.insert(one + "/a/b/c.x");
  }
  for (const std::string& key : keys) ASSERT_TRUE(store_.put_if_absent(key, "x").ok()) << key;
  for (const std::string prefix :
       {"", "a", "a/", "a-", "a/a", "a/a/", "b/a/b/c.x", "zzz", "a/.x"}) {
    for (const std::string after :
         {"", "a", "a/", "a-b/a.x", "a.x", "a/a/b", "a0/b.x", "zzz", "B/"}) {
      std::vector<std::string> expected;
      for (const std::string& key : keys) {
        if (key.starts_with(prefix) && key > after) expected.push_back(key);
      }
      EXPECT_EQ(listed(store_, {prefix, after, 1'000}), expected) << prefix << " after " << after;
      EXPECT_EQ(listed(store_, {prefix, after, 17}), expected) << prefix << " after " << after;
    }
  }
  EXPECT_EQ(listed(store_, {"", "", 1}), std::vector<std::string>(keys.begin(), keys.end()));
}

std::string name_of_place(const ::testing::TestParamInfo<Place>& info) {
  static const std::vector<std::string> k_names = {
      "real_disk", "memory_disk", "memory", "faultless", "s3", "s3_prefix", "s3_virtual_host"};
  return k_names[static_cast<std::size_t>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Stores, Conformance,
                         ::testing::Values(Place::real_disk, Place::memory_disk, Place::memory,
                                           Place::faultless, Place::s3, Place::s3_prefix,
                                           Place::s3_virtual_host),
                         name_of_place);

INSTANTIATE_TEST_SUITE_P(Stores, Bounded,
                         ::testing::Values(Place::real_disk, Place::memory_disk, Place::s3),
                         name_of_place);

}  // namespace
}  // namespace bl::objects
