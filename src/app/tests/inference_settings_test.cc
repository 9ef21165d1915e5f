#include "app/inference_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/settings.h"
#include "base/testing/memory_disk.h"

namespace bl::app {
namespace {

using ::testing::HasSubstr;

constexpr const char* k_new_gpu =
    "[hardware.x1]\nvendor = \"X\"\nlabel = \"X1\"\nsort = 20\ntdp_w = 500\npower_kw = 1\n"
    "cost_hyperscaler = 1\ncost_rental = 2\n";

void put(MemoryDisk& disk, const std::string& path, const std::string& text) {
  auto file = disk.create(path, FileMode::normal);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->append(text).ok());
}

TEST(InferenceRegistry, an_operators_files_stand_beside_the_built_in_ones) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.make_folder("/registry").ok());
  put(disk, "/registry/gpus.toml", k_new_gpu);
  put(disk, "/registry/notes.txt", "no registry");
  const auto registry = load_inference_registry({"/registry"}, disk);
  ASSERT_TRUE(registry.ok()) << registry.error().message;
  EXPECT_NE(registry->find_hardware("x1"), nullptr);
  EXPECT_NE(registry->find_hardware("mi355x"), nullptr);
}

TEST(InferenceRegistry, an_unknown_key_is_named_with_file_and_line) {
  MemoryDisk disk;
  std::string text = k_new_gpu;
  text += "colour = \"red\"\n";
  put(disk, "/gpus.toml", text);
  const auto registry = load_inference_registry({"/gpus.toml"}, disk);
  ASSERT_FALSE(registry.ok());
  EXPECT_EQ(registry.error().code, Code::invalid);
  EXPECT_THAT(registry.error().message, HasSubstr("/gpus.toml:9"));
}

TEST(InferenceRegistry, a_file_that_is_not_there_is_an_error_that_names_it) {
  MemoryDisk disk;
  const auto registry = load_inference_registry({"/none.toml"}, disk);
  ASSERT_FALSE(registry.ok());
  EXPECT_EQ(registry.error().code, Code::not_found);
  EXPECT_THAT(registry.error().message, HasSubstr("/none.toml"));
}

Result<InferenceSettings> settings(const std::string& key, const std::string& value) {
  Config::Sources sources;
  sources.flags[key] = value;
  BL_TRY(const Config config, Config::load(config_keys(), sources));
  return inference_settings_from(config);
}

TEST(InferenceSettings, threads_and_queue_have_bounds) {
  EXPECT_FALSE(settings("inference.ingest_parsers", "21").ok());
  EXPECT_FALSE(settings("inference.ingest_writers", "0").ok());
  EXPECT_FALSE(settings("inference.ingest_queue", "1KiB").ok());
  const auto chosen = settings("inference.ingest_parsers", "20");
  ASSERT_TRUE(chosen.ok());
  EXPECT_EQ(chosen->parsers, 20u);
  EXPECT_EQ(chosen->writers, 5u);
}

TEST(InferenceSettings, registries_stand_one_after_the_other) {
  const auto chosen = settings("inference.registry", "/a.toml;/b");
  ASSERT_TRUE(chosen.ok());
  EXPECT_EQ(chosen->registry, (std::vector<std::string>{"/a.toml", "/b"}));
}

}  // namespace
}  // namespace bl::app
