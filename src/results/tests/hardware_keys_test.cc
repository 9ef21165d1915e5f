#include "results/hardware_keys.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace bl::results {
namespace {

Hardware machine() {
  Hardware machine;
  machine.name = "m1";
  machine.gpu_count = 0;
  machine.cpu_core_count = 2;
  machine.cpu_thread_count = 4;
  machine.memory_bytes = 17'179'869'184;
  machine.cpu_model_name = "Xeon \"8\"";
  machine.kernel_name = "5.10";
  machine.gpu_product_names = {"A100", "A100"};
  return machine;
}

HardwareKeys keys(const char* text) {
  return HardwareKeys::parse(text).value();
}

std::string hash_with(std::string canonical) {
  std::string hash = "m1-";
  return hash.append(md5_hex(canonical));
}

TEST(HardwareKeys, without_any_the_hash_is_conbenchs) {
  EXPECT_EQ(HardwareKeys().hash_of(machine()), "m1-0-2-4-17179869184");
  EXPECT_EQ(keys("").hash_of(machine()), machine().hash());
  EXPECT_EQ(keys(" ").hash_of(machine()), machine().hash());
  EXPECT_TRUE(keys("").are_conbench());
  EXPECT_EQ(keys("").names(), (std::vector<std::string_view>{"name", "gpu_count", "cpu_core_count",
                                                             "cpu_thread_count", "memory_bytes"}));
}

TEST(HardwareKeys, the_hash_is_the_name_and_the_md5_of_the_fields) {
  EXPECT_EQ(keys("cpu_model_name, memory_bytes").hash_of(machine()),
            hash_with(R"({"cpu_model_name":"Xeon \"8\"","memory_bytes":17179869184})"));
  EXPECT_EQ(keys("gpu_product_names").hash_of(machine()),
            hash_with(R"({"gpu_product_names":["A100","A100"]})"));
  EXPECT_EQ(keys("os_version,cpu_l3_cache_bytes").hash_of(machine()),
            hash_with(R"({"cpu_l3_cache_bytes":null,"os_version":null})"));
  EXPECT_EQ(keys("name").hash_of(machine()), hash_with("{}"));
}

TEST(HardwareKeys, only_the_chosen_fields_count) {
  const HardwareKeys chosen = keys("cpu_model_name");
  Hardware other = machine();
  other.kernel_name = "6.1";
  other.cpu_core_count = 64;
  EXPECT_EQ(chosen.hash_of(other), chosen.hash_of(machine()));
  other.cpu_model_name = "EPYC";
  EXPECT_NE(chosen.hash_of(other), chosen.hash_of(machine()));
  other = machine();
  other.name = "m2";
  EXPECT_NE(chosen.hash_of(other), chosen.hash_of(machine()));
}

TEST(HardwareKeys, their_order_does_not_count_and_the_name_is_always_among_them) {
  const HardwareKeys chosen = keys("os_name,cpu_model_name");
  EXPECT_EQ(chosen.names(), (std::vector<std::string_view>{"name", "cpu_model_name", "os_name"}));
  EXPECT_EQ(chosen.hash_of(machine()), keys("name , cpu_model_name , os_name").hash_of(machine()));
}

TEST(HardwareKeys, a_cluster_keeps_its_hash) {
  Hardware cluster;
  cluster.type = Hardware::Type::cluster;
  cluster.name = "cl";
  cluster.info = json::parse(R"({"b":2,"a":[1,2]})").value();
  EXPECT_EQ(keys("cpu_model_name").hash_of(cluster), "cl-a81c5444fbf095a1a5001299859fbe87");
}

TEST(HardwareKeys, refusals_say_which_part) {
  const auto refusal = [](const char* text) { return HardwareKeys::parse(text).error().message; };
  EXPECT_EQ(refusal("cpu"), "results.hardware_keys: a machine has no such field: 'cpu'");
  EXPECT_EQ(refusal("os_name,,"), "results.hardware_keys: a machine has no such field: ''");
  EXPECT_EQ(refusal("os_name, os_name"), "results.hardware_keys: a field stands twice: 'os_name'");
}

}  // namespace
}  // namespace bl::results
