#include "app/open_files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace bl::app {
namespace {

class OpenFiles : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0); }
  void TearDown() override { setrlimit(RLIMIT_NOFILE, &before_); }

  /// connections_max after fitting into these limits of the process.
  std::size_t fitted(rlim_t soft, rlim_t hard, std::size_t connections_max) {
    const rlimit limit{soft, hard};
    BL_CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    Settings settings;
    settings.http.limits.connections_max = connections_max;
    fit_open_files(settings, log_);
    return settings.http.limits.connections_max;
  }
  rlim_t soft_limit() const {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
  }
  std::vector<std::string> warnings() {
    log_.flush();
    return lines_;
  }

 private:
  rlimit before_{};
  SystemClock clock_;
  std::vector<std::string> lines_;
  Log log_{clock_, LogLevel::warning, [this](std::string_view line) { lines_.emplace_back(line); }};
};

TEST_F(OpenFiles, the_limit_of_the_process_is_raised_as_far_as_needed) {
  rlimit all{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &all), 0);
  if (all.rlim_max < 2'000) GTEST_SKIP() << "this machine allows fewer open files";
  EXPECT_EQ(fitted(256, all.rlim_max, 1'000), 1'000u);
  EXPECT_GT(soft_limit(), 1'000u);
  EXPECT_LT(soft_limit(), 2'000u);
  EXPECT_TRUE(warnings().empty());
}

TEST_F(OpenFiles, a_limit_that_suffices_is_left_alone) {
  const rlim_t soft = soft_limit();
  EXPECT_EQ(fitted(soft, soft, 10), 10u);
  EXPECT_EQ(soft_limit(), soft);
}

TEST_F(OpenFiles, where_the_system_allows_too_few_there_are_fewer_connections_and_a_warning) {
  EXPECT_EQ(fitted(256, 1'024, 4'096), 1'024u - 160 - 3 * 8);
  EXPECT_EQ(soft_limit(), 1'024u);
  EXPECT_EQ(fitted(100, 100, 4'096), 50u);
  ASSERT_EQ(warnings().size(), 2u);
  EXPECT_NE(warnings()[1].find("\"connections_max\":50,\"open_files_max\":100"), std::string::npos)
      << warnings()[1];
}

}  // namespace
}  // namespace bl::app
