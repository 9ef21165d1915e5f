#include "net/server_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/memory_disk.h"
#include "net/tests/running_server.h"

namespace bl::net {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

class FindServerTest : public ::testing::Test {
 protected:
  FindServerTest() {
    BL_CHECK(disk_.make_folder("data").ok());
    BL_CHECK(disk_.make_folder("/other").ok());
    for (const CommandOption& option : server_options()) arguments_.defaults[option.name];
  }
  void give(const std::string& option, const std::string& value) {
    arguments_.values[option] = {value};
  }
  Result<ServerAddress> find() { return find_server(arguments_, io_, disk_); }
  std::string found() {
    auto address = find();
    return address.ok() ? address->url + " " + address->token : address.error().message;
  }

  MemoryDisk disk_;
  Arguments arguments_;
  CommandIo io_;
};

TEST_F(FindServerTest, without_a_server_it_says_how_to_start_one) {
  auto address = find();
  ASSERT_FALSE(address.ok());
  EXPECT_EQ(address.error().code, Code::not_found);
  EXPECT_THAT(address.error().message, HasSubstr("benchlake serve --data data"));
}

TEST_F(FindServerTest, a_running_server_is_found_in_the_data_folder) {
  ASSERT_TRUE(write_server_file(disk_, "data", {"http://127.0.0.1:1", "secret"}).ok());
  EXPECT_EQ(found(), "http://127.0.0.1:1 secret");
  EXPECT_EQ(disk_.mode("data/server.json"), FileMode::secret);
  ASSERT_TRUE(remove_server_file(disk_, "data").ok());
  ASSERT_TRUE(remove_server_file(disk_, "data").ok());
  EXPECT_FALSE(find().ok());
}

TEST_F(FindServerTest, the_data_folder_is_told_by_option_before_environment) {
  ASSERT_TRUE(write_server_file(disk_, "/other", {"http://other", "o"}).ok());
  ASSERT_TRUE(write_server_file(disk_, "data", {"http://data", "d"}).ok());
  EXPECT_EQ(found(), "http://data d");
  io_.environment["BENCHLAKE_SERVER_DATA"] = "/other";
  EXPECT_EQ(found(), "http://other o");
  give("--data", "data");
  EXPECT_EQ(found(), "http://data d");
}

TEST_F(FindServerTest, the_server_is_told_by_option_before_environment_before_file) {
  ASSERT_TRUE(write_server_file(disk_, "data", {"http://file", "f"}).ok());
  io_.environment["BENCHLAKE_SERVER"] = "https://environment/";
  EXPECT_EQ(found(), "https://environment ");
  give("--server", "http://option:80/base/");
  EXPECT_EQ(found(), "http://option:80/base ");
}

TEST_F(FindServerTest, the_token_is_told_by_option_before_environment_before_file) {
  ASSERT_TRUE(write_server_file(disk_, "data", {"http://file", "f"}).ok());
  io_.environment["BENCHLAKE_TOKEN"] = "e";
  EXPECT_EQ(found(), "http://file e");
  give("--token", "o");
  EXPECT_EQ(found(), "http://file o");
  give("--server", "http://elsewhere");
  EXPECT_EQ(found(), "http://elsewhere o");
}

TEST_F(FindServerTest, whom_to_trust_is_told_by_option_before_environment_before_the_servers_key) {
  ServerAddress written{"https://file", "f", {}};
  written.trust.public_key_sha256 = "cGlu";
  ASSERT_TRUE(write_server_file(disk_, "data", written).ok());
  EXPECT_EQ(find()->trust.public_key_sha256, "cGlu");
  give("--server", "https://file");
  EXPECT_EQ(find()->trust.public_key_sha256, "cGlu");
  give("--server", "https://elsewhere");
  EXPECT_EQ(find()->trust.public_key_sha256, "");
  give("--server", "https://file");
  io_.environment["BENCHLAKE_CA"] = "/environment.pem";
  EXPECT_EQ(find()->trust.ca_file, "/environment.pem");
  give("--ca", "/option.pem");
  EXPECT_EQ(find()->trust.ca_file, "/option.pem");
  EXPECT_EQ(find()->trust.public_key_sha256, "");
}

TEST_F(FindServerTest, the_files_token_goes_to_no_other_server) {
  ASSERT_TRUE(write_server_file(disk_, "data", {"http://file:1", "f"}).ok());
  give("--server", "http://elsewhere");
  EXPECT_EQ(found(), "http://elsewhere ");
  give("--server", "http://file:1/");
  EXPECT_EQ(found(), "http://file:1 f");
}

TEST_F(FindServerTest, an_empty_variable_is_as_good_as_none) {
  ASSERT_TRUE(write_server_file(disk_, "data", {"http://file", "f"}).ok());
  io_.environment = {{"BENCHLAKE_SERVER", ""}, {"BENCHLAKE_TOKEN", ""}};
  EXPECT_EQ(found(), "http://file f");
}

TEST_F(FindServerTest, an_address_without_a_scheme_is_http) {
  give("--token", "t");
  give("--server", "localhost:8080/");
  EXPECT_EQ(found(), "http://localhost:8080 t");
}

TEST_F(FindServerTest, what_is_no_web_address_is_invalid) {
  for (const char* url : {"ftp://host", "http://", "http:///path", "http://host?x=1",
                          "http://user:secret@host", "http://ho st"}) {
    give("--server", url);
    auto address = find();
    ASSERT_FALSE(address.ok()) << url;
    EXPECT_EQ(address.error().code, Code::invalid) << url;
    EXPECT_EQ(address.error().message.find("secret"), std::string::npos);
  }
}

TEST_F(FindServerTest, a_broken_file_is_corrupt_and_named) {
  for (const char* text : {"", "{", "[]", R"({"url":"http://x"})", R"({"url":1,"token":"t"})"}) {
    ASSERT_TRUE(write_file_atomically(disk_, "data/server.json", text, FileMode::normal).ok());
    auto address = find();
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_EQ(address.error().code, Code::corrupt);
    EXPECT_THAT(address.error().message, EndsWith(": data/server.json"));
  }
  give("--server", "http://option");
  EXPECT_EQ(found(), "http://option ") << "nobody needs the file then";
}

class ApiClientTest : public ::testing::Test {
 protected:
  ApiClient client(std::string token = "") {
    return ApiClient({"http://127.0.0.1:" + std::to_string(server_.port()), std::move(token)});
  }
  testing::RunningServer server_;
};

TEST_F(ApiClientTest, json_goes_out_and_comes_back) {
  auto answer = client().post("/echo", R"({"a":[1,2.0]})");
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(json::to_text(*answer), R"({"a":[1,2.0]})");
  EXPECT_EQ(client().get("/big?bytes=5")->number_text(), "77777");
}

TEST_F(ApiClientTest, an_answer_without_a_body_is_null) {
  EXPECT_TRUE(client().get("/empty")->is_null());
}

TEST_F(ApiClientTest, the_token_says_who_asks) {
  EXPECT_EQ(client().remove("/admin").error().code, Code::unauthenticated);
  EXPECT_EQ(client("nobody").remove("/admin").error().code, Code::unauthenticated);
  EXPECT_EQ(client("writer").remove("/admin").error().code, Code::forbidden);
  EXPECT_TRUE(client("admin").remove("/admin").ok());
}

TEST_F(ApiClientTest, a_problem_becomes_an_error_with_its_faults) {
  auto answer = client().get("/fault");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, Code::invalid);
  EXPECT_EQ(answer.error().message, "two faults");
  ASSERT_EQ(answer.error().faults.size(), 2u);
  EXPECT_EQ(answer.error().faults[0], (Fault{"/a", "not a number", "\"x\""}));
  EXPECT_EQ(answer.error().faults[1].path, "/b");
}

TEST_F(ApiClientTest, what_is_not_there_is_not_found) {
  EXPECT_EQ(client().get("/nothing").error().code, Code::not_found);
}

TEST_F(ApiClientTest, a_good_answer_that_is_no_json_is_malformed) {
  EXPECT_EQ(client().get("/hello").error().code, Code::malformed);
}

TEST_F(ApiClientTest, a_server_that_is_gone_is_unavailable) {
  auto gone = client();
  server_.server->stop();
  EXPECT_EQ(gone.get("/hello").error().code, Code::unavailable);
}

}  // namespace
}  // namespace bl::net
