#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/testing/faulty_disk.h"
#include "base/testing/memory_disk.h"
#include "base/testing/temporary_folder.h"
#include "gate/baseline.h"
#include "gate/tests/made_benchmarks.h"

namespace bl::gate {
namespace {

using testing::HasSubstr;
using testing::Not;

Baseline recorded() {
  Baseline baseline{.architecture = "linux-x86_64",
                    .recorded_at = *parse_rfc3339("2026-05-19T05:57:58Z"),
                    .benchmarks = {benchmark("tests/a.py::test_read[1]", {{0.5, 0.25}, {0.75}})},
                    .machine = {{{"cpu", "A 1"}, {"threads", "2"}}},
                    .provenance = {{"commit", "0123abcd"}}};
  Benchmark memory = timed("z memory", {2048, 2048});
  memory.main.unit = "B";
  baseline.benchmarks.push_back(std::move(memory));
  baseline.benchmarks[0].extras["rows"] = {.better = Direction::more_is_better,
                                           .rounds = {{3}, {3}}};
  return baseline;
}

TEST(Baseline, the_flat_file_is_that_of_the_contract) {
  EXPECT_EQ(flat_text(recorded()),
            "{\n"
            "  \"version\": 1,\n"
            "  \"arch\": \"linux-x86_64\",\n"
            "  \"recorded_at\": \"2026-05-19T05:57:58Z\",\n"
            "  \"benchmarks\": [\n"
            "    {\"name\": \"tests/a.py::test_read[1]\", \"median\": 0.5, \"stddev\": 0.25, "
            "\"rounds\": 3, \"unit\": \"seconds\"}\n"
            "  ]\n"
            "}\n");
}

TEST(Baseline, the_sidecar_has_everything_else) {
  EXPECT_EQ(
      detail_text(recorded()),
      R"({"version":1,"arch":"linux-x86_64","recorded_at":"2026-05-19T05:57:58Z",)"
      R"("baseline_sha256":"11854a813d113f0f739839e05927200916b3a4c787f61fa2bb0a11e680b57a89",)"
      R"("machine_fingerprint":"345c1ee85efe0b29","machine":{"cpu":"A 1","threads":"2"},)"
      R"("provenance":{"commit":"0123abcd"},"benchmarks":[{"name":"tests/a.py::test_read[1]",)"
      R"("scenario":"s","unit":"s","better":"less",)"
      R"("percentiles":{"p50":0.5,"p95":0.725,"p99":0.745},"rounds":[[0.5,0.25],[0.75]],)"
      R"("extras":{"rows":{"unit":"","better":"more","percentiles":{"p50":3,"p95":3,"p99":3},)"
      R"("rounds":[[3],[3]]}}},{"name":"z memory","scenario":"s","unit":"B","better":"less",)"
      R"("percentiles":{"p50":2048,"p95":2048,"p99":2048},"rounds":[[2048],[2048]],"extras":{}}]})"
      "\n");
}

TEST(Baseline, what_was_written_is_read) {
  MemoryDisk disk;
  const Baseline written = recorded();
  ASSERT_TRUE(write_baseline(disk, "baselines/linux-x86_64.json", written).ok());
  const auto read = read_baseline(disk, "baselines/linux-x86_64.json");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->architecture, "linux-x86_64");
  EXPECT_EQ(read->recorded_at, written.recorded_at);
  EXPECT_EQ(read->machine, written.machine);
  EXPECT_EQ(read->provenance, written.provenance);
  EXPECT_TRUE(read->warnings.empty());
  ASSERT_EQ(read->benchmarks.size(), 2u);
  EXPECT_EQ(read->benchmarks[0].main, written.benchmarks[0].main);
  EXPECT_EQ(read->benchmarks[0].extras, written.benchmarks[0].extras);
}

TEST(Baseline, a_sidecar_of_another_baseline_is_passed_over_aloud) {
  MemoryDisk disk;
  Baseline baseline = recorded();
  ASSERT_TRUE(write_baseline(disk, "b/linux-x86_64.json", baseline).ok());
  baseline.benchmarks[0].main.rounds = {{9}};
  disk.overwrite("b/linux-x86_64.json", flat_text(baseline));
  const auto read = read_baseline(disk, "b/linux-x86_64.json");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->benchmarks[0].summary->median, 9);
  EXPECT_TRUE(read->benchmarks[0].main.rounds.empty());
  EXPECT_FALSE(read->machine.is_known());
  ASSERT_EQ(read->warnings.size(), 1u);
  EXPECT_THAT(read->warnings[0], HasSubstr("belongs to another baseline"));
}

TEST(Baseline, whenever_writing_fails_the_old_or_the_new_figures_are_there) {
  Baseline older = recorded(), newer = recorded();
  newer.benchmarks[0].main.rounds = {{9}};
  for (std::uint64_t n = 1;; ++n) {
    MemoryDisk disk;
    ASSERT_TRUE(write_baseline(disk, "b/linux-x86_64.json", older).ok());
    FaultyDisk faulty(disk, {.fail_at = n, .lasting = FaultPlan::Lasting::for_good});
    const bool is_written = write_baseline(faulty, "b/linux-x86_64.json", newer).ok();
    const auto after = disk.after_power_cut(n);
    const auto read = read_baseline(*after, "b/linux-x86_64.json");
    ASSERT_TRUE(read.ok()) << n << read.error().message;
    const double median = read->benchmarks[0].summary->median;
    EXPECT_TRUE(median == 9 || (!is_written && median == 0.5)) << n;
    if (!faulty.struck()) break;
  }
}

TEST(Baseline, one_that_only_has_the_flat_file_is_read) {
  const auto read = parse_baseline(
      R"({"version":1,"arch":"darwin-arm64","recorded_at":"2026-05-19T05:57:58Z","benchmarks":[
          {"name":"b","median":1.5,"stddev":0.2,"rounds":41,"unit":"seconds"},
          {"name":"a","median":0.002,"stddev":0,"rounds":1,"unit":"seconds"}]})",
      "f");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->benchmarks[0].name, "a");
  EXPECT_EQ(read->benchmarks[1].summary, (Summary{1.5, 0.2, 41}));
}

TEST(Baseline, what_pytest_benchmark_writes_itself_is_read) {
  const auto read = parse_baseline(
      R"({"machine_info":{"system":"Linux","machine":"aarch64"},"commit_info":{"id":"abc"},
          "datetime":"2026-05-19T05:57:58.123456+00:00","version":"4.0.0","benchmarks":[
          {"name":"t[1]","fullname":"tests/a.py::t[1]","extra_info":{"rows":10},
           "stats":{"median":0.5,"stddev":0.1,"rounds":3,"data":[0.4,0.5,0.6]}},
          {"name":"u","fullname":"tests/a.py::u",
           "stats":{"median":0.25,"stddev":0.1,"rounds":7}}]})",
      "f");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->architecture, "linux-arm64");
  ASSERT_EQ(read->benchmarks.size(), 2u);
  EXPECT_EQ(read->benchmarks[0].name, "tests/a.py::t[1]");
  EXPECT_EQ(read->benchmarks[0].main.rounds, (Rounds{{0.4, 0.5, 0.6}}));
  EXPECT_EQ(read->benchmarks[0].extras.at("rows").rounds, (Rounds{{10}}));
  EXPECT_EQ(read->benchmarks[1].summary, (Summary{0.25, 0.1, 7}));
}

TEST(Baseline, a_hostile_file_is_refused_with_its_place) {
  const auto fault = [](const char* text) {
    const auto read = parse_baseline(text, "f.json");
    return read.ok() ? std::string("was taken") : read.error().message;
  };
  const auto with = [&](const std::string& entry) {
    return fault((R"({"version":1,"arch":"a","recorded_at":"2026-05-19T05:57:58Z","benchmarks":[)" +
                  entry + "]}")
                     .c_str());
  };
  EXPECT_THAT(fault("{"), HasSubstr("f.json"));
  EXPECT_THAT(fault("[]"), HasSubstr("an array of benchmarks"));
  EXPECT_THAT(fault(R"({"version":2,"benchmarks":[]})"), HasSubstr("version must be 1: 2"));
  EXPECT_THAT(fault(R"({"benchmarks":[]})"), HasSubstr("version must be 1: absent"));
  EXPECT_THAT(fault(R"({"version":1,"arch":3,"recorded_at":"x","benchmarks":[]})"),
              HasSubstr("arch"));
  EXPECT_THAT(with("7"), HasSubstr("#/benchmarks/0"));
  EXPECT_THAT(with(R"({"name":"a","median":0,"stddev":0,"rounds":1,"unit":"seconds"})"),
              HasSubstr("/median"));
  EXPECT_THAT(with(R"({"name":"a","median":1,"stddev":-1,"rounds":1,"unit":"seconds"})"),
              HasSubstr("/stddev"));
  EXPECT_THAT(with(R"({"name":"a","median":1,"stddev":0,"rounds":0.5,"unit":"seconds"})"),
              HasSubstr("/rounds"));
  EXPECT_THAT(with(R"({"name":"a","median":1,"stddev":0,"rounds":1,"unit":"s"})"),
              HasSubstr("seconds"));
  EXPECT_THAT(with(R"({"name":"a","median":1,"stddev":0,"rounds":1,"unit":"seconds","x":1})"),
              HasSubstr("is no member of version 1"));
  const std::string entry = R"({"name":"a","median":1,"stddev":0,"rounds":1,"unit":"seconds"})";
  EXPECT_THAT(with(entry + "," + entry), HasSubstr("a name that comes twice: a"));
}

TEST(Baseline, a_hostile_sidecar_is_refused) {
  const auto fault = [](const std::string& benchmarks) {
    const auto read = parse_detail(
        R"({"version":1,"arch":"a","recorded_at":"2026-05-19T05:57:58Z","benchmarks":)" +
            benchmarks + "}",
        "d.json");
    return read.ok() ? std::string("was taken") : read.error().message;
  };
  EXPECT_THAT(fault("[]"), HasSubstr("was taken"));
  EXPECT_THAT(fault("[1]"), HasSubstr("must be an object"));
  EXPECT_THAT(fault(R"([{"name":"a","unit":"s","better":"less","rounds":[]}])"),
              HasSubstr("/rounds: is empty"));
  EXPECT_THAT(fault(R"([{"name":"a","unit":"s","better":"less","rounds":[[]]}])"),
              HasSubstr("must be an array of numbers"));
  EXPECT_THAT(fault(R"([{"name":"a","unit":"s","better":"less","rounds":[[0]]}])"),
              HasSubstr("above zero"));
  EXPECT_THAT(fault(R"([{"name":"a","unit":"s","better":"never","rounds":[[1]]}])"),
              HasSubstr("must be less or more"));
}

TEST(Baseline, another_architecture_falls_back_on_the_canonical_one) {
  MemoryDisk disk;
  EXPECT_EQ(choose_baseline(disk, "b", "linux-arm64"), std::nullopt);
  ASSERT_TRUE(write_baseline(disk, "b/linux-x86_64.json", recorded()).ok());
  EXPECT_EQ(choose_baseline(disk, "b", "linux-arm64"), "b/linux-x86_64.json");
  ASSERT_TRUE(write_baseline(disk, "b/linux-arm64.json", recorded()).ok());
  EXPECT_EQ(choose_baseline(disk, "b", "linux-arm64"), "b/linux-arm64.json");
}

TEST(Machine, differences_name_each_fact) {
  const Machine here{{{"cpu", "A"}, {"threads", "2"}}}, there{{{"cpu", "B"}, {"governor", "x"}}};
  EXPECT_THAT(there.differences(here),
              testing::ElementsAre("cpu: B, here A", "governor: x, here unknown",
                                   "threads: unknown, here 2"));
  EXPECT_TRUE(here.differences(here).empty());
  EXPECT_NE(here.fingerprint(), there.fingerprint());
  EXPECT_EQ(here.fingerprint().size(), 16u);
  EXPECT_EQ(Machine().fingerprint(), "");
}

TEST(Machine, a_virtual_one_is_itself_until_it_is_started_again) {
  const TemporaryFolder folder;
  const auto disk = make_real_disk();
  const auto here = [&](const std::string& flags, const std::string& boot) {
    std::filesystem::create_directories(folder.path() + "/proc/sys/kernel/random");
    std::ofstream(folder.path() + "/proc/cpuinfo")
        << "processor : 0\nflags\t: fpu" << flags << "\n";
    std::ofstream(folder.path() + "/proc/sys/kernel/random/boot_id") << boot << "\n";
    return detect_machine(*disk, folder.path());
  };
  const Machine first = here(" hypervisor lahf_lm", "2f1d837b");
  EXPECT_EQ(first, here(" hypervisor lahf_lm", "2f1d837b"));
  const Machine again = here(" hypervisor lahf_lm", "9a0c1b2d");
  EXPECT_NE(first.fingerprint(), again.fingerprint());
  ASSERT_EQ(first.differences(again).size(), 1u);
  EXPECT_THAT(first.differences(again)[0], HasSubstr("virtual_machine: "));
  EXPECT_EQ(here("", "2f1d837b"), here("", "9a0c1b2d"));
}

TEST(Machine, this_one_is_known) {
  const auto disk = make_real_disk();
  const Machine here = detect_machine(*disk);
  EXPECT_TRUE(here.facts.contains("kernel"));
  EXPECT_EQ(here, detect_machine(*disk));
  EXPECT_THAT(architecture(), HasSubstr("-"));
  EXPECT_THAT(architecture(), Not(HasSubstr("aarch64")));
}

}  // namespace
}  // namespace bl::gate
