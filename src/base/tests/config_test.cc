#include "base/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace bl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::vector<ConfigKey>& keys() {
  static const std::vector<ConfigKey> k_keys = {
      {"store.uri", ConfigType::text, "", "where the truth is kept"},
      {"http.port", ConfigType::integer, "8080", "port"},
      {"http.body_bytes_max", ConfigType::bytes, "64MiB", "largest body"},
      {"http.idle_ms", ConfigType::duration_ms, "30s", "idle connections are closed after"},
      {"log.json", ConfigType::boolean, "true", "JSON lines"},
      {"oidc.secret", ConfigType::text, "", "client secret", true},
      {"oidc.pin", ConfigType::integer, "0", "a secret number", true},
  };
  return k_keys;
}

Result<Config> from_file(std::string text) {
  return Config::load(keys(), {.file_name = "benchlake.toml", .file_text = std::move(text)});
}

std::vector<std::string> faults_of(const Result<Config>& config) {
  std::vector<std::string> lines;
  if (config.ok()) return lines;
  for (const Fault& fault : config.error().faults) {
    lines.push_back(fault.path + ": " + fault.message + ": " + fault.value);
  }
  return lines;
}

TEST(Config, without_sources_every_key_has_its_default) {
  auto config = Config::load(keys(), {}).value();
  EXPECT_EQ(config.text("store.uri"), "");
  EXPECT_EQ(config.integer("http.port"), 8080);
  EXPECT_EQ(config.integer("http.body_bytes_max"), 64 << 20);
  EXPECT_EQ(config.integer("http.idle_ms"), 30'000);
  EXPECT_TRUE(config.boolean("log.json"));
  EXPECT_EQ(config.origin("http.port"), ConfigOrigin::built_in);
}

TEST(Config, flag_beats_environment_beats_file_beats_default) {
  Config::Sources sources{.file_name = "f", .file_text = "[http]\nport = 1\n"};
  auto port = [&] { return Config::load(keys(), sources).value().integer("http.port"); };
  auto origin = [&] { return Config::load(keys(), sources).value().origin("http.port"); };
  EXPECT_EQ(port(), 1);
  EXPECT_EQ(origin(), ConfigOrigin::file);
  sources.environment["BENCHLAKE_HTTP_PORT"] = "2";
  EXPECT_EQ(port(), 2);
  EXPECT_EQ(origin(), ConfigOrigin::environment);
  sources.flags["http.port"] = "3";
  EXPECT_EQ(port(), 3);
  EXPECT_EQ(origin(), ConfigOrigin::flag);
}

TEST(Config, a_file_holds_values_of_every_type) {
  auto config = from_file(R"(
store.uri = "sqlite:///data/a.db"
[http]
port = 0
body_bytes_max = 4096
idle_ms = "250ms"
[log]
json = false
)");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->text("store.uri"), "sqlite:///data/a.db");
  EXPECT_EQ(config->integer("http.port"), 0);
  EXPECT_EQ(config->integer("http.body_bytes_max"), 4096);
  EXPECT_EQ(config->integer("http.idle_ms"), 250);
  EXPECT_FALSE(config->boolean("log.json"));
}

TEST(Config, an_unknown_key_is_an_error_with_its_line_and_a_guess) {
  EXPECT_THAT(
      faults_of(from_file("[http]\n\nprot = 1\n")),
      ElementsAre(R"(benchlake.toml:3: unknown key, did you mean http.port?: "http.prot")"));
}

TEST(Config, an_unknown_section_is_one_error) {
  EXPECT_THAT(faults_of(from_file("[htpp]\nport = 1\nhost = 2\n")),
              ElementsAre(R"(benchlake.toml:1: unknown section, did you mean http?: "htpp")"));
}

TEST(Config, every_fault_is_told_at_once_in_the_order_of_the_lines) {
  auto config = Config::load(keys(), {.file_name = "f",
                                      .file_text = "port = 1\n"
                                                   "[store]\n"
                                                   "uri = 7\n"
                                                   "[log]\n"
                                                   "json = \"true\"\n"
                                                   "[http]\n"
                                                   "port = 1.5\n"
                                                   "body_bytes_max = [1]\n"
                                                   "idle_ms = 30\n",
                                      .environment = {{"BENCHLAKE_HTTP_PORT", "many"}},
                                      .flags = {{"http.port", ""}, {"zebra.tail", "x"}}});
  EXPECT_THAT(
      faults_of(config),
      ElementsAre(
          R"(f:1: a setting stands in a [section]: "port")", "f:3: store.uri must be a string: 7",
          R"(f:5: log.json must be true or false: "true")",
          "f:7: http.port must be an integer: 1.5",
          "f:8: http.body_bytes_max must be a size such as 4096, \"16KiB\" or \"64MiB\", not an "
          "array: ",
          "f:9: http.idle_ms must be a duration such as \"250ms\", \"5s\", \"2m\" or \"12h\": "
          "\"30\"",
          R"(BENCHLAKE_HTTP_PORT: http.port must be an integer: "many")",
          R"(--http.port: http.port must be an integer: "")",
          R"(--zebra.tail: unknown key: "zebra.tail")"));
  EXPECT_EQ(config.error().code, Code::invalid);
  EXPECT_EQ(
      config.error().message,
      "the configuration: 9 faults, the first: f:1: a setting stands in a [section]: \"port\"");
}

TEST(Config, a_file_that_is_no_toml_is_an_error_with_its_line) {
  auto config = from_file("[http]\nport = \n");
  ASSERT_FALSE(config.ok());
  ASSERT_EQ(config.error().faults.size(), 1u);
  EXPECT_EQ(config.error().faults[0].path, "benchlake.toml:2");
  EXPECT_THAT(config.error().faults[0].message, HasSubstr("not TOML"));
  EXPECT_FALSE(from_file("[http]\nport = 1\nport = 2\n").ok());
  EXPECT_FALSE(from_file("a = \"\xff\"").ok());
}

TEST(Config, an_unknown_variable_of_ours_is_a_warning) {
  auto config = Config::load(keys(), {.environment = {{"BENCHLAKE_HTTP_PROT", "1"},
                                                      {"BENCHLAKE_SHARED", "/data"},
                                                      {"BENCHLAKE_PERF_SEED", "1"},
                                                      {"BENCHLAKE_GITHUB_API", "http://x"},
                                                      {"HOME", "/root"}}})
                    .value();
  EXPECT_THAT(config.warnings(), ElementsAre("unknown environment variable: BENCHLAKE_HTTP_PROT"));
}

TEST(Config, offending_values_of_the_file_are_told_as_json) {
  auto value_of = [](const std::string& value) {
    auto config = from_file("http.port = " + value);
    return config.ok() ? std::string("fine") : config.error().faults.at(0).value;
  };
  EXPECT_EQ(value_of("0x10"), "fine");
  EXPECT_EQ(value_of("-1.5"), "-1.5");
  EXPECT_EQ(value_of("true"), "true");
  EXPECT_EQ(value_of("inf"), "\"inf\"");
  EXPECT_EQ(value_of("2024-08-01"), "\"2024-08-01\"");
  EXPECT_EQ(value_of("\"\\u001b\""), "\"\\u001b\"");
  EXPECT_EQ(value_of("{}"), "");
}

TEST(Config, a_secret_is_never_printed) {
  auto config = Config::load(keys(), {.file_name = "f",
                                      .file_text = "[oidc]\nsecret = 12345\n",
                                      .environment = {{"BENCHLAKE_OIDC_PIN", "12345x"}}});
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.error().faults.size(), 2u);
  EXPECT_THAT(config.error().message, Not(HasSubstr("12345")));
  for (const Fault& fault : config.error().faults) EXPECT_THAT(fault.value, IsEmpty());
}

TEST(Config, durations_need_a_unit) {
  auto idle = [](std::string text) -> std::int64_t {
    auto config = Config::load(keys(), {.flags = {{"http.idle_ms", std::move(text)}}});
    return config.ok() ? config->integer("http.idle_ms") : -1;
  };
  EXPECT_EQ(idle("0"), 0);
  EXPECT_EQ(idle("1ms"), 1);
  EXPECT_EQ(idle("2s"), 2000);
  EXPECT_EQ(idle("3m"), 180'000);
  EXPECT_EQ(idle("4h"), 14'400'000);
  EXPECT_EQ(idle("5d"), 432'000'000);
  for (const char* text : {"", "5", "ms", "-1s", "+1s", "1.5s", " 1s", "1 s", "1S", "1w",
                           "99999999999999999s", "99999999999999999999ms"}) {
    EXPECT_EQ(idle(text), -1) << text;
  }
}

TEST(Config, sizes_are_bytes_or_binary_units) {
  auto size = [](std::string text) -> std::int64_t {
    auto config = Config::load(keys(), {.flags = {{"http.body_bytes_max", std::move(text)}}});
    return config.ok() ? config->integer("http.body_bytes_max") : -1;
  };
  EXPECT_EQ(size("7"), 7);
  EXPECT_EQ(size("7B"), 7);
  EXPECT_EQ(size("7KiB"), 7 << 10);
  EXPECT_EQ(size("7MiB"), 7 << 20);
  EXPECT_EQ(size("7GiB"), std::int64_t{7} << 30);
  for (const char* text : {"", "KiB", "7kb", "7MB", "-7", "7 KiB", "9999999999GiB"}) {
    EXPECT_EQ(size(text), -1) << text;
  }
}

TEST(Config, integers_may_be_negative_and_must_fit) {
  auto port = [](std::string text) {
    return Config::load(keys(), {.flags = {{"http.port", std::move(text)}}});
  };
  EXPECT_EQ(port("-5")->integer("http.port"), -5);
  EXPECT_EQ(port("9223372036854775807")->integer("http.port"),
            std::numeric_limits<std::int64_t>::max());
  EXPECT_FALSE(port("9223372036854775808").ok());
}

TEST(EnvironmentName, is_the_key_in_capitals) {
  EXPECT_EQ(environment_name("http.body_bytes_max"), "BENCHLAKE_HTTP_BODY_BYTES_MAX");
}

TEST(ConfigDeathTest, a_wrong_table_is_a_bug) {
  auto load = [](ConfigKey key) { return Config::load({key}, {}).ok(); };
  EXPECT_DEATH(load({"noseparator", ConfigType::text}), "check failed");
  EXPECT_DEATH(load({"a_b.c", ConfigType::text}), "check failed");
  EXPECT_DEATH(load({"a.b", ConfigType::integer, "x"}), "check failed");
  EXPECT_DEATH((void)Config::load(keys(), {})->text("http.port"), "check failed");
  EXPECT_DEATH((void)Config::load(keys(), {})->integer("no.such"), "check failed");
}

}  // namespace
}  // namespace bl
