#include "net/answer.h"

#include <gtest/gtest.h>

#include "net/status.h"

namespace bl::net {
namespace {

std::string chosen(std::string_view accept_encoding) {
  switch (choose_encoding(accept_encoding)) {
    case Encoding::gzip:
      return "gzip";
    case Encoding::zstd:
      return "zstd";
    case Encoding::identity:
      break;
  }
  return "identity";
}

TEST(AcceptEncoding, follows_the_clients_qualities) {
  EXPECT_EQ(chosen(""), "identity");
  EXPECT_EQ(chosen("gzip"), "gzip");
  EXPECT_EQ(chosen("gzip, deflate, br"), "gzip");
  EXPECT_EQ(chosen("gzip, deflate, br, zstd"), "zstd");
  EXPECT_EQ(chosen("zstd;q=0.5, gzip;q=0.8"), "gzip");
  EXPECT_EQ(chosen("GZIP ; q=1.0"), "gzip");
  EXPECT_EQ(chosen("gzip;q=0"), "identity");
  EXPECT_EQ(chosen("gzip;q=0.000, *;q=0"), "identity");
  EXPECT_EQ(chosen("*"), "gzip");
  EXPECT_EQ(chosen("*;q=0.5, gzip;q=0"), "identity");
  EXPECT_EQ(chosen("identity"), "identity");
  EXPECT_EQ(chosen("gzip;q=nonsense"), "identity");
  EXPECT_EQ(chosen(",,;q=1,;"), "identity");
}

TEST(Compressible, are_texts_and_not_pictures_or_events) {
  for (const char* type :
       {"text/html; charset=utf-8", "application/json", "application/problem+json", "image/svg+xml",
        "Text/Plain", "application/x-ndjson"}) {
    EXPECT_TRUE(is_compressible(type)) << type;
  }
  for (const char* type : {"", "image/png", "application/octet-stream", "text/event-stream",
                           "application/vnd.apache.arrow.stream", "application/zip"}) {
    EXPECT_FALSE(is_compressible(type)) << type;
  }
}

TEST(HttpDate, is_an_imf_fixdate) {
  EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(Render, turns_control_characters_of_a_value_into_blanks) {
  Response response = Response::text(200, "text/plain", "x");
  response.headers.add("X-Value", "a\r\nSet-Cookie: b");
  EXPECT_NE(render(std::move(response), {}).head.find("X-Value: a  Set-Cookie: b\r\n"),
            std::string::npos);
}

TEST(Render, ignores_a_handlers_own_framing) {
  Response response = Response::text(200, "text/plain", "abc");
  response.headers.add("Content-Length", "99");
  response.headers.add("transfer-encoding", "chunked");
  Answer answer = render(std::move(response), {});
  EXPECT_NE(answer.head.find("Content-Length: 3\r\n"), std::string::npos);
  EXPECT_EQ(answer.head.find("99"), std::string::npos);
  EXPECT_EQ(answer.head.find("chunked"), std::string::npos);
}

TEST(Render, leaves_a_body_that_is_coded_already) {
  Response response = Response::json(200, std::string(5'000, 'x'));
  response.headers.add("Content-Encoding", "gzip");
  AnswerFacts facts;
  facts.accept_encoding = "gzip";
  EXPECT_EQ(render(std::move(response), facts).body.size(), 5'000u);
}

TEST(Render, keeps_the_vary_of_the_handler) {
  Response response = Response::json(200, std::string(5'000, 'x'));
  response.headers.add("Vary", "Origin");
  EXPECT_NE(render(std::move(response), {}).head.find("Vary: Origin, Accept-Encoding\r\n"),
            std::string::npos);
}

TEST(Chunks, carry_their_size_in_hex) {
  std::string out;
  append_chunk(out, std::string(26, 'x'));
  EXPECT_EQ(out, "1a\r\n" + std::string(26, 'x') + "\r\n");
}

TEST(Codes, have_each_one_status_with_a_phrase) {
  for (int i = 0; i <= static_cast<int>(Code::disk_full); ++i) {
    int status = http_status(static_cast<Code>(i));
    EXPECT_NE(reason_phrase(status), "Unknown") << i;
  }
  EXPECT_EQ(http_status(Code::invalid), 422);
  EXPECT_EQ(http_status(Code::overloaded), 503);
}

TEST(HeadersTest, compare_names_without_case) {
  Headers headers;
  headers.add("X-A", "1");
  headers.add("x-a", "2");
  EXPECT_EQ(headers.all("X-a").size(), 2u);
  headers.set("X-A", "3");
  EXPECT_EQ(headers.get("x-A"), "3");
  EXPECT_EQ(headers.fields().size(), 1u);
  headers.remove("x-a");
  EXPECT_EQ(headers.find("X-A"), nullptr);
}

}  // namespace
}  // namespace bl::net
