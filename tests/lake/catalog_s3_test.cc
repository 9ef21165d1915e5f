// A lake whose files are in a bucket: the extension reads them there, with our credentials.
#include <gmock/gmock.h>

#include <fstream>

#include "catalog_fixture.h"
#include "objects/testing/s3_server.h"

namespace bl::lake {
namespace {

using objects::testing::S3Server;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::points;
using testing::points_select;

/// A server of its own: it demands signatures.
class CatalogOnS3 : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  testing::RealWorld world_;
  std::unique_ptr<S3Server> server_ = S3Server::start().value();
  std::string bucket_ = server_->create_bucket();
  std::map<std::string, std::string> variables_ = server_->demand_signatures();
  std::string place_ = S3Server::uri(bucket_, "a lake", server_->port());
  std::unique_ptr<objects::ObjectStore> store_ =
      objects::open_store(place_, variables_, world_.world()).value();
  std::unique_ptr<duck::Database> writer_ = duck::Database::open({}).value();

  CatalogOptions options() {
    CatalogOptions options;
    options.catalog = "sqlite://" + folder_.at("lake.sqlite");
    options.objects = place_;
    options.variables = variables_;
    return options;
  }
  DataFile file(const std::string& name, int from, int count) {
    return testing::data_file(*store_, *writer_, *world_.disk, folder_.at(name), "points", name,
                              points_select(from, count));
  }
};

TEST_F(CatalogOnS3, publishes_and_replaces) {
  auto opened = open_catalog(options(), *store_, world_.world());
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  const auto catalog = std::move(opened).value();
  ASSERT_TRUE(catalog->create_table(points()).ok());
  const auto token = catalog->take("points").value();
  const DataFile a = file("a", 0, 10), b = file("b", 10, 10), ab = file("ab", 0, 20);
  const auto first = catalog->publish(token, {.id = "c1", .what = "flush", .added = {a, b}});
  ASSERT_TRUE(first.ok()) << first.error().message;
  const auto second = catalog->publish(
      token, {.id = "c2", .what = "compact", .added = {ab}, .removed = {a.key, b.key}});
  ASSERT_TRUE(second.ok()) << second.error().message;
  const auto snapshot = catalog->snapshot("points").value();
  ASSERT_EQ(snapshot.files.size(), 1u);
  EXPECT_EQ(snapshot.files[0].key, ab.key);
  EXPECT_EQ(snapshot.files[0].bytes, ab.bytes);
  EXPECT_EQ(catalog->snapshot("points", *first)->files.size(), 2u);
}

TEST_F(CatalogOnS3, refused_credentials_are_read_again_and_never_said) {
  const std::string profile = folder_.at("credentials");
  const auto write = [&](const std::string& secret) {
    std::ofstream(profile) << "[default]\naws_access_key_id = " << variables_["AWS_ACCESS_KEY_ID"]
                           << "\naws_secret_access_key = " << secret << "\n";
  };
  const std::string secret = variables_["AWS_SECRET_ACCESS_KEY"];
  CatalogOptions from_file = options();
  from_file.variables = {{"AWS_SHARED_CREDENTIALS_FILE", profile}};
  write("an-old-secret-that-has-expired");
  const auto catalog = open_catalog(from_file, *store_, world_.world()).value();
  ASSERT_TRUE(catalog->create_table(points()).ok());
  const auto token = catalog->take("points").value();
  const DataFile a = file("a", 0, 10);
  const auto refused = catalog->publish(token, {.id = "c1", .what = "flush", .added = {a}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::forbidden) << refused.error().message;
  EXPECT_THAT(refused.error().message, Not(HasSubstr("an-old-secret")));
  write(secret);
  const auto done = catalog->publish(token, {.id = "c1", .what = "flush", .added = {a}});
  EXPECT_TRUE(done.ok()) << done.error().message;
}

TEST_F(CatalogOnS3, a_catalog_lost_beside_a_bucket_is_noticed) {
  {
    ASSERT_TRUE(open_catalog(options(), *store_, world_.world()).ok());
  }
  std::filesystem::remove(folder_.at("lake.sqlite"));
  EXPECT_EQ(open_catalog(options(), *store_, world_.world()).error().code, Code::corrupt);
}

}  // namespace
}  // namespace bl::lake
