#include "formats/machine.h"
#include "base/testing/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/testing/memory_disk.h"
#include "formats/tests/documents.h"

namespace bl::formats {
namespace {

using testing::at;

constexpr const char* k_cpuinfo =
    "processor\t: 0\nmodel name\t: Fast CPU @ 3GHz\nphysical id\t: 0\ncore id\t\t: 0\n\n"
    "processor\t: 1\nmodel name\t: Fast CPU @ 3GHz\nphysical id\t: 0\ncore id\t\t: 0\n\n"
    "processor\t: 2\nmodel name\t: Fast CPU @ 3GHz\nphysical id\t: 1\ncore id\t\t: 0\n\n"
    "processor\t: 3\nmodel name\t: Fast CPU @ 3GHz\nphysical id\t: 1\ncore id\t\t: 0\n";

class FakeMachine : public ::testing::Test {
 protected:
  void put(const std::string& path, const std::string& text) {
    BL_CHECK(disk_.make_folder("root" + path.substr(0, path.rfind('/'))).ok());
    BL_CHECK(write_file_atomically(disk_, "root" + path, text, FileMode::normal).ok());
  }
  void put_cache(const std::string& index, const char* level, const char* type, const char* size) {
    const std::string folder = "/sys/devices/system/cpu/cpu0/cache/" + index;
    put(folder + "/level", std::string(level) + "\n");
    put(folder + "/type", std::string(type) + "\n");
    put(folder + "/size", std::string(size) + "\n");
  }
  json::Value detect() { return detect_machine(disk_, "root"); }

  MemoryDisk disk_;
};

TEST_F(FakeMachine, is_read_from_proc_and_sys) {
  put("/proc/cpuinfo", k_cpuinfo);
  put("/proc/meminfo", "MemTotal:       16324432 kB\nMemFree: 1 kB\n");
  put("/proc/sys/kernel/hostname", "box\n");
  put("/proc/sys/kernel/osrelease", "6.1.0-13\n");
  put("/proc/sys/kernel/version", "#1 SMP\n");
  put("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "3500000\n");
  put_cache("index0", "1", "Data", "32K");
  put_cache("index1", "1", "Instruction", "48K");
  put_cache("index2", "2", "Unified", "1M");
  put_cache("index3", "3", "Unified", "16384K");
  put("/proc/driver/nvidia/gpus/0000:01/information", "Model: \t NVIDIA H100\nIRQ: 7\n");
  put("/proc/driver/nvidia/gpus/0000:02/information", "Model: \t NVIDIA H100\nIRQ: 8\n");

  json::Value machine = detect();
  for (const char* of_uname : {"architecture_name", "os_name"}) {
    EXPECT_NE(at(machine, of_uname), "\"\"");
    machine.set(of_uname, json::Value());
  }
  EXPECT_EQ(json::to_text(machine),
            R"({"name":"box","architecture_name":null,"kernel_name":"6.1.0-13","os_name":null,)"
            R"("os_version":"#1 SMP","cpu_model_name":"Fast CPU @ 3GHz",)"
            R"("cpu_l1d_cache_bytes":32768,"cpu_l1i_cache_bytes":49152,)"
            R"("cpu_l2_cache_bytes":1048576,"cpu_l3_cache_bytes":16777216,)"
            R"("cpu_core_count":2,"cpu_thread_count":4,"cpu_frequency_max_hz":3500000000,)"
            R"("memory_bytes":17179869184,"gpu_count":2,)"
            R"("gpu_product_names":["NVIDIA H100","NVIDIA H100"]})");
}

TEST_F(FakeMachine, what_is_not_there_is_empty_or_zero) {
  const json::Value machine = detect();
  EXPECT_EQ(machine.members().size(), 16u);
  EXPECT_EQ(at(machine, "name"), "\"\"");
  EXPECT_EQ(at(machine, "cpu_model_name"), "\"\"");
  for (const char* number :
       {"cpu_l1d_cache_bytes", "cpu_l3_cache_bytes", "cpu_core_count", "cpu_thread_count",
        "cpu_frequency_max_hz", "memory_bytes", "gpu_count"}) {
    EXPECT_EQ(at(machine, number), "0") << number;
  }
  EXPECT_EQ(at(machine, "gpu_product_names"), "[]");
}

TEST_F(FakeMachine, without_core_ids_every_thread_is_a_core) {
  put("/proc/cpuinfo", "processor : 0\n\nprocessor : 1\n");
  EXPECT_EQ(at(detect(), "cpu_core_count"), "2");
}

TEST_F(FakeMachine, rubbish_is_zero) {
  put("/proc/meminfo", "MemTotal: lots of kB\nMemTotal\n: \n");
  put("/proc/cpuinfo", ":::\n\xff\n");
  put_cache("index0", "1", "Data", "big");
  put("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "-");
  const json::Value machine = detect();
  EXPECT_EQ(at(machine, "memory_bytes"), "0");
  EXPECT_EQ(at(machine, "cpu_l1d_cache_bytes"), "0");
  EXPECT_EQ(at(machine, "cpu_frequency_max_hz"), "0");
}

TEST(Machine, the_real_one_has_a_name_threads_and_memory) {
  const auto disk = make_real_disk();
  const json::Value machine = detect_machine(*disk);
  EXPECT_EQ(machine.members().size(), 16u);
  EXPECT_NE(at(machine, "name"), "\"\"");
  EXPECT_NE(at(machine, "kernel_name"), "\"\"");
  EXPECT_GE(machine.find("cpu_thread_count")->as_double(), 1);
  EXPECT_GE(machine.find("memory_bytes")->as_double(), 1 << 30);
}

/// A git checkout of its own in a new folder with a blank and a quote in its name.
class GitCheckout : public ::testing::Test {
 protected:
  GitCheckout() {
    git("init -q -b main");
    git("config user.name 'Ada L'");
    git("config user.email ada@example.org");
  }

  void git(const std::string& arguments) {
    const std::string home = "GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null ";
    const std::string command =
        "cd \"" + folder_.path() + "\" && " + home + "git " + arguments + " >/dev/null 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0) << arguments;
  }
  void commit(const std::string& message, const std::string& date) {
    git("-c user.useConfigOnly=true commit -q --allow-empty --date " + date + " -m '" + message +
        "'");
  }
  std::string head() { return detect_git(folder_.path()).commit.value_or(""); }

  TemporaryFolder folder_{TemporaryFolder::Place::disk, "git 'quoted"};
};

TEST_F(GitCheckout, without_a_commit_there_is_none) {
  const GitFacts facts = detect_git(folder_.path());
  EXPECT_FALSE(facts.commit || facts.repository);
}

TEST_F(GitCheckout, tells_commit_and_remote) {
  git("remote add origin git@github.com:org/repo.git");
  commit("first", "2024-08-01T12:00:00Z");
  const GitFacts facts = detect_git(folder_.path());
  EXPECT_EQ(facts.repository, "https://github.com/org/repo");
  ASSERT_TRUE(facts.commit);
  EXPECT_EQ(facts.commit->size(), 40u);
}

TEST_F(GitCheckout, tells_of_the_commit_that_is_asked_for) {
  commit("first", "2024-08-01T12:00:00Z");
  const std::string first = head();
  commit("second", "2024-08-02T12:00:00Z");
  for (const std::string& name : {first, first.substr(0, 10), std::string("HEAD~1")}) {
    EXPECT_EQ(detect_git(folder_.path(), name).commit, first);
  }
}

TEST_F(GitCheckout, a_name_that_git_does_not_know_is_no_command_either) {
  commit("first", "2024-08-01T12:00:00Z");
  git("remote add origin https://github.com/org/repo");
  for (const char* name : {"", "unknown", "--all", "-h", "'; touch made; '", "$(touch made)"}) {
    const GitFacts facts = detect_git(folder_.path(), std::string(name));
    EXPECT_FALSE(facts.commit) << name;
    EXPECT_EQ(facts.repository, "https://github.com/org/repo");
  }
  EXPECT_FALSE(std::filesystem::exists(folder_.at("made")));
}

TEST_F(GitCheckout, remotes_become_web_addresses_without_credentials) {
  git("remote add origin x");
  const std::pair<const char*, std::optional<std::string>> remotes[] = {
      {"https://github.com/org/repo.git", "https://github.com/org/repo"},
      {"https://user:secret@github.com/org/repo/", "https://github.com/org/repo"},
      {"http://host:8080/org/repo", "https://host:8080/org/repo"},
      {"ssh://git@host:2222/org/repo.git", "https://host/org/repo"},
      {"git@gitlab.com:org/sub/repo", "https://gitlab.com/org/sub/repo"},
      {"/srv/repo.git", std::nullopt},
      {"file:///srv/repo.git", std::nullopt},
      {"https://host/", std::nullopt},
      {"git@host", std::nullopt},
  };
  for (const auto& [remote, address] : remotes) {
    git(std::string("remote set-url origin '") + remote + "'");
    EXPECT_EQ(detect_git(folder_.path()).repository, address) << remote;
  }
}

TEST(PullRequest, is_told_by_the_job_of_github_or_gitlab) {
  EXPECT_EQ(detect_pull_request({{"GITHUB_REF", "refs/pull/17/merge"}}), 17);
  EXPECT_EQ(detect_pull_request({{"CI_MERGE_REQUEST_IID", "5"}}), 5);
  EXPECT_EQ(detect_pull_request({}), std::nullopt);
  for (const char* reference : {"refs/heads/main", "refs/pull/", "refs/pull/x/merge", "17"}) {
    EXPECT_EQ(detect_pull_request({{"GITHUB_REF", reference}}), std::nullopt) << reference;
  }
}

}  // namespace
}  // namespace bl::formats
