#include "store/open.h"

#include <gtest/gtest.h>

#include <fstream>

#include "store/tests/driver_factory.h"

namespace bl::store::testing {
namespace {

class OpenDatabase : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Database>> open(const std::string& uri) {
    return open_database(uri, {}, quiet_.log, metrics_);
  }
  Code code_of(const std::string& uri) {
    auto opened = open(uri);
    EXPECT_FALSE(opened.ok()) << uri;
    return opened.ok() ? Code::internal : opened.error().code;
  }
  QuietLog quiet_;
  Metrics metrics_;
  TemporaryFolder folder_;
};

TEST_F(OpenDatabase, opens_files_and_memory) {
  EXPECT_TRUE(open("sqlite://" + folder_.path("a.db")).ok());
  EXPECT_TRUE(open("sqlite::memory:").ok());
}

TEST_F(OpenDatabase, refuses_other_schemes_by_name_without_their_password) {
  const auto opened = open("postgres://me:secret@host/db");
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, Code::unsupported);
  EXPECT_NE(opened.error().message.find("postgres"), std::string::npos);
  EXPECT_EQ(opened.error().message.find("secret"), std::string::npos);
  EXPECT_EQ(code_of("mysql://host/db"), Code::unsupported);
}

TEST_F(OpenDatabase, refuses_unknown_parameters_and_empty_names) {
  EXPECT_EQ(code_of("sqlite:///" + folder_.path("a.db") + "?mode=fast"), Code::invalid);
  EXPECT_EQ(code_of("sqlite:///"), Code::invalid);
}

TEST_F(OpenDatabase, a_file_that_is_no_database_is_corrupt) {
  std::ofstream(folder_.path("a.db")) << std::string(4096, 'x');
  EXPECT_EQ(code_of("sqlite://" + folder_.path("a.db")), Code::corrupt);
}

TEST_F(OpenDatabase, a_second_owner_is_a_conflict_that_names_the_first) {
  const std::string uri = "sqlite://" + folder_.path("a.db");
  auto first = open(uri);
  ASSERT_TRUE(first.ok());
  const auto second = open(uri);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_NE(second.error().message.find("pid " + std::to_string(getpid())), std::string::npos)
      << second.error().message;
  first.value().reset();
  EXPECT_TRUE(open(uri).ok());
}

TEST_F(OpenDatabase, a_clean_close_leaves_one_file_and_no_log) {
  const std::string path = folder_.path("a.db");
  auto opened = open("sqlite://" + path);
  ASSERT_TRUE(opened.ok());
  ASSERT_TRUE(opened.value()
                  ->write([](Connection& c) -> Result<void> {
                    BL_RETURN_IF_ERROR(c.execute("CREATE TABLE t (id INTEGER)", {}));
                    return {};
                  })
                  .ok());
  opened.value().reset();
  std::error_code error;
  const auto wal_bytes = std::filesystem::file_size(path + "-wal", error);
  EXPECT_TRUE(error || wal_bytes == 0);
}

}  // namespace
}  // namespace bl::store::testing
