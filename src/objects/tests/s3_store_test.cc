// What is S3's own: signatures, regions, credentials, odd servers. What every store promises is in
// conformance_test.cc, faults are in s3_faults_test.cc.
#include "objects/s3/s3_store.h"

#include <gtest/gtest.h>

#include "objects/tests/s3_fixture.h"

namespace bl::objects {
namespace {

using testing::code_of;
using testing::http_answer;
using testing::s3_error;
using testing::S3Behind;
using testing::S3Call;
using testing::S3Fate;
using testing::S3Server;

// moto lets botocore compute every signature again, and compares.
TEST(S3Signatures, of_every_kind_of_request_are_those_that_botocore_computes) {
  auto server = S3Server::start();
  ASSERT_TRUE(server.ok()) << server.error().message;
  const std::string bucket = (*server)->create_bucket();
  auto variables = (*server)->demand_signatures();
  testing::TestWorld world;
  OpenOptions options;
  options.s3.multipart_bytes_min = 6u << 20;
  options.s3.part_bytes = 5u << 20;
  const auto open = [&](const std::string& prefix) {
    return open_store(S3Server::uri(bucket, prefix, (*server)->port()), variables, world.world(),
                      options)
        .value();
  };
  for (const char* prefix : {"", "pre fix/\xc3\xa9+"}) {
    const auto store = open(prefix);
    const std::string key = "month=2024-08/a b+c%20~'(*)!.parquet";
    const auto put = store->put_if_absent(key, "bytes");
    ASSERT_TRUE(put.ok()) << put.error().message;
    EXPECT_EQ(code_of(store->put_if_absent(key, "bytes")), "conflict");
    EXPECT_EQ(store->get_range(key, {1, 3}).value(), "yte");
    EXPECT_EQ(store->head(key)->size, 5u);
    EXPECT_EQ(store->list({.prefix = "month=2024-08/a b", .after = "a+b"})->objects.size(), 1u);
    EXPECT_TRUE(store->replace(key, "other").ok());
    EXPECT_TRUE(store->remove(key).ok());
    EXPECT_TRUE(store->put_if_absent("large", std::string(7u << 20, 'x')).ok());
    EXPECT_EQ(store->head("large")->size, 7u << 20);
    EXPECT_TRUE(store->sweep_unfinished(k_timestamp_max).ok());
  }
  variables["AWS_SECRET_ACCESS_KEY"] += "x";
  const auto refused = open("")->get("large");
  ASSERT_EQ(code_of(refused), "forbidden");
  EXPECT_TRUE(refused.error().message.starts_with("S3 answers 403 SignatureDoesNotMatch"))
      << refused.error().message;
  variables["AWS_ACCESS_KEY_ID"] = "NOBODY";
  EXPECT_TRUE(
      open("")->get("large").error().message.starts_with("S3 answers 403 InvalidAccessKey"));
}

// A missing bucket must never be taken for an empty one.
TEST(S3Store, a_missing_bucket_is_no_missing_object) {
  testing::TestWorld world;
  const auto store = open_store(S3Server::uri("no-such-bucket", "", S3Server::shared().port()),
                                S3Server::any_credentials(), world.world())
                         .value();
  const auto message = [](const auto& result) {
    return code_of(result) + (result.ok() ? std::string() : " " + result.error().message);
  };
  EXPECT_EQ(message(store->get("a")), "unavailable no such bucket: 's3://no-such-bucket/a'");
  EXPECT_EQ(message(store->head("a")), "unavailable no such bucket: 's3://no-such-bucket/a'");
  EXPECT_EQ(message(store->list({})), "unavailable no such bucket: 's3://no-such-bucket'");
  EXPECT_EQ(message(store->put_if_absent("a", "x")),
            "unavailable no such bucket: 's3://no-such-bucket/a'");
  EXPECT_EQ(message(store->replace("a", "x")),
            "unavailable no such bucket: 's3://no-such-bucket/a'");
  EXPECT_EQ(message(store->remove("a")), "unavailable no such bucket: 's3://no-such-bucket/a'");
  EXPECT_EQ(code_of(store->put_if_absent("a", std::string(33u << 20, 'x'))), "unavailable");
  EXPECT_EQ(code_of(store->sweep_unfinished(k_timestamp_max)), "unavailable");
}

TEST(S3Store, a_server_that_passes_over_if_none_match_is_found_out) {
  S3Behind s3;
  s3.proxy.set_plan(
      [](const S3Call&) { return S3Fate{S3Fate::Kind::without_field, "If-None-Match"}; });
  const auto proved = prove_put_if_absent(*s3.store, s3.world.random);
  ASSERT_EQ(code_of(proved), "unsupported");
  EXPECT_TRUE(proved.error().message.starts_with(
      "not supported: a store that lets a second writer have a key that is taken"));
  EXPECT_TRUE(s3.direct->list({}).value().objects.empty());
}

TEST(S3Store, a_server_that_does_not_know_a_request_is_unsupported_and_asked_once) {
  S3Behind s3;
  s3.fate_from(1, {S3Fate::Kind::answer,
                   s3_error(501, "NotImplemented", "A header implies what is not there")});
  const auto put = s3.store->put_if_absent("a", "x");
  ASSERT_EQ(code_of(put), "unsupported");
  EXPECT_EQ(put.error().message,
            "S3 answers 501 NotImplemented: 'A header implies what is not there': 's3://" +
                s3.bucket + "/lake/a'");
  EXPECT_EQ(s3.proxy.calls().size(), 1u);
}

TEST(S3Store, says_where_a_bucket_lies_that_is_in_another_region) {
  S3Behind s3;
  s3.fate_from(1,
               {S3Fate::Kind::answer, http_answer(400, "",
                                                  "<Error><Code>AuthorizationHeaderMalformed</Code>"
                                                  "<Region>eu-west-3</Region></Error>")});
  EXPECT_EQ(s3.store->get("a").error().message,
            "S3 answers 400 AuthorizationHeaderMalformed, the bucket lies in the region eu-west-3: "
            "'s3://" +
                s3.bucket + "/lake/a'");
  s3.fate_from(1, {S3Fate::Kind::answer, s3_error(403, "RequestTimeTooSkewed")});
  EXPECT_EQ(s3.store->get("a").error().message,
            "S3 refuses the request because the clock of this machine is wrong: 's3://" +
                s3.bucket + "/lake/a'");
}

TEST(S3Store, reads_ranges_from_a_server_that_knows_none) {
  S3Behind s3;
  ASSERT_TRUE(s3.store->put_if_absent("a", "0123456789").ok());
  s3.proxy.set_plan([](const S3Call&) { return S3Fate{S3Fate::Kind::without_field, "Range"}; });
  EXPECT_EQ(s3.store->get_range("a", {3, 4}).value(), "3456");
  EXPECT_EQ(s3.store->get_range("a", {8, 100}).value(), "89");
  EXPECT_EQ(s3.store->get_range("a", {20, 5}).value(), "");
}

TEST(S3Store, does_not_undo_what_others_have_compressed) {
  S3Behind s3;
  s3.fate_from(
      1, {S3Fate::Kind::answer, http_answer(200, "Content-Encoding: gzip\r\n", "no gzip at all")});
  EXPECT_EQ(s3.store->get("a").value(), "no gzip at all");
  EXPECT_EQ(s3.proxy.calls()[0].head.find("Accept-Encoding"), std::string::npos);
}

TEST(S3Store, names_that_are_no_keys_are_left_out_and_the_next_page_goes_on_behind_them) {
  S3Behind s3;
  ASSERT_TRUE(s3.store->put_if_absent("b", "x").ok());
  net::Client client;
  const std::string bucket =
      "http://127.0.0.1:" + std::to_string(s3.server.port()) + "/" + s3.bucket + "/lake/";
  for (const char* marker : {"a//b", "a/"}) {
    ASSERT_EQ(client.send(net::Method::put, bucket + marker, {}, "")->status, 200);
  }
  const Listing first = s3.store->list({.count_max = 1}).value();
  EXPECT_TRUE(first.objects.empty());
  EXPECT_EQ(first.skipped, 1u);
  ASSERT_TRUE(first.next.has_value());
  EXPECT_EQ(*first.next, "a/");
  const Listing all = s3.store->list({}).value();
  ASSERT_EQ(all.objects.size(), 1u);
  EXPECT_EQ(all.skipped, 2u);
}

TEST(S3Store, a_list_that_would_lose_objects_is_refused) {
  S3Behind s3;
  const auto page = [](const char* one, const char* other) {
    std::string body = "<ListBucketResult>";
    for (const char* key : {one, other}) {
      body.append("<Contents><Key>")
          .append(key)
          .append(
              "</Key><Size>1</Size><LastModified>2024-08-01T10:00:00Z</LastModified></Contents>");
    }
    return S3Fate{S3Fate::Kind::answer, http_answer(200, "", body + "</ListBucketResult>")};
  };
  s3.fate_from(1, page("lake/b", "lake/a"));
  EXPECT_EQ(code_of(s3.store->list({})), "corrupt");
  s3.fate_from(1, page("lake/b", "other/c"));
  EXPECT_EQ(code_of(s3.store->list({})), "corrupt");
  s3.fate_from(1, {S3Fate::Kind::answer, http_answer(200, "", "<html>hello</html>")});
  EXPECT_EQ(code_of(s3.store->list({})), "malformed");
}

// Whatever a server sends back, no secret of ours gets into an error.
TEST(S3Store, a_server_that_repeats_our_request_puts_no_secret_into_an_error) {
  S3Behind s3;
  s3.proxy.set_plan([](const S3Call& call) {
    return S3Fate{S3Fate::Kind::answer, s3_error(403, "AccessDenied", call.head)};
  });
  for (const auto& message :
       {s3.store->get("a").error().message, s3.store->put_if_absent("a", "x").error().message,
        s3.store->list({}).error().message}) {
    EXPECT_EQ(message.find("AKIDANYBODY"), std::string::npos) << message;
    EXPECT_EQ(message.find("Signature="), std::string::npos) << message;
    EXPECT_NE(message.find("credentials stand in them"), std::string::npos) << message;
  }
  // The secret key itself never leaves this process.
  for (const S3Call& call : s3.proxy.calls()) {
    EXPECT_EQ(call.head.find("not-a-secret-at-all"), std::string::npos);
  }
  EXPECT_EQ(s3.world.metrics.text().find("AKIDANYBODY"), std::string::npos);
}

struct Rotating {
  S3Behind s3;
  Rotating() { write("OLD"); }
  void write(const std::string& id) {
    std::string text = "[default]\naws_access_key_id=";
    text.append(id).append("\naws_secret_access_key=x\naws_session_token=TOKEN-").append(id);
    BL_CHECK(s3.world.disk.make_folder("/home/.aws").ok());
    BL_CHECK(write_file_atomically(s3.world.disk, "/home/.aws/credentials", text, FileMode::secret)
                 .ok());
  }
  std::unique_ptr<ObjectStore> open() {
    return open_store(S3Server::uri(s3.bucket, "lake", s3.proxy.port()), {{"HOME", "/home"}},
                      s3.world.world())
        .value();
  }
};

TEST(S3Credentials, are_read_again_from_their_file_when_they_have_expired) {
  Rotating rotating;
  const auto store = rotating.open();
  const auto expired = [](const S3Call& call) {
    const bool is_old = call.head.find("Credential=OLD/") != std::string::npos;
    return is_old ? S3Fate{S3Fate::Kind::answer, s3_error(400, "ExpiredToken")} : S3Fate{};
  };
  rotating.s3.proxy.set_plan(expired);
  const auto refused = store->put_if_absent("a", "x");
  ASSERT_EQ(code_of(refused), "forbidden");
  EXPECT_EQ(rotating.s3.proxy.calls().size(), 1u);
  rotating.write("NEW");
  EXPECT_TRUE(store->put_if_absent("a", "x").ok());
  const auto calls = rotating.s3.proxy.calls();
  EXPECT_NE(calls.back().head.find("Credential=NEW/"), std::string::npos);
  EXPECT_NE(calls.back().head.find("x-amz-security-token: TOKEN-NEW"), std::string::npos);
}

TEST(S3Store, keeps_its_connections_and_has_a_bounded_number_of_them) {
  S3Behind s3;
  ASSERT_TRUE(s3.store->put_if_absent("a", "x").ok());
  s3.options.s3.connections_max = 1;
  const auto store = s3.open(s3.proxy.port());
  std::vector<std::thread> readers;
  std::atomic<int> read = 0;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] { read += store->get("a").ok() ? 1 : 0; });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(read, 4);

  s3.options.s3.attempt_timeout = std::chrono::milliseconds(200);
  const auto impatient = s3.open(s3.proxy.port());
  s3.fate_from(1, {S3Fate::Kind::hang_before});
  std::atomic<int> overloaded = 0;
  readers.clear();
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] { overloaded += code_of(impatient->get("a")) == "overloaded"; });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_GT(overloaded, 0);
  EXPECT_GT(s3.world.limit_hits("connections_max"), 0);
}

}  // namespace
}  // namespace bl::objects
