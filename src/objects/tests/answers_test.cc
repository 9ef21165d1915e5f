#include "objects/s3/answers.h"

#include <gtest/gtest.h>

#include "objects/tests/world.h"

namespace bl::objects {
namespace {

using testing::code_of;

std::string page(const std::string& inner) {
  std::string text = "<ListBucketResult>";
  return text.append(inner).append("</ListBucketResult>");
}

std::string contents(const std::string& key, const std::string& size = "5") {
  std::string text = "<Contents><Key>";
  text.append(key).append("</Key><LastModified>2024-08-01T10:00:00.000Z</LastModified><Size>");
  return text.append(size).append("</Size></Contents>");
}

TEST(S3Answers, a_page_of_objects) {
  const auto decoded =
      decode_page(page("<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>" +
                       contents("a%2Fb+c%2B", "18446744073709551615") + contents("b")),
                  "a");
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  ASSERT_EQ(decoded->objects.size(), 2u);
  EXPECT_EQ(decoded->objects[0].key, "a/b c+");
  EXPECT_EQ(decoded->objects[0].size, 18446744073709551615u);
  EXPECT_EQ(decoded->objects[0].modified, Timestamp::from_seconds(1'722'506'400));
  EXPECT_FALSE(decoded->is_last);
  const auto plain = decode_page(page(contents("a%2Fb")), "");
  EXPECT_EQ(plain->objects[0].key, "a%2Fb");
  EXPECT_TRUE(plain->is_last);
  EXPECT_TRUE(decode_page(page(""), "x")->objects.empty());
}

TEST(S3Answers, a_page_that_would_lose_objects_is_refused) {
  EXPECT_EQ(code_of(decode_page(page(contents("b") + contents("a")), "")), "corrupt");
  EXPECT_EQ(code_of(decode_page(page(contents("a") + contents("a")), "")), "corrupt");
  EXPECT_EQ(code_of(decode_page(page(contents("a")), "a")), "corrupt");
  EXPECT_EQ(code_of(decode_page(page("<IsTruncated>true</IsTruncated>"), "")), "malformed");
}

TEST(S3Answers, what_is_no_page_is_named) {
  const auto message = [](const std::string& body) {
    const auto decoded = decode_page(body, "");
    return decoded.ok() ? std::string("ok") : decoded.error().message;
  };
  EXPECT_EQ(message("<html>"), "S3's answer: broken XML, an element without an end: byte 6");
  EXPECT_EQ(message("<html/>"), "S3 answers another document than ListBucketResult: 'html'");
  EXPECT_EQ(message(page(contents("a", "-1"))), "S3 answers a size that is no number: '-1'");
  EXPECT_EQ(message(page(contents("a", ""))), "S3 answers a size that is no number: ''");
  EXPECT_EQ(message(page(contents(""))), "S3 answers a Contents without Key");
  EXPECT_EQ(message(page("<EncodingType>url</EncodingType>" + contents("%zz"))),
            "S3 answers a key with a broken encoding: '%zz'");
  EXPECT_EQ(message(page("<EncodingType>url</EncodingType>" + contents("%ff"))),
            "S3 answers a key with a broken encoding: '%ff'");
  EXPECT_EQ(message(page("<IsTruncated>1</IsTruncated>")),
            "S3 answers a IsTruncated that is neither true nor false: '1'");
  EXPECT_EQ(message(page("<Contents><Key>a</Key><Size>1</Size></Contents>")),
            "S3 answers a time that is none: ''");
}

TEST(S3Answers, an_error_is_read_wherever_it_stands) {
  const S3Fault fault = decode_fault(
      "<Error><Code>PermanentRedirect</Code><Message>a &amp; b</Message><Region>eu-west-3</Region>"
      "</Error>");
  EXPECT_EQ(fault.code, "PermanentRedirect");
  EXPECT_EQ(fault.message, "a & b");
  EXPECT_EQ(fault.region, "eu-west-3");
  EXPECT_EQ(decode_fault("<ErrorResponse><Error><Code>X</Code></Error></ErrorResponse>").code, "X");
  EXPECT_EQ(decode_fault("<html><body>502</body></html>").code, "");
  EXPECT_EQ(decode_fault("Bad gateway").code, "");
  EXPECT_EQ(decode_fault("").code, "");
  // A code goes into sentences and comparisons: it is a word or nothing.
  EXPECT_EQ(decode_fault("<Error><Code>No Such\nKey</Code></Error>").code, "");
  EXPECT_EQ(decode_fault("<Error><Code>" + std::string(65, 'a') + "</Code></Error>").code, "");
}

TEST(S3Answers, uploads) {
  EXPECT_EQ(decode_upload_id("<InitiateMultipartUploadResult><UploadId>id</UploadId>"
                             "</InitiateMultipartUploadResult>")
                .value(),
            "id");
  EXPECT_EQ(decode_upload_id("<InitiateMultipartUploadResult/>").error().message,
            "S3 answers a InitiateMultipartUploadResult without UploadId");
  const std::string upload =
      "<Upload><Key>a%20b</Key><UploadId>1</UploadId><Initiated>2024-08-01T10:00:00Z</Initiated>"
      "</Upload>";
  const auto begin = std::string("<ListMultipartUploadsResult><EncodingType>url</EncodingType>");
  const auto end = std::string("</ListMultipartUploadsResult>");
  const auto last = decode_uploads(begin + upload + end);
  ASSERT_EQ(last->uploads.size(), 1u);
  EXPECT_EQ(last->uploads[0].key, "a b");
  EXPECT_EQ(last->uploads[0].id, "1");
  EXPECT_EQ(last->uploads[0].begun, Timestamp::from_seconds(1'722'506'400));
  EXPECT_EQ(last->next_key, "");
  const std::string more =
      "<IsTruncated>true</IsTruncated><NextKeyMarker>a%20b</NextKeyMarker>"
      "<NextUploadIdMarker>1</NextUploadIdMarker>";
  EXPECT_EQ(decode_uploads(begin + more + upload + end)->next_key, "a b");
  EXPECT_EQ(decode_uploads(begin + more + upload + end)->next_id, "1");
  EXPECT_EQ(code_of(decode_uploads(begin + more + end)), "malformed");
  EXPECT_EQ(code_of(decode_uploads(begin + "<IsTruncated>true</IsTruncated>" + upload + end)),
            "malformed");
  EXPECT_EQ(encode_parts({"\"a\"", "b&"}),
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>&quot;a&quot;</ETag>"
            "</Part><Part><PartNumber>2</PartNumber><ETag>b&amp;</ETag></Part>"
            "</CompleteMultipartUpload>");
}

TEST(S3Answers, dates_of_http) {
  EXPECT_EQ(to_rfc3339(parse_http_date("Sun, 22 Nov 2026 05:42:58 GMT").value()),
            "2026-11-22T05:42:58Z");
  for (const char* text : {"", "Sun, 22 Nov 2026 05:42:58 CET", "Sun, 22 Foo 2026 05:42:58 GMT",
                           "Sun, 32 Nov 2026 05:42:58 GMT", "2026-11-22T05:42:58Z"}) {
    EXPECT_EQ(code_of(parse_http_date(text)), "malformed") << text;
  }
}

}  // namespace
}  // namespace bl::objects
