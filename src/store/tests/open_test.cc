#include "store/open.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <fstream>

#include "store/testing/postgres_server.h"
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
  EXPECT_TRUE(open("sqlite://" + folder_.at("a.db")).ok());
  EXPECT_TRUE(open("sqlite::memory:").ok());
}

TEST_F(OpenDatabase, refuses_other_schemes_by_name_without_their_password) {
  const auto opened = open("mysql://me:secret@host/db");
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, Code::unsupported);
  EXPECT_NE(opened.error().message.find("mysql"), std::string::npos);
  EXPECT_EQ(opened.error().message.find("secret"), std::string::npos);
}

TEST_F(OpenDatabase, a_server_that_is_not_there_is_unavailable_and_keeps_its_password) {
  const auto opened = open("postgres://me:secret@127.0.0.1:1/db");
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, Code::unavailable);
  EXPECT_NE(opened.error().message.find("127.0.0.1"), std::string::npos);
  EXPECT_EQ(opened.error().message.find("secret"), std::string::npos) << opened.error().message;
}

TEST_F(OpenDatabase, postgres_parameters_are_those_that_say_how_to_connect) {
  EXPECT_EQ(code_of("postgres://127.0.0.1:1/db?sslmode=disable"), Code::unavailable);
  EXPECT_EQ(code_of("postgres://127.0.0.1:1/db?options=-cfsync%3Doff"), Code::invalid);
}

TEST_F(OpenDatabase, a_database_that_does_not_exist_is_not_found) {
  EXPECT_EQ(code_of(PostgresServer::shared().uri("nowhere")), Code::not_found);
}

TEST_F(OpenDatabase, refuses_unknown_parameters_and_empty_names) {
  EXPECT_EQ(code_of("sqlite:///" + folder_.at("a.db") + "?mode=fast"), Code::invalid);
  EXPECT_EQ(code_of("sqlite:///"), Code::invalid);
}

TEST_F(OpenDatabase, a_file_that_is_no_database_is_corrupt) {
  std::ofstream(folder_.at("a.db")) << std::string(4096, 'x');
  EXPECT_EQ(code_of("sqlite://" + folder_.at("a.db")), Code::corrupt);
}

TEST_F(OpenDatabase, a_file_that_may_not_be_written_is_refused_at_once) {
  const std::string path = folder_.at("a.db");
  ASSERT_TRUE(open("sqlite://" + path).ok());
  std::filesystem::permissions(folder_.at(""), std::filesystem::perms::all);
  std::filesystem::permissions(path + ".lock", std::filesystem::perms(0666));
  std::filesystem::permissions(path, std::filesystem::perms(0444));
  const uid_t uid = geteuid();
  constexpr uid_t k_nobody = 65534;  // to root every file is writable
  ASSERT_EQ(seteuid(uid == 0 ? k_nobody : uid), 0);
  const auto opened = open("sqlite://" + path);
  ASSERT_EQ(seteuid(uid), 0);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, Code::forbidden);
  EXPECT_TRUE(opened.error().message.ends_with("may not be written: " + path));
}

TEST_F(OpenDatabase, a_database_of_another_program_is_not_migrated) {
  auto opened = open("sqlite://" + folder_.at("a.db"));
  ASSERT_TRUE(opened.ok());
  Database& database = **opened;
  ASSERT_TRUE(database
                  .write([](Connection& c) -> Result<void> {
                    BL_RETURN_IF_ERROR(c.execute("CREATE TABLE theirs (id INTEGER)", {}));
                    return {};
                  })
                  .ok());
  const std::vector<Migration> ours = {{1, "first", "CREATE TABLE a (id INTEGER)", ""}};
  const auto migrated = database.migrate(ours);
  ASSERT_FALSE(migrated.ok());
  EXPECT_EQ(migrated.error().code, Code::conflict);
  EXPECT_TRUE(migrated.error().message.ends_with("theirs"));
  EXPECT_FALSE(database
                   .read([](Connection& c) {
                     return c.query("SELECT 1 FROM bl_migration", {},
                                    [](const Row&) { return true; });
                   })
                   .ok());
}

TEST_F(OpenDatabase, a_second_owner_is_a_conflict_that_names_the_first) {
  const std::string uri = "sqlite://" + folder_.at("a.db");
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
  const std::string path = folder_.at("a.db");
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
