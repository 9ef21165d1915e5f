#include "app/github_app_settings.h"
#include "base/testing/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "app/legacy_environment.h"
#include "app/settings.h"
#include "base/testing/rsa_key.h"

namespace bl::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class GitHubAppSettings : public ::testing::Test {
 protected:
  GitHubAppSettings() {}

  std::string file_with(const std::string& text) const {
    std::string path = folder_.path();
    path.append("/key.pem");
    std::ofstream(path) << text;
    return path;
  }
  static Result<Settings> settings(std::map<std::string, std::string> old) {
    Config::Sources sources;
    sources.environment = with_legacy_variables(std::move(old)).environment;
    BL_TRY(const Config config, Config::load(config_keys(), sources));
    return settings_from(config);
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(GitHubAppSettings, the_old_variables_name_the_app_that_asks_for_commits) {
  const std::string pem = bl::testing::make_rsa_key_pem();
  const auto read = settings({{"CONBENCH_COMMIT_GITHUB_APP_ID", "123"},
                              {"CONBENCH_COMMIT_GITHUB_APP_INSTALLATION_ID", "7"},
                              {"CONBENCH_COMMIT_GITHUB_APP_PRIVATE_KEY_FILE", file_with(pem)}});
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->commits.github_app.app_id, "123");
  EXPECT_EQ(read->commits.github_app.installation_id, "7");
  EXPECT_EQ(read->commits.github_app.private_key_pem, pem);
  EXPECT_FALSE(read->alerts.github_app.is_set());
}

TEST_F(GitHubAppSettings, an_app_sends_alerts_in_place_of_a_token) {
  const std::string file = file_with(bl::testing::make_rsa_key_pem());
  const auto read = settings({{"CONBENCH_ALERT_GITHUB_REPOSITORY", "org/repo"},
                              {"BENCHLAKE_ALERTS_GITHUB_APP_ID", "123"},
                              {"BENCHLAKE_ALERTS_GITHUB_APP_KEY_FILE", file}});
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_TRUE(read->alerts.github_app.is_set());
  EXPECT_EQ(read->alerts.github->repository, "https://github.com/org/repo");
}

TEST_F(GitHubAppSettings, half_an_app_two_ways_and_files_without_a_key_are_refused) {
  const std::string good = file_with(bl::testing::make_rsa_key_pem());
  const auto refusal = [](std::map<std::string, std::string> old) {
    const auto read = settings(std::move(old));
    return read.ok() ? std::string() : read.error().message;
  };
  EXPECT_THAT(refusal({{"BENCHLAKE_COMMITS_GITHUB_APP_ID", "1"}}),
              HasSubstr("missing: commits.github_app_key_file"));
  EXPECT_THAT(refusal({{"BENCHLAKE_COMMITS_GITHUB_APP_KEY_FILE", good}}),
              HasSubstr("missing: commits.github_app_id"));
  EXPECT_THAT(refusal({{"BENCHLAKE_COMMITS_GITHUB_APP_ID", "1"},
                       {"BENCHLAKE_COMMITS_GITHUB_APP_KEY_FILE", good},
                       {"GITHUB_API_TOKEN", "t"}}),
              HasSubstr("commits.github_app_id and commits.github_tokens are two ways"));
  EXPECT_THAT(refusal({{"BENCHLAKE_COMMITS_GITHUB_APP_ID", "1"},
                       {"BENCHLAKE_COMMITS_GITHUB_APP_KEY_FILE", good + ".none"}}),
              HasSubstr("commits.github_app_key_file"));
  const std::string no_key =
      refusal({{"BENCHLAKE_ALERTS_GITHUB_APP_ID", "1"},
               {"BENCHLAKE_ALERTS_GITHUB_APP_KEY_FILE", file_with("a secret that is no key")}});
  EXPECT_THAT(no_key, HasSubstr("not an RSA private key"));
  EXPECT_THAT(no_key, Not(HasSubstr("a secret that")));
}

}  // namespace
}  // namespace bl::app
