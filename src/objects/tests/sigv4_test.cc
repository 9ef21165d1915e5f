// The examples of AWS: "Signature Calculations for the Authorization Header" in the API reference
// of S3. Bucket examplebucket, region us-east-1, 2013-05-24; secrets are AWS' examples.
#include "objects/s3/sigv4.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace bl::objects {
namespace {

const Credentials k_credentials{"AKIAIOSFODNN7EXAMPLE",
                                Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), Secret()};
const Timestamp k_time = Timestamp::from_seconds(1'369'353'600);  // 2013-05-24T00:00:00Z

struct Example {
  const char* name;
  const char* method;
  const char* path;
  QueryPairs query;
  HeaderFields headers;
  const char* body;
  const char* signed_headers;
  const char* signature;
};

class SigV4 : public ::testing::TestWithParam<Example> {};

TEST_P(SigV4, signs_as_the_example_says) {
  const Example& example = GetParam();
  const std::string query = canonical_query(example.query);
  const std::string path = percent_encode_path(example.path);
  const std::string digest = sha256_hex(example.body);
  const SigningRequest request{
      example.method, "examplebucket.s3.amazonaws.com", path, query, example.headers, digest};
  const HeaderFields added = sign(request, k_time, "us-east-1", k_credentials);
  std::string expected = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/";
  expected.append("aws4_request, SignedHeaders=").append(example.signed_headers);
  expected.append(", Signature=").append(example.signature);
  const HeaderFields all = {{"Authorization", expected},
                            {"x-amz-content-sha256", digest},
                            {"x-amz-date", "20130524T000000Z"}};
  EXPECT_EQ(added, all);
}

INSTANTIATE_TEST_SUITE_P(
    Aws, SigV4,
    ::testing::Values(Example{"get_object",
                              "GET",
                              "/test.txt",
                              {},
                              {{"Range", "bytes=0-9"}},
                              "",
                              "host;range;x-amz-content-sha256;x-amz-date",
                              "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
                      Example{"put_object",
                              "PUT",
                              "/test$file.text",
                              {},
                              {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                               {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                              "Welcome to Amazon S3.",
                              "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                              "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
                      Example{"get_bucket_lifecycle",
                              "GET",
                              "/",
                              {{"lifecycle", ""}},
                              {},
                              "",
                              "host;x-amz-content-sha256;x-amz-date",
                              "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
                      Example{"list_objects",
                              "GET",
                              "/",
                              {{"prefix", "J"}, {"max-keys", "2"}},
                              {},
                              "",
                              "host;x-amz-content-sha256;x-amz-date",
                              "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(CanonicalRequest, is_the_one_of_the_example) {
  const SigningRequest request{"GET",
                               "examplebucket.s3.amazonaws.com",
                               "/test.txt",
                               "",
                               {{"Range", "bytes=0-9"}},
                               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"};
  const std::string text = canonical_request(request, k_time, k_credentials);
  EXPECT_EQ(
      text,
      "GET\n/test.txt\n\nhost:examplebucket.s3.amazonaws.com\nrange:bytes=0-9\n"
      "x-amz-content-sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
      "x-amz-date:20130524T000000Z\n\nhost;range;x-amz-content-sha256;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex(text), "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972");
}

TEST(CanonicalRequest, signs_the_session_token_and_collapses_blanks) {
  Credentials credentials = k_credentials;
  credentials.session_token = Secret("TOKEN==");
  const SigningRequest request{"GET", "h", "/", "", {{"X-Amz-Meta-A", "  a \t b  "}}, "digest"};
  EXPECT_EQ(canonical_request(request, k_time, credentials),
            "GET\n/\n\nhost:h\nx-amz-content-sha256:digest\nx-amz-date:20130524T000000Z\n"
            "x-amz-meta-a:a b\nx-amz-security-token:TOKEN==\n\n"
            "host;x-amz-content-sha256;x-amz-date;x-amz-meta-a;x-amz-security-token\ndigest");
  const HeaderFields added = sign(request, k_time, "us-east-1", credentials);
  EXPECT_EQ(added.back(), (std::pair<std::string, std::string>("x-amz-security-token", "TOKEN==")));
}

TEST(CanonicalQuery, is_encoded_and_ordered_by_its_encoded_names) {
  EXPECT_EQ(canonical_query({}), "");
  EXPECT_EQ(canonical_query({{"uploads", ""}}), "uploads=");
  EXPECT_EQ(canonical_query({{"prefix", "a/b c+d"}, {"list-type", "2"}, {"max-keys", "9"}}),
            "list-type=2&max-keys=9&prefix=a%2Fb%20c%2Bd");
  EXPECT_EQ(canonical_query({{"b", "2"}, {"b", "1"}, {"\xc3\xa9", "x"}, {"a", ""}}),
            "%C3%A9=x&a=&b=1&b=2");
}

}  // namespace
}  // namespace bl::objects
