#include <gtest/gtest.h>

#include "objects/s3_settings.h"
#include "objects/tests/world.h"

namespace bl::objects {
namespace {

using testing::code_of;
using Variables = std::map<std::string, std::string>;

Result<S3Settings> read(const std::string& text, const Variables& variables = {}) {
  BL_TRY(const Uri uri, parse_uri(text));
  return s3_settings(uri, variables);
}

std::string refusal(const std::string& text, const Variables& variables = {}) {
  const auto settings = read(text, variables);
  return settings.ok() ? "ok" : settings.error().message;
}

TEST(S3Settings, of_a_bucket_alone_are_those_of_aws) {
  const S3Settings settings = read("s3://my-lake").value();
  EXPECT_EQ(settings.bucket, "my-lake");
  EXPECT_EQ(settings.prefix, "");
  EXPECT_EQ(settings.region, "us-east-1");
  EXPECT_EQ(settings.host, "s3.us-east-1.amazonaws.com");
  EXPECT_TRUE(settings.https);
  EXPECT_EQ(settings.style, S3Settings::Style::virtual_host);
  EXPECT_EQ(settings.text(), "s3://my-lake/");
  EXPECT_EQ(read("s3://with.dots")->style, S3Settings::Style::path);
}

TEST(S3Settings, parameters_go_before_variables) {
  const Variables variables = {{"AWS_REGION", "eu-west-3"},
                               {"AWS_DEFAULT_REGION", "eu-west-2"},
                               {"AWS_ENDPOINT_URL", "https://store.example:9000"},
                               {"AWS_CA_BUNDLE", "/ca.pem"}};
  const S3Settings settings = read("s3://lake/a/b/", variables).value();
  EXPECT_EQ(settings.prefix, "a/b/");
  EXPECT_EQ(settings.region, "eu-west-3");
  EXPECT_EQ(settings.host, "store.example:9000");
  EXPECT_EQ(settings.style, S3Settings::Style::path);
  EXPECT_EQ(settings.ca_file, "/ca.pem");
  const S3Settings other =
      read("s3://lake?region=x-1&endpoint=https://Other.example:443/&path_style=0&ca_file=/b.pem",
           variables)
          .value();
  EXPECT_EQ(other.region, "x-1");
  EXPECT_EQ(other.host, "other.example");
  EXPECT_EQ(other.style, S3Settings::Style::virtual_host);
  EXPECT_EQ(other.ca_file, "/b.pem");
  Variables own = variables;
  own["AWS_ENDPOINT_URL_S3"] = "https://s3.example";
  EXPECT_EQ(read("s3://lake", own)->host, "s3.example");
  EXPECT_EQ(read("s3://lake", {{"AWS_DEFAULT_REGION", "eu-west-2"}})->region, "eu-west-2");
}

TEST(S3Settings, http_is_for_this_machine_or_on_demand) {
  EXPECT_FALSE(read("s3://lake?endpoint=http://127.0.0.1:9000")->https);
  EXPECT_EQ(read("s3://lake?endpoint=http://%5B::1%5D:9000")->host, "[::1]:9000");
  EXPECT_EQ(read("s3://lake?endpoint=http://localhost:80")->host, "localhost");
  EXPECT_EQ(refusal("s3://lake?endpoint=http://store.example"),
            "an endpoint of S3 that is not on this machine wants https, or the parameter "
            "allow_http=1: http://store.example");
  EXPECT_EQ(read("s3://lake?endpoint=http://store.example&allow_http=1")->host, "store.example");
}

TEST(S3Settings, that_do_not_hold_are_named) {
  EXPECT_EQ(refusal("s3://AB"), "not a bucket's name: 'AB'");
  EXPECT_EQ(refusal("s3://a"), "not a bucket's name: 'a'");
  EXPECT_EQ(refusal("s3://lake:80/x"), "not a bucket's name: 'lake'");
  EXPECT_EQ(refusal("s3://lake/a//b"), "an object's key has an empty segment: 'a//b'");
  EXPECT_EQ(refusal("s3://lake?regoin=x"),
            "unknown parameter of a bucket's URI (there are region, endpoint, path_style, "
            "allow_http, ca_file): 'regoin'");
  EXPECT_EQ(refusal("s3://lake?region=a/b"), "not a region of S3: 'a/b'");
  EXPECT_EQ(refusal("s3://lake?path_style=yes"), "the parameter path_style is 0 or 1: yes");
  EXPECT_EQ(refusal("s3://lake?endpoint=ftp://x"),
            "an endpoint of S3 is http(s)://HOST[:PORT]: ftp://x");
  EXPECT_EQ(refusal("s3://lake?endpoint=https://x/path"),
            "an endpoint of S3 is http(s)://HOST[:PORT]: https://x/path");
  EXPECT_EQ(refusal("s3://lake?endpoint=https://10.0.0.1&path_style=0"),
            "a bucket cannot stand before an address of numbers, leave path_style at 1: 10.0.0.1");
}

TEST(S3Settings, credentials_in_a_uri_are_refused_and_not_repeated) {
  const std::string message = refusal("s3://AKID:sesame@lake/x");
  EXPECT_TRUE(message.starts_with("credentials do not stand in the URI of a bucket")) << message;
  EXPECT_EQ(message.find("sesame"), std::string::npos);
  const std::string endpoint = refusal("s3://lake?endpoint=https://AKID:sesame@store.example");
  EXPECT_TRUE(endpoint.starts_with("an endpoint of S3 is")) << endpoint;
  EXPECT_EQ(endpoint.find("sesame"), std::string::npos);
}

TEST(OpenStore, knows_folders_and_buckets) {
  testing::TestWorld world;
  const auto open = [&](const std::string& place) {
    auto opened = open_store(place, testing::S3Server::any_credentials(), world.world());
    return opened.ok() ? std::string((*opened)->kind()) : opened.error().message;
  };
  EXPECT_EQ(open("/lake"), "file");
  EXPECT_EQ(open("file:///lake/"), "file");
  EXPECT_EQ(open("s3://my-lake/prefix"), "s3");
  EXPECT_EQ(open("/"), "a folder for objects is an absolute path below /: /");
  EXPECT_EQ(open("file://host/lake"), "a folder for objects is file:///PATH: file://host/lake");
  EXPECT_TRUE(open("azure://x").starts_with("not supported: objects in a place of this kind"));
  EXPECT_TRUE(open("relative").find("relative") != std::string::npos);
  EXPECT_TRUE(open_store("s3://my-lake", {}, world.world()).error().code == Code::unauthenticated);
}

TEST(OpenStore, addresses_are_what_other_programs_open) {
  testing::TestWorld world;
  const auto address = [&](const std::string& place) {
    return open_store(place, testing::S3Server::any_credentials(), world.world())
        .value()
        ->address("t/a b.parquet");
  };
  EXPECT_EQ(address("/lake"), "/lake/t/a b.parquet");
  EXPECT_EQ(address("s3://my-lake/some/prefix"), "s3://my-lake/some/prefix/t/a b.parquet");
}

TEST(OpenStore, calls_are_measured) {
  testing::TestWorld world;
  const auto store = open_store("/lake", {}, world.world()).value();
  ASSERT_TRUE(store->put_if_absent("a", "12345").ok());
  EXPECT_EQ(code_of(store->put_if_absent("a", "12345")), "conflict");
  ASSERT_TRUE(store->get_range("a", {1, 2}).ok());
  const auto calls = [&](const char* operation, const char* outcome) {
    return world.metric("bl_objects_operations_total",
                        {{"store", "file"}, {"operation", operation}, {"outcome", outcome}});
  };
  EXPECT_EQ(calls("put_if_absent", "ok"), 1);
  EXPECT_EQ(calls("put_if_absent", "conflict"), 1);
  EXPECT_EQ(calls("get", "ok"), 1);
  EXPECT_EQ(world.metric("bl_objects_bytes_total", {{"store", "file"}, {"direction", "read"}}), 2);
  EXPECT_EQ(world.metric("bl_objects_bytes_total", {{"store", "file"}, {"direction", "written"}}),
            5);
}

}  // namespace
}  // namespace bl::objects
