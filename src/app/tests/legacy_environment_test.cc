#include "app/legacy_environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "app/settings.h"

namespace bl::app {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string value_of(const std::map<std::string, std::string>& old, const char* key) {
  const auto settings = with_legacy_variables(old);
  const auto found = settings.environment.find(environment_name(key));
  return found == settings.environment.end() ? "" : found->second;
}

TEST(LegacyEnvironment, every_variable_sets_a_key_that_there_is_and_is_documented) {
  std::ifstream file(std::string(std::getenv("BL_TEST_SOURCE")) + "/docs/configuration.md");
  std::ostringstream docs;
  docs << file.rdbuf();
  for (const LegacyVariable& variable : legacy_variables()) {
    const std::string row =
        "| `" + std::string(variable.name) + "` | " +
        (variable.key.empty() ? std::string("nothing") : "`" + std::string(variable.key) + "`") +
        " | " + std::string(variable.what) + " |";
    EXPECT_THAT(docs.str(), HasSubstr(row));
    if (variable.key.empty()) continue;
    EXPECT_TRUE(std::ranges::any_of(config_keys(), [&](const ConfigKey& key) {
      return key.name == variable.key;
    })) << variable.key;
  }
}

TEST(LegacyEnvironment, parts_of_a_database_become_one_uri) {
  EXPECT_EQ(value_of({{"DB_HOST", "db"}, {"DB_USERNAME", "me"}, {"DB_PASSWORD", "p@s/s:w"}},
                     "server.store"),
            "postgres://me:p%40s%2Fs%3Aw@db:5432/conbench_prod");
  EXPECT_EQ(value_of({{"DB_HOST", "db"}, {"APPLICATION_NAME", "Perf"}, {"DB_PORT", "6000"}},
                     "server.store"),
            "postgres://db:6000/perf_prod");
  EXPECT_EQ(value_of({{"DB_NAME", "x"}}, "server.store"), "");
}

TEST(LegacyEnvironment, a_host_is_a_name_an_address_or_the_folder_of_a_socket) {
  const auto uri = [](const char* host) { return value_of({{"DB_HOST", host}}, "server.store"); };
  EXPECT_EQ(uri("/var/run/postgresql"), "postgres://%2Fvar%2Frun%2Fpostgresql:5432/conbench_prod");
  EXPECT_EQ(uri("/tmp/a b:c"), "postgres://%2Ftmp%2Fa%20b%3Ac:5432/conbench_prod");
  EXPECT_EQ(uri("10.0.0.7"), "postgres://10.0.0.7:5432/conbench_prod");
  EXPECT_EQ(uri("::1"), "postgres://[::1]:5432/conbench_prod");
  EXPECT_EQ(uri("[::1]"), "postgres://[::1]:5432/conbench_prod");
}

TEST(LegacyEnvironment, alerts_go_to_github_where_a_repository_is_named) {
  const std::string repository = "CONBENCH_ALERT_GITHUB_REPOSITORY";
  EXPECT_EQ(value_of({{repository, "org/repo"}, {"CONBENCH_ALERT_GITHUB_TOKEN", "t"}},
                     "alerts.github_token"),
            "t");
  EXPECT_EQ(value_of({{repository, "org/repo"}, {"GITHUB_TOKEN", "a"}, {"GITHUB_API_TOKEN", "b"}},
                     "alerts.github_token"),
            "a");
  EXPECT_EQ(
      value_of({{repository, "org/repo"}, {"GITHUB_API_TOKEN", "b,c"}}, "alerts.github_token"),
      "b");
  const std::map<std::string, std::string> with_app = {
      {repository, "org/repo"}, {"GITHUB_TOKEN", "a"}, {"BENCHLAKE_ALERTS_GITHUB_APP_ID", "7"}};
  EXPECT_EQ(value_of(with_app, "alerts.github_token"), "");
  const auto alone =
      with_legacy_variables({{"CONBENCH_ALERT_GITHUB_TOKEN", "t"}, {"GITHUB_TOKEN", "someone's"}});
  EXPECT_THAT(alone.notes,
              ElementsAre("CONBENCH_ALERT_GITHUB_TOKEN has no effect: no repository is "
                          "set for alerts.github_token"));
  EXPECT_FALSE(alone.environment.contains("BENCHLAKE_ALERTS_GITHUB_TOKEN"));
}

TEST(LegacyEnvironment, our_own_variable_goes_before_and_the_newer_of_theirs_before_the_older) {
  EXPECT_EQ(
      value_of({{"BENCHLAKE_SERVER_STORE", "sqlite://a.db"}, {"DATABASE_URL", "postgres://b/c"}},
               "server.store"),
      "sqlite://a.db");
  EXPECT_EQ(value_of({{"CONBENCH_DB_URL", "postgres://a/b"},
                      {"DATABASE_URL", "postgres://c/d"},
                      {"DB_HOST", "e"}},
                     "server.store"),
            "postgres://a/b");
  EXPECT_EQ(value_of({{"DATABASE_URL", "mysql://c/d"}}, "server.store"), "");
}

TEST(LegacyEnvironment, truth_is_what_the_old_program_took_for_it) {
  for (const char* yes : {"yes", "Y", "1", "ON", "true"})
    EXPECT_EQ(value_of({{"BENCHMARKS_DATA_PUBLIC", yes}}, "access.public_reads"), "true") << yes;
  for (const char* no : {"no", "0", "off", "anything"})
    EXPECT_EQ(value_of({{"BENCHMARKS_DATA_PUBLIC", no}}, "access.public_reads"), "false") << no;
  EXPECT_EQ(value_of({{"FLASK_ENV", "development"}}, "server.test_aids"), "true");
  EXPECT_EQ(value_of({{"FLASK_ENV", "production"}}, "server.test_aids"), "false");
}

TEST(LegacyEnvironment, what_the_old_programs_took_for_granted_is_set_beside) {
  EXPECT_EQ(value_of({{"GOOGLE_CLIENT_ID", "x"}}, "access.oidc_issuer"),
            "https://accounts.google.com");
  EXPECT_EQ(value_of({{"GOOGLE_CLIENT_ID", "x"}, {"CONBENCH_OIDC_ISSUER_URL", "https://idp"}},
                     "access.oidc_issuer"),
            "https://idp");
  EXPECT_EQ(value_of({{"CONBENCH_ADDR", ":8080"}}, "server.http"), "0.0.0.0:8080");
  EXPECT_EQ(value_of({{"CONBENCH_ADDR", ":8080"}}, "access.public_reads"), "true");
  EXPECT_EQ(value_of({{"CONBENCH_ADDR", ":8080"}, {"BENCHMARKS_DATA_PUBLIC", "no"}},
                     "access.public_reads"),
            "false");
}

TEST(LegacyEnvironment, each_is_noted_and_no_note_has_a_value) {
  const auto settings = with_legacy_variables({{"REGISTRATION_KEY", "hunter2"},
                                               {"CREATE_ALL_TABLES", "true"},
                                               {"SVS_TYPE", "mean"},
                                               {"BENCHLAKE_RESULTS_SUMMARY", "best"}});
  EXPECT_THAT(settings.notes,
              ElementsAre("REGISTRATION_KEY sets access.registration_key",
                          "SVS_TYPE is overruled by the environment's own results.summary",
                          "CREATE_ALL_TABLES has no effect: store.migrate says whether a start "
                          "makes tables"));
  EXPECT_THAT(settings.notes, Not(Contains(HasSubstr("hunter2"))));
}

}  // namespace
}  // namespace bl::app
