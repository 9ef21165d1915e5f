#include "inference/registry.h"

#include <gmock/gmock.h>

namespace bl::inference {
namespace {

using testing::ElementsAre;
using testing::Field;

std::vector<std::string> faults_of(std::vector<RegistryFile> files) {
  auto registry = Registry::read(files);
  std::vector<std::string> all;
  if (registry.ok()) return all;
  for (const Fault& fault : registry.error().faults) {
    all.push_back(fault.path + ": " + fault.message +
                  (fault.value.empty() ? "" : ": " + fault.value));
  }
  return all;
}

TEST(Registry, built_in_editions_are_read_strictly_and_whole) {
  for (Edition edition : {Edition::april_2026, Edition::september_2026}) {
    const Registry& registry = Registry::built_in(edition);
    EXPECT_TRUE(registry.model_of_prefix("dsr1"));
    EXPECT_TRUE(registry.find_hardware("mi355x"));
    EXPECT_TRUE(registry.is_precision("int4"));
  }
  EXPECT_FALSE(Registry::built_in(Edition::april_2026).model_of_prefix("kimik3"));
  EXPECT_TRUE(Registry::built_in(Edition::september_2026).model_of_prefix("kimik3"));
}

TEST(Registry, an_operators_file_adds_and_replaces) {
  auto files = Registry::built_in_files(k_newest_edition);
  files.push_back({"mine.toml",
                   "[models.ours]\ndisplay = \"Ours\"\nnames = [\"acme/ours\"]\n"
                   "[hardware.h100]\nvendor = \"NVIDIA\"\nlabel = \"H100\"\ntdp_w = 700\n"
                   "power_kw = 1\ncost_hyperscaler = 9\ncost_rental = 9.5\n"});
  auto registry = Registry::read(files);
  ASSERT_TRUE(registry.ok()) << registry.error().message;
  EXPECT_EQ(*registry->model_of_name("acme/ours"), "ours");
  EXPECT_EQ(registry->find_hardware("h100")->cost_rental, 9.5);
  EXPECT_EQ(registry->hardware().size(), Registry::built_in().hardware().size());
}

TEST(Registry, every_unknown_key_is_told_with_its_line) {
  EXPECT_THAT(faults_of({{"a.toml", "[models.x]\ndisplay = \"X\"\ncolor = 1\n\n[modles.y]\n"}}),
              ElementsAre("a.toml:3: unknown key in x: \"color\"",
                          "a.toml:5: unknown section: \"modles\""));
}

TEST(Registry, missing_and_wrong_values_are_told_with_their_line) {
  EXPECT_THAT(faults_of({{"a.toml", "[models.x]\nnames = [\"a\", 5]\n"}}),
              ElementsAre("a.toml:1: display is missing in x",
                          "a.toml:2: names must hold texts that are not empty: 5"));
  EXPECT_THAT(faults_of({{"b.toml", "[frameworks]\nvllm = 3\n"}}),
              ElementsAre("b.toml:2: vllm must be a table: 3"));
}

TEST(Registry, a_name_must_not_mean_two_things) {
  EXPECT_THAT(faults_of({{"a.toml",
                          "[models.x]\ndisplay = \"X\"\nnames = [\"m\"]\n"
                          "[models.y]\ndisplay = \"Y\"\nnames = [\"m\"]\n"}}),
              ElementsAre("a.toml:6: also means x: \"m\""));
}

TEST(Registry, a_file_that_is_no_toml_is_an_error_with_its_line) {
  auto registry = Registry::read({{"a.toml", "[models.x]\ndisplay =\n"}});
  ASSERT_FALSE(registry.ok());
  EXPECT_EQ(registry.error().code, Code::malformed);
  EXPECT_THAT(registry.error().faults, ElementsAre(Field(&Fault::path, "a.toml:2")));
}

// `hwKey__precision` is how fronts are grouped; it must be possible to take it apart.
TEST(Registry, no_key_holds_two_underscores) {
  for (Edition edition : {Edition::april_2026, Edition::september_2026}) {
    const Registry& registry = Registry::built_in(edition);
    for (const Hardware& one : registry.hardware()) EXPECT_EQ(one.key.find('_'), std::string::npos);
    for (const Framework& one : registry.frameworks()) {
      EXPECT_EQ(one.key.find('_'), std::string::npos);
    }
    for (const std::string& one : registry.precisions()) {
      EXPECT_EQ(one.find('_'), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace bl::inference
