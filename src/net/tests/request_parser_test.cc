#include "net/request_parser.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace bl::net {
namespace {

struct Parsed {
  RequestParser::State state;
  int status = 0;
  std::string target;
  std::string body;
  std::size_t taken = 0;
};

// Feeds `bytes` in pieces that end at the given offsets, as a connection does: what was not taken
// comes again with more behind it.
Parsed parse_cut(std::string_view bytes, const std::vector<std::size_t>& cuts) {
  RequestParser parser(GuardLimits{});
  Parsed parsed;
  std::size_t at = 0;
  auto feed_until = [&](std::size_t end) {
    for (;;) {
      std::size_t taken = parser.feed(bytes.substr(at, end - at), parsed.body);
      at += taken;
      if (taken == 0) return;
    }
  };
  for (std::size_t cut : cuts) feed_until(cut);
  feed_until(bytes.size());
  parsed.state = parser.state();
  if (parsed.state == RequestParser::State::refused) parsed.status = parser.refusal().status;
  if (parsed.state == RequestParser::State::done) parsed.target = parser.head().raw_target;
  parsed.taken = at;
  return parsed;
}

TEST(RequestParser, reads_a_chunked_body_cut_anywhere) {
  std::string request =
      "POST /a?b=c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;x=y\r\nabc\r\n0a\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n";
  for (std::size_t first = 0; first <= request.size(); ++first) {
    for (std::size_t second = first; second <= request.size(); ++second) {
      Parsed parsed = parse_cut(request, {first, second});
      ASSERT_EQ(parsed.state, RequestParser::State::done) << first << " " << second;
      ASSERT_EQ(parsed.body, "abc0123456789");
      ASSERT_EQ(parsed.taken, request.size());
    }
  }
}

TEST(RequestParser, ends_a_chunked_body_whose_end_comes_byte_by_byte) {
  std::string request = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  std::vector<std::size_t> cuts(request.size());
  for (std::size_t i = 0; i < cuts.size(); ++i) cuts[i] = i;
  EXPECT_EQ(parse_cut(request, cuts).state, RequestParser::State::done);
}

TEST(RequestParser, stops_at_the_end_of_one_request) {
  std::string one = "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n";
  Parsed parsed = parse_cut(one + one, {});
  EXPECT_EQ(parsed.state, RequestParser::State::done);
  EXPECT_EQ(parsed.taken, one.size());
}

TEST(RequestParser, skips_empty_lines_before_a_request) {
  Parsed parsed = parse_cut("\r\n\r\nGET /1 HTTP/1.1\r\nHost: h\r\n\r\n", {1, 3});
  EXPECT_EQ(parsed.state, RequestParser::State::done);
  EXPECT_EQ(parsed.target, "/1");
}

TEST(RequestParser, refuses_broken_chunk_framing) {
  std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::string framing : {"x\r\n", "3\nabc\r\n0\r\n\r\n", "3\r\nabcd\r\n", "-1\r\n",
                              "fffffffffffffffff\r\n", "3 \r\nabc\r\n", "0x3\r\nabc\r\n", "\r\n"}) {
    // The end follows: a lax reader would take the request.
    Parsed parsed = parse_cut(head + framing + "0\r\n\r\n", {});
    EXPECT_EQ(parsed.state, RequestParser::State::refused) << framing;
    EXPECT_EQ(parsed.status, 400) << framing;
  }
}

TEST(RequestParser, bounds_a_line_of_the_chunk_framing) {
  std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  Parsed parsed = parse_cut(head + "3;" + std::string(20'000, 'x'), {});
  EXPECT_EQ(parsed.state, RequestParser::State::refused);
}

TEST(RequestParser, drops_trailers) {
  RequestParser parser(GuardLimits{});
  std::string bytes =
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0\r\nAuthorization: Bearer x\r\n\r\n";
  std::string body;
  std::size_t at = parser.feed(bytes, body);
  parser.feed(std::string_view(bytes).substr(at), body);
  ASSERT_EQ(parser.state(), RequestParser::State::done);
  EXPECT_EQ(parser.head().headers.find("Authorization"), nullptr);
}

struct Target {
  std::string path;
  std::string query;
  std::string host;
  int status;
};

Target read(const std::string& target, Method method = Method::get) {
  RequestHead head;
  head.method = method;
  head.raw_target = target;
  head.headers.add("Host", "original");
  if (auto refusal = read_target(head)) return {"", "", "", refusal->status};
  std::string query;
  for (auto& [key, value] : head.query) query += key + "=" + value + ";";
  return {head.path, query, *head.headers.find("Host"), 0};
}

TEST(RequestTarget, is_split_and_decoded) {
  EXPECT_EQ(read("/a%20b/c?x=1&y=a+b%2F").path, "/a b/c");
  EXPECT_EQ(read("/a%20b/c?x=1&y=a+b%2F").query, "x=1;y=a b/;");
  EXPECT_EQ(read("/?").path, "/");
}

TEST(RequestTarget, in_absolute_form_replaces_the_host) {
  EXPECT_EQ(read("http://other:81/x?y=z").host, "other:81");
  EXPECT_EQ(read("http://other:81/x?y=z").path, "/x");
  EXPECT_EQ(read("HTTPS://other").path, "/");
  EXPECT_EQ(read("HTTPS://other?x=1").query, "x=1;");
}

TEST(RequestTarget, that_is_no_path_is_refused) {
  for (std::string target : {"x", "*", "other:80", "ftp://h/", "/a#b", "/%zz", "/%00", "/?a=%"}) {
    EXPECT_EQ(read(target).status, 400) << target;
  }
  EXPECT_EQ(read("*", Method::options).path, "*");
}

TEST(RequestTarget, a_path_that_cannot_be_decoded_is_known_as_it_came) {
  for (const char* path : {"/x/%00/", "/x/%zz/", "/x/%ff/"}) {
    RequestHead head;
    head.raw_target = std::string(path).append("?a=b");
    ASSERT_TRUE(read_target(head)) << path;
    EXPECT_EQ(head.path, path);
  }
}

// Requests made of the pieces that matter to the framing, sound and unsound.
rc::Gen<std::string> gen_request() {
  auto piece = rc::gen::element<std::string>(
      "GET / HTTP/1.1\r\n", "POST /x HTTP/1.1\r\n", "GET / HTTP/1.0\r\n", "Host: h\r\n",
      "Transfer-Encoding: chunked\r\n", "Content-Length: 3\r\n", "X: y\r\n", "\r\n", "abc", "3\r\n",
      "0\r\n", "\n", "\r", ":", " ", std::string(1, '\0'), "Connection: close\r\n",
      "1;a=\"b\"\r\n");
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece),
                      [](const std::vector<std::string>& pieces) {
                        std::string text = "POST /x HTTP/1.1\r\nHost: h\r\n";
                        for (const std::string& p : pieces) text += p;
                        return text;
                      });
}

RC_GTEST_PROP(RequestParserProperty, cuts_never_change_what_is_read, ()) {
  std::string request = *gen_request();
  std::vector<std::size_t> cuts = *rc::gen::container<std::vector<std::size_t>>(
      rc::gen::inRange<std::size_t>(0, request.size() + 1));
  std::sort(cuts.begin(), cuts.end());
  Parsed whole = parse_cut(request, {});
  Parsed cut = parse_cut(request, cuts);
  RC_ASSERT(whole.state == cut.state);
  RC_ASSERT(whole.status == cut.status);
  RC_ASSERT(whole.body == cut.body);
  if (whole.state == RequestParser::State::done) RC_ASSERT(whole.taken == cut.taken);
}

}  // namespace
}  // namespace bl::net
