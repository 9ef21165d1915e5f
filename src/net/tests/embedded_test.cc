#include "net/embedded.h"

#include <gtest/gtest.h>

#include <array>

namespace bl::net {
namespace {

const std::array<EmbeddedFile, 3> k_files = {{
    {"/assets/app-12345678.js", "plain script", "packed script", "text/javascript", "a1", true},
    {"/favicon.ico", "icon", "", "image/png", "b2", false},
    {"/index.html", "plain page", "packed page", "text/html; charset=utf-8", "c3", false},
}};

Request asking(std::string_view name, std::string_view value) {
  Request request;
  request.headers.add(std::string(name), std::string(value));
  return request;
}

TEST(Embedded, is_found_by_its_exact_path_only) {
  EXPECT_EQ(find(k_files, "/index.html"), &k_files[2]);
  EXPECT_EQ(find(k_files, "/favicon.ico"), &k_files[1]);
  EXPECT_EQ(find(k_files, "/index.htm"), nullptr);
  EXPECT_EQ(find(k_files, "/zzz"), nullptr);
  EXPECT_EQ(find({}, "/index.html"), nullptr);
}

TEST(Embedded, gzip_goes_only_to_who_accepts_it) {
  EXPECT_EQ(respond(k_files[2], asking("Accept-Encoding", "br, GZIP")).body, "packed page");
  EXPECT_EQ(respond(k_files[2], asking("Accept-Encoding", "gzip;q=0.5")).body, "packed page");
  EXPECT_EQ(respond(k_files[2], asking("Accept-Encoding", "gzip;q=0, br")).body, "plain page");
  EXPECT_EQ(respond(k_files[2], asking("Accept-Encoding", "br")).body, "plain page");
  EXPECT_EQ(respond(k_files[2], Request()).body, "plain page");
  EXPECT_EQ(respond(k_files[1], asking("Accept-Encoding", "gzip")).body, "icon");
}

TEST(Embedded, both_codings_have_their_own_tag_and_vary) {
  const Response plain = respond(k_files[2], Request());
  const Response packed = respond(k_files[2], asking("Accept-Encoding", "gzip"));
  EXPECT_EQ(plain.headers.get("ETag"), "\"c3\"");
  EXPECT_EQ(packed.headers.get("ETag"), "\"c3-gzip\"");
  EXPECT_EQ(packed.headers.get("Content-Encoding"), "gzip");
  EXPECT_EQ(plain.headers.find("Content-Encoding"), nullptr);
  EXPECT_EQ(plain.headers.get("Vary"), "Accept-Encoding");
}

TEST(Embedded, a_known_tag_gets_304_without_a_body) {
  for (const char* known : {"\"c3\"", "\"x\", W/\"c3\"", "*"}) {
    const Response response = respond(k_files[2], asking("If-None-Match", known));
    EXPECT_EQ(response.status, 304) << known;
    EXPECT_EQ(response.body, "") << known;
  }
  EXPECT_EQ(respond(k_files[2], asking("If-None-Match", "\"c4\"")).status, 200);
}

TEST(Embedded, only_names_that_change_with_the_content_are_cached_for_long) {
  EXPECT_NE(respond(k_files[0], Request()).headers.get("Cache-Control").find("immutable"),
            std::string_view::npos);
  EXPECT_EQ(respond(k_files[2], Request()).headers.get("Cache-Control"), "no-cache");
}

TEST(Embedded, pages_carry_a_policy_that_allows_their_own_origin_only) {
  EXPECT_NE(respond(k_files[2], Request()).headers.get("Content-Security-Policy").find("'self'"),
            std::string_view::npos);
  EXPECT_EQ(respond(k_files[0], Request()).headers.find("Content-Security-Policy"), nullptr);
}

}  // namespace
}  // namespace bl::net
