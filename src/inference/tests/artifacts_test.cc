#include "inference/artifacts.h"

#include <gmock/gmock.h>

#include "base/testing/faulty_disk.h"
#include "base/testing/memory_disk.h"
#include "inference/tests/zip_files.h"

namespace bl::inference {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

struct Read {
  std::vector<std::pair<std::string, std::string>> entries;
  std::vector<std::string> skips;  // `path: why`
};

Read read(std::string bytes, const ArtifactLimits& limits = {}) {
  MemoryDisk disk;
  auto file = disk.create("/a.zip", FileMode::normal);
  BL_CHECK(file.ok() && (*file)->append(bytes).ok());
  Read out;
  SkipTracker tracker;
  auto done = read_zip(
      **file, "a.zip", limits, [](std::string_view) { return true; },
      [&](std::string_view name, std::string content) -> Result<void> {
        out.entries.emplace_back(name, std::move(content));
        return {};
      },
      tracker);
  EXPECT_TRUE(done.ok());
  for (const Skip& skip : tracker.examples()) out.skips.push_back(skip.path + ": " + skip.value);
  EXPECT_EQ(tracker.count(SkipReason::bad_zip), tracker.total());
  return out;
}

TEST(ArtifactName, says_what_is_inside_and_what_belongs_together) {
  ArtifactName benchmark =
      classify_artifact("bmk_dsr1_1k1k_fp8_conc64_h200-nv_3_12_1234567890.zip");
  EXPECT_EQ(benchmark.kind, ArtifactKind::benchmark);
  EXPECT_EQ(benchmark.artifact_id, 1234567890);
  ArtifactName log =
      classify_artifact("server_logs_dsr1_1k1k_fp8_conc64_h200-nv_3_9_1234567891.zip");
  EXPECT_EQ(log.kind, ArtifactKind::server_log);
  EXPECT_EQ(log.result, benchmark.result);
  EXPECT_EQ(classify_artifact("results_bmk").kind, ArtifactKind::benchmark_collection);
  EXPECT_EQ(classify_artifact("bmk_agentic_x").kind, ArtifactKind::agentic_benchmark);
  EXPECT_EQ(classify_artifact("eval_results_all").kind, ArtifactKind::evaluation_collection);
  EXPECT_EQ(classify_artifact("eval_dsr1_x").kind, ArtifactKind::evaluation);
  EXPECT_EQ(classify_artifact("eval_server_logs_x").kind, ArtifactKind::other);
  EXPECT_EQ(classify_artifact("run_stats").kind, ArtifactKind::run_stats);
  EXPECT_EQ(classify_artifact("run-stats_1_1234567890.zip").kind, ArtifactKind::run_stats);
  EXPECT_EQ(classify_artifact("multinode_server_logs_x").kind, ArtifactKind::server_log);
  EXPECT_EQ(classify_artifact("something").kind, ArtifactKind::other);
}

TEST(Zip, gives_its_entries_in_their_order) {
  Read zip = read(make_zip({{"b.json", "[1]"}, {"folder/a.json", "{}", false}}));
  EXPECT_THAT(zip.entries, ElementsAre(Pair("b.json", "[1]"), Pair("folder/a.json", "{}")));
  EXPECT_THAT(zip.skips, IsEmpty());
}

TEST(Zip, entries_that_lead_elsewhere_are_skipped_and_the_rest_is_read) {
  Read zip = read(make_zip({{"../up.json", "1"},
                            {"/root.json", "1"},
                            {"a/../../b.json", "1"},
                            {"C:/x.json", "1"},
                            {"a\\..\\b.json", "1"},
                            {"link.json", "/etc/passwd", true, true},
                            {"good.json", "{}"}}));
  EXPECT_THAT(zip.entries, ElementsAre(Pair("good.json", "{}")));
  EXPECT_THAT(zip.skips, ElementsAre("a.zip/../up.json: name leads out of the artifact",
                                     "a.zip//root.json: name leads out of the artifact",
                                     "a.zip/a/../../b.json: name leads out of the artifact",
                                     "a.zip/C:/x.json: name leads out of the artifact",
                                     "a.zip/a\\..\\b.json: name leads out of the artifact",
                                     "a.zip/link.json: no file"));
}

TEST(Zip, archives_in_archives_and_names_that_are_no_text_are_skipped) {
  std::string bytes = make_zip({{"inner.zip", "PK"}, {"logs.tar.gz", "x"}, {"zz.json", "1"}});
  Read zip = read(patched(bytes, "zz.json", "\xff\xfe.json"));
  EXPECT_THAT(zip.entries, IsEmpty());
  EXPECT_THAT(zip.skips, ElementsAre("a.zip/inner.zip: an archive in an archive",
                                     "a.zip/logs.tar.gz: an archive in an archive",
                                     "a.zip/\xef\xbf\xbd\xef\xbf\xbd.json: name is not UTF-8"));
}

TEST(Zip, of_a_name_that_is_there_twice_the_first_stands) {
  std::string bytes = make_zip({{"one.json", "1"}, {"two.json", "2"}});
  Read zip = read(patched(bytes, "two.json", "one.json"));
  EXPECT_THAT(zip.entries, ElementsAre(Pair("one.json", "1")));
  EXPECT_THAT(zip.skips, ElementsAre("a.zip/one.json: a name that is there already"));
}

TEST(Zip, a_bomb_is_refused_and_the_rest_is_read) {
  Read zip = read(make_zip({{"bomb.json", std::string(32 << 20, ' ')}, {"good.json", "{}"}}));
  EXPECT_THAT(zip.entries, ElementsAre(Pair("good.json", "{}")));
  EXPECT_THAT(zip.skips, ElementsAre("a.zip/bomb.json: packed too well to be true"));
}

TEST(Zip, limits_are_named) {
  std::string bytes = make_zip({{"a.json", "0123456789"}, {"b.json", "01"}});
  EXPECT_THAT(read(bytes, {.entry_bytes_max = 5}).skips, ElementsAre("a.zip/a.json: too large"));
  EXPECT_THAT(read(bytes, {.total_bytes_max = 10}).skips,
              ElementsAre("a.zip/b.json: more than an artifact may unpack"));
  EXPECT_THAT(read(bytes, {.entries_max = 1}).skips, ElementsAre("a.zip: too many entries"));
  EXPECT_THAT(read(bytes, {.directory_bytes_max = 10}).skips,
              ElementsAre("a.zip: too many entries"));
  EXPECT_THAT(read(bytes, {.archive_bytes_max = 10}).skips,
              ElementsAre("a.zip: archive too large"));
  EXPECT_THAT(read(bytes, {.name_bytes_max = 3}).skips,
              ElementsAre("a.zip/a.j: name too long", "a.zip/b.j: name too long"));
}

TEST(Zip, a_damaged_entry_is_skipped_and_the_rest_is_read) {
  std::string bytes = make_zip({{"a.json", "damaged", false}, {"b.json", "{}"}});
  Read zip = read(patched(bytes, "damaged", "DAMAGED"));
  EXPECT_THAT(zip.entries, ElementsAre(Pair("b.json", "{}")));
  EXPECT_THAT(zip.skips, ElementsAre("a.zip/a.json: damaged"));
}

TEST(Zip, cut_off_anywhere_it_is_refused_by_name) {
  std::string bytes = make_zip({{"a.json", "[1, 2, 3]"}, {"b.json", "{}"}});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Read zip = read(bytes.substr(0, size));
    EXPECT_THAT(zip.entries, IsEmpty()) << size;
    EXPECT_EQ(zip.skips.size(), 1u) << size;
  }
}

TEST(Zip, whatever_byte_is_wrong_it_ends_well) {
  std::string bytes = make_zip({{"a.json", "[1, 2, 3]"}, {"b.json", "{}"}});
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string wrong = bytes;
    wrong[at] = static_cast<char>(~wrong[at]);
    EXPECT_LE(read(wrong).entries.size(), 2u);
  }
}

TEST(Zip, a_disk_that_fails_is_an_error_and_no_skip) {
  MemoryDisk disk;
  std::string bytes = make_zip({{"a.json", std::string(1000, 'x')}});
  ASSERT_TRUE(write_file_atomically(disk, "/a.zip", bytes, FileMode::normal).ok());
  for (std::uint64_t n = 2; n < 20; ++n) {
    FaultyDisk faulty(disk, {.fail_at = n, .lasting = FaultPlan::Lasting::for_good});
    auto file = faulty.open_read("/a.zip");
    ASSERT_TRUE(file.ok());
    SkipTracker tracker;
    auto done = read_zip(
        **file, "a.zip", {}, [](std::string_view) { return true; },
        [](std::string_view, std::string) -> Result<void> { return {}; }, tracker);
    EXPECT_EQ(done.ok(), !faulty.struck()) << n;
    EXPECT_EQ(tracker.total(), 0u) << n;
  }
}

TEST(Zip, what_is_not_wanted_is_not_unpacked_and_an_error_of_the_sink_ends_the_walk) {
  MemoryDisk disk;
  auto file = disk.create("/a.zip", FileMode::normal);
  ASSERT_TRUE((*file)->append(make_zip({{"a.log", "x"}, {"b.json", "1"}, {"c.json", "2"}})).ok());
  SkipTracker tracker;
  std::vector<std::string> seen;
  auto done = read_zip(
      **file, "a.zip", {}, [](std::string_view name) { return name.ends_with(".json"); },
      [&](std::string_view name, std::string) -> Result<void> {
        seen.emplace_back(name);
        return Error{Code::disk_full, "full"};
      },
      tracker);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, Code::disk_full);
  EXPECT_THAT(seen, ElementsAre("b.json"));
}

TEST(ArtifactFolder, is_read_under_the_same_rules) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.make_folder("/in/results_bmk/sub").ok());
  auto write = [&](const char* path, const char* bytes) {
    ASSERT_TRUE(write_file_atomically(disk, path, bytes, FileMode::normal).ok());
  };
  write("/in/results_bmk/agg_bmk.json", "[]");
  write("/in/results_bmk/sub/x.json", "{}");
  write("/in/results_bmk/more.zip", "PK");
  write("/in/results_bmk/zlarge.json", "0123456789");
  SkipTracker tracker;
  std::vector<std::string> seen;
  auto done = read_artifact_folder(
      disk, "/in/results_bmk", "results_bmk", {.entry_bytes_max = 5},
      [](std::string_view) { return true; },
      [&](std::string_view name, std::string) -> Result<void> {
        seen.emplace_back(name);
        return {};
      },
      tracker);
  EXPECT_TRUE(done.ok());
  EXPECT_THAT(seen, ElementsAre("agg_bmk.json", "sub/x.json"));
  ASSERT_EQ(tracker.examples().size(), 2u);
  EXPECT_EQ(tracker.examples()[0].path, "results_bmk/more.zip");
  EXPECT_EQ(tracker.examples()[1].value, "too large");
}

}  // namespace
}  // namespace bl::inference
