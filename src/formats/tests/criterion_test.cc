#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/memory_disk.h"
#include "formats/tests/documents.h"

namespace bl::formats {
namespace {

using testing::at;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::reasons_of;
using testing::stats_of;

constexpr const char* k_sample =
    R"({"sampling_mode":"Linear","iters":[2.0,4.0],"times":[3.0,10.0]})";

/// A `target/criterion` that tests fill.
class CriterionFolder : public ::testing::Test {
 protected:
  void put(const std::string& folder, const std::string& benchmark,
           const std::string& sample = k_sample) {
    const std::string path = "project/target/criterion/" + folder;
    BL_CHECK(disk_.make_folder(path).ok());
    const auto write = [&](const char* name, const std::string& text) {
      BL_CHECK(write_file_atomically(disk_, path + "/" + name, text, FileMode::normal).ok());
    };
    write("benchmark.json", benchmark);
    write("sample.json", sample);
    write("estimates.json", R"({"mean":{"point_estimate":2}})");
  }
  Reading read(const std::string& folder = "project/target/criterion") {
    auto reading = read_criterion_folder(disk_, folder, {});
    EXPECT_TRUE(reading.ok()) << (reading.ok() ? "" : reading.error().message);
    return reading.ok() ? std::move(reading).value() : Reading{};
  }

  MemoryDisk disk_;
};

TEST_F(CriterionFolder, golden_documents) {
  put("sort/stable/10/new", R"({"group_id":"sort","function_id":"stable","value_str":"10",)"
                            R"("throughput":{"Elements":10},"full_id":"sort/stable/10"})");
  const Reading reading = read();
  ASSERT_EQ(reading.submissions.size(), 2u);
  EXPECT_EQ(json::to_text(reading.submissions[0]),
            R"({"tags":{"params":"stable/10","name":"sort"},)"
            R"("context":{"benchmark_language":"Rust"},"info":{},"github":{},)"
            R"("stats":{"data":[1.5,2.5],"unit":"ns"},"optional_benchmark_info":)"
            R"({"statistics":{"mean":{"point_estimate":2}}}})");
  EXPECT_EQ(at(reading.submissions[1], "tags"),
            R"({"params":"stable/10","metric":"elements","name":"sort"})");
  EXPECT_EQ(at(reading.submissions[1], "stats"),
            R"({"data":[6666666666.666667,4000000000],"unit":"i/s"})");
}

TEST_F(CriterionFolder, throughput_in_bytes_is_bytes_per_second) {
  put("a/new", R"({"group_id":"a","full_id":"a","throughput":{"Bytes":3}})");
  put("b/new", R"({"group_id":"b","full_id":"b","throughput":{"Bits":24}})");
  put("c/new", R"({"group_id":"c","full_id":"c",)"
               R"("throughput":{"ElementsAndBytes":{"elements":1.5,"bytes":3}}})");
  EXPECT_THAT(stats_of(read()),
              ElementsAre("[1.5,2.5] ns", "[2000000000,1200000000] B/s", "[1.5,2.5] ns",
                          "[2000000000,1200000000] B/s", "[1.5,2.5] ns",
                          "[1000000000,600000000] i/s", "[2000000000,1200000000] B/s"));
}

TEST_F(CriterionFolder, only_the_newest_measurement_is_read) {
  put("sort/new", R"({"group_id":"sort","full_id":"sort"})");
  put("sort/base", R"({"group_id":"sort","full_id":"sort"})");
  put("sort/main", R"({"group_id":"sort","full_id":"sort"})");
  put("sort/below/new", R"({"group_id":"sort","full_id":"sort/below"})");
  put("base/new", R"({"group_id":"base","full_id":"base"})");
  EXPECT_EQ(read().submissions.size(), 3u);
}

TEST_F(CriterionFolder, is_found_from_the_folders_above) {
  put("sort/new", R"({"group_id":"sort","full_id":"sort"})");
  for (const char* folder :
       {"project", "project/target", "project/target/criterion", "project/target/criterion/sort"}) {
    EXPECT_EQ(detect_folder(disk_, folder), Format::criterion) << folder;
    EXPECT_EQ(read(folder).submissions.size(), 1u) << folder;
  }
  const auto none = read_criterion_folder(disk_, "elsewhere", {});
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, Code::not_found);
  EXPECT_EQ(detect_folder(disk_, "elsewhere"), std::nullopt);
}

TEST_F(CriterionFolder, a_broken_benchmark_does_not_keep_the_others) {
  const char* benchmark = R"({"group_id":"a","full_id":"a"})";
  put("a/new", benchmark);
  put("b/new", "{");
  put("c/new", R"({"group_id":7})");
  put("d/new", benchmark, R"({"iters":[1],"times":[1,2]})");
  put("e/new", benchmark, R"({"iters":[0],"times":[1]})");
  put("f/new", benchmark, R"({"iters":[1],"times":["1"]})");
  put("g/new", benchmark, R"({"iters":[],"times":[]})");
  const Reading reading = read();
  EXPECT_EQ(reading.submissions.size(), 1u);
  EXPECT_THAT(reasons_of(reading),
              ElementsAre(HasSubstr("b/new/benchmark.json"), HasSubstr("c/new: has no name"),
                          HasSubstr("d/new: the samples cannot be read"),
                          HasSubstr("e/new: sample 0 is no time of some iterations"),
                          HasSubstr("f/new: sample 0 is no time of some iterations"),
                          HasSubstr("g/new: the samples cannot be read")));
}

TEST_F(CriterionFolder, an_instant_has_no_throughput) {
  put("a/new", R"({"group_id":"a","full_id":"a","throughput":{"Bytes":3}})",
      R"({"iters":[1],"times":[0]})");
  const Reading reading = read();
  EXPECT_THAT(stats_of(reading), ElementsAre("[0] ns"));
  EXPECT_THAT(reasons_of(reading), ElementsAre(HasSubstr("throughput: the throughput has no")));
}

TEST(CriterionMessages, give_what_the_folder_gives) {
  const auto reading = read_criterion_messages(
      R"({"reason":"benchmark-complete","id":"a/b/10","iteration_count":[2,4],)"
      R"("measured_values":[3,10],"unit":"us","throughput":[{"per_iteration":3,"unit":"bytes"}],)"
      R"("mean":{"estimate":2}})"
      "\n\n"
      R"({"reason":"benchmark-complete","id":"cut/off","iteration_count":[1],)"
      R"("measured_values":[3],"unit":"cycles","throughput":[]})"
      "\n"
      R"({"reason":"group-complete","group_name":"a/b","benchmarks":["a/b/10"]})"
      "\n",
      "f", {});
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  EXPECT_THAT(stats_of(*reading), ElementsAre("[1500,2500] ns", "[2000000,1200000] B/s"));
  EXPECT_EQ(at(reading->submissions[0], "tags"), R"({"params":"10","name":"a/b"})");
  EXPECT_THAT(reasons_of(*reading),
              ElementsAre("f:3: cycles: the stores have no such unit: cycles"));
}

TEST(CriterionMessages, other_lines_are_refused) {
  for (const char* bytes :
       {"{", "{}", "7", R"({"sampling_mode":"Flat","iters":[1],"times":[1]})"}) {
    const auto reading = read_criterion_messages(bytes, "f.json", {});
    ASSERT_FALSE(reading.ok()) << bytes;
    EXPECT_THAT(reading.error().message, HasSubstr("f.json:1"));
  }
  EXPECT_THAT(read_criterion_messages(R"({"sampling_mode":"Flat"})", "f", {}).error().message,
              HasSubstr("target/criterion"));
}

}  // namespace
}  // namespace bl::formats
