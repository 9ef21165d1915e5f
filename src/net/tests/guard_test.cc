// The table of spec/cpp-ecosystem.md A.1, and more: what a lax parser would take and what a strict
// reading of RFC 9112 must refuse, sent byte for byte to a running server.
#include <gtest/gtest.h>

#include "net/http_guard.h"
#include "net/tests/running_server.h"

namespace bl::net {
namespace {

using testing::RawAnswer;
using testing::RawSocket;
using testing::RunningServer;

struct Case {
  const char* name;
  std::string request;
  int status;
};

std::string get(const std::string& lines) {
  return "GET /hello HTTP/1.1\r\n" + lines + "\r\n";
}
std::string post(const std::string& lines, const std::string& body = "") {
  return "POST /echo HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n" + body;
}

// Each of these is refused with its status, and the connection is closed after it.
std::vector<Case> refused_cases() {
  std::string big(20 << 10, 'x');
  std::string many;
  for (int i = 0; i < 300; ++i) many += "X: y\r\n";
  return {
      {"no Host", get(""), 400},
      {"two Hosts", get("Host: a\r\nHost: a\r\n"), 400},
      {"Host is a list", get("Host: a,b\r\n"), 400},
      {"Host with a path", get("Host: a/b\r\n"), 400},
      {"Host with a user", get("Host: u@a\r\n"), 400},
      {"Host is empty", get("Host:\r\n"), 400},
      {"Host is longer than a name may be", get("Host: " + std::string(260, 'h') + "\r\n"), 400},
      {"two Hosts in 1.0", "GET /hello HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"obs-fold", get("Host: h\r\nX: a\r\n b\r\n"), 400},
      {"obs-fold with a tab", get("Host: h\r\nX: a\r\n\tb\r\n"), 400},
      {"fold before the first field", get(" Host: h\r\n"), 400},
      {"Content-Length is a list", post("Content-Length: 3,3\r\n", "abc"), 400},
      {"Content-Length is a list with blanks", post("Content-Length: 3, 3\r\n", "abc"), 400},
      {"Content-Length twice, equal", post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"),
       400},
      {"Content-Length twice, not equal", post("Content-Length: 3\r\nContent-Length: 4\r\n", "abc"),
       400},
      {"Content-Length with a sign", post("Content-Length: +3\r\n", "abc"), 400},
      {"Content-Length negative", post("Content-Length: -3\r\n", "abc"), 400},
      {"Content-Length in hex", post("Content-Length: 0x3\r\n", "abc"), 400},
      {"Content-Length is empty", post("Content-Length: \r\n", ""), 400},
      {"Content-Length overflows", post("Content-Length: 18446744073709551619\r\n", "abc"), 400},
      {"Content-Length with a decimal", post("Content-Length: 3.0\r\n", "abc"), 400},
      {"Content-Length and Transfer-Encoding",
       post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"), 400},
      {"Transfer-Encoding and Content-Length",
       post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "3\r\nabc\r\n0\r\n\r\n"), 400},
      {"chunked in HTTP/1.0",
       "POST /echo HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
       400},
      {"chunked twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"xchunked", post("Transfer-Encoding: xchunked\r\n"), 501},
      {"chunked, identity", post("Transfer-Encoding: chunked, identity\r\n"), 501},
      {"gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n"), 501},
      {"identity", post("Transfer-Encoding: identity\r\n"), 501},
      {"chunked with a vertical tab",
       post("Transfer-Encoding: \x0b"
            "chunked\r\n"),
       400},
      {"empty Transfer-Encoding", post("Transfer-Encoding:\r\n"), 501},
      {"blank before the colon", get("Host : h\r\n"), 400},
      {"blank in a name", get("Host: h\r\nX Y: z\r\n"), 400},
      {"no colon", get("Host: h\r\nXYZ\r\n"), 400},
      {"no name", get("Host: h\r\n: z\r\n"), 400},
      {"NUL in a value", get("Host: h\r\nX: a" + std::string(1, '\0') + "b\r\n"), 400},
      {"NUL in a name", get("Host: h\r\nX" + std::string(1, '\0') + ": b\r\n"), 400},
      {"control in a value",
       get("Host: h\r\nX: a\x01"
           "b\r\n"),
       400},
      {"CR in a value", get("Host: h\r\nX: a\rb\r\n"), 400},
      {"bare LF after the request line", "GET /hello HTTP/1.1\nHost: h\r\n\r\n", 400},
      {"bare LF after a field", "GET /hello HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", 400},
      {"bare LF as the end", "GET /hello HTTP/1.1\r\nHost: h\r\n\n", 400},
      {"header over 16 KB", get("Host: h\r\nX: " + big + "\r\n"), 431},
      {"header over 16 KB that never ends", "GET /hello HTTP/1.1\r\nHost: h\r\nX: " + big, 431},
      {"too many fields", get("Host: h\r\n" + many), 431},
      {"target over 8 KB", "GET /" + std::string(9'000, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
      {"target that never ends", "GET /" + big, 414},
      {"unknown method", "BREW /hello HTTP/1.1\r\nHost: h\r\n\r\n", 501},
      {"CONNECT", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 501},
      {"method in lower case", "get /hello HTTP/1.1\r\nHost: h\r\n\r\n", 501},
      {"HTTP/1.2", "GET /hello HTTP/1.2\r\nHost: h\r\n\r\n", 505},
      {"HTTP/2.0", "GET /hello HTTP/2.0\r\nHost: h\r\n\r\n", 505},
      {"HTTP/0.9", "GET /hello\r\n\r\n", 400},
      {"the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"version in lower case", "GET /hello http/1.1\r\nHost: h\r\n\r\n", 400},
      {"version with three digits", "GET /hello HTTP/1.10\r\nHost: h\r\n\r\n", 400},
      {"two blanks in the request line", "GET  /hello HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"blank at the end of the request line", "GET /hello HTTP/1.1 \r\nHost: h\r\n\r\n", 400},
      {"tab in the request line", "GET\t/hello HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"no target", "GET HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"target is no path", "GET hello HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"target with a fragment", "GET /hello#x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"absolute target without a host", "GET http:///hello HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"absolute target with a user", "GET http://u@h/hello HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"absolute target with a bad port", "GET http://h:x/hello HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"target with a broken escape", "GET /hello%2 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"target with an escaped NUL", "GET /hello%00 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"target with escapes that are not UTF-8", "GET /hello/%FF HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"target with a raw byte over 127", "GET /h\xc3\xa4 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"another expectation", post("Expect: 200-ok\r\nContent-Length: 0\r\n"), 417},
      {"body over its limit", post("Content-Length: 1000001\r\n"), 413},
      {"chunk size overflows",
       post("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\nabc\r\n"), 400},
      {"chunk size with a sign", post("Transfer-Encoding: chunked\r\n", "+3\r\nabc\r\n"), 400},
      {"chunk with bare LF", post("Transfer-Encoding: chunked\r\n", "3\nabc\n0\n\n"), 400},
      {"chunk size that only begins well", post("Transfer-Encoding: chunked\r\n", "0x3\r\n"), 400},
      {"chunk longer than it says",
       post("Transfer-Encoding: chunked\r\n", "3\r\nabcd\r\n0\r\n\r\n"), 400},
      {"TLS to a plain port", "\x16\x03\x01\x02" + std::string(1, '\0') + "\x01\r\n\r\n", 400},
  };
}

TEST(Guard, refuses_what_two_readers_could_read_differently_and_closes) {
  RunningServer server;
  for (const Case& c : refused_cases()) {
    SCOPED_TRACE(c.name);
    RawSocket socket(server.port());
    socket.send(c.request);
    auto answer = socket.read_answer();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, c.status);
    EXPECT_EQ(answer->header("connection"), "close");
    EXPECT_EQ(answer->header("content-type"), "application/problem+json");
    EXPECT_TRUE(answer->whole);
    EXPECT_TRUE(socket.is_closed_by_server());
  }
  EXPECT_EQ(server.handled.load(), 0);
}

TEST(Guard, lets_no_second_request_through_behind_a_refused_one) {
  RunningServer server;
  for (const Case& c : refused_cases()) {
    SCOPED_TRACE(c.name);
    RawSocket socket(server.port());
    socket.send(c.request + "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    socket.shut_down_write();
    std::string all = socket.read_all();
    EXPECT_EQ(all.find(" 200 "), std::string::npos);
  }
  EXPECT_EQ(server.handled.load(), 0);
}

TEST(Guard, takes_what_is_sound) {
  RunningServer server;
  std::vector<Case> cases = {
      {"plain", get("Host: h\r\n"), 200},
      {"host and port", get("Host: example.org:8080\r\n"), 200},
      {"IPv6 host", get("Host: [::1]:8080\r\n"), 200},
      {"name in any case", get("hOsT: h\r\n"), 200},
      {"no blank after the colon", get("Host:h\r\n"), 200},
      {"blanks around a value", get("Host: \t h \t\r\n"), 200},
      {"obs-text in a value", get("Host: h\r\nX: \xe4\r\n"), 200},
      {"empty value", get("Host: h\r\nX:\r\n"), 200},
      {"HTTP/1.0 without Host", "GET /hello HTTP/1.0\r\n\r\n", 200},
      {"empty lines first", "\r\n\r\n" + get("Host: h\r\n"), 200},
      {"absolute form", "GET http://h/hello HTTP/1.1\r\nHost: h\r\n\r\n", 200},
      {"chunked in any case", post("Transfer-Encoding: Chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"), 200},
      {"chunk extension",
       post("Transfer-Encoding: chunked\r\n", "3;a=b;c=\"d\"\r\nabc\r\n0\r\n\r\n"), 200},
      {"trailers", post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\nX: y\r\n\r\n"), 200},
      {"body of exactly the limit",
       post("Content-Length: 1000000\r\n", std::string(1'000'000, 'x')), 200},
      {"target of exactly the limit",
       "GET /" + std::string((8 << 10) - 1, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n", 404},
      {"GET with a body", "GET /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc", 200},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    RawAnswer answer = server.ask(c.request);
    EXPECT_EQ(answer.status, c.status);
    EXPECT_TRUE(answer.whole);
  }
}

TEST(Guard, refuses_a_chunked_body_that_grows_over_the_limit) {
  RunningServer server;
  RawSocket socket(server.port());
  socket.send(post("Transfer-Encoding: chunked\r\n"));
  std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  for (int i = 0; i < 20; ++i) socket.send(chunk);
  auto answer = socket.read_answer();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 413);
  EXPECT_EQ(server.metric("bl_http_limit_hits_total{limit=\"body_bytes_max\"}"), 1);
}

TEST(Guard, gives_the_same_verdict_however_the_header_is_cut) {
  for (const Case& c : refused_cases()) {
    SCOPED_TRACE(c.name);
    GuardLimits limits;
    HeaderScan whole = scan_header(c.request, 0, limits);
    std::size_t scanned = 0;
    HeaderScan cut;
    for (std::size_t bytes = 1; bytes <= c.request.size() && !cut.refusal && !cut.block_bytes;
         ++bytes) {
      cut = scan_header(std::string_view(c.request).substr(0, bytes), scanned, limits);
      scanned = cut.scanned;
    }
    EXPECT_EQ(whole.block_bytes, cut.block_bytes);
    ASSERT_EQ(whole.refusal.has_value(), cut.refusal.has_value());
    if (whole.refusal) {
      EXPECT_EQ(whole.refusal->status, cut.refusal->status);
    }
  }
}

TEST(Guard, counts_the_limits_that_were_reached) {
  RunningServer server;
  server.get("/" + std::string(9'000, 'x'));
  server.get("/hello", "X: " + std::string(20 << 10, 'x') + "\r\n");
  EXPECT_EQ(server.metric("bl_http_limit_hits_total{limit=\"target_bytes_max\"}"), 1);
  EXPECT_EQ(server.metric("bl_http_limit_hits_total{limit=\"header_bytes_max\"}"), 1);
  std::string many;
  for (int i = 0; i < 300; ++i) many += "X: y\r\n";
  server.get("/hello", many);
  EXPECT_EQ(server.metric("bl_http_limit_hits_total{limit=\"header_fields_max\"}"), 1);
}

}  // namespace
}  // namespace bl::net
