// What a client sees of a healthy server: answers, connections, access, coding, streams.
#include "net/server.h"

#include <gtest/gtest.h>

#include "base/compression.h"
#include "base/json.h"
#include "net/tests/running_server.h"

namespace bl::net {
namespace {

using testing::RawAnswer;
using testing::RawSocket;
using testing::RunningServer;

json::Value problem_of(const RawAnswer& answer) {
  EXPECT_EQ(answer.header("content-type"), "application/problem+json");
  auto parsed = json::parse(answer.body);
  EXPECT_TRUE(parsed.ok()) << answer.body;
  return parsed.ok() ? std::move(parsed).value() : json::Value();
}

std::string text_of(const json::Value& object, std::string_view key) {
  const json::Value* value = object.find(key);
  return value && value->is_string() ? value->as_string() : "(absent)";
}

TEST(Server, answers_with_the_headers_that_every_answer_has) {
  RunningServer server;
  RawAnswer answer = server.get("/hello");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello");
  EXPECT_EQ(answer.header("x-content-type-options"), "nosniff");
  EXPECT_EQ(answer.header("date").size(), 29u);
  EXPECT_FALSE(answer.header("x-request-id").empty());
  EXPECT_FALSE(answer.has("server"));
}

TEST(Server, echoes_a_sane_request_id_and_replaces_another) {
  RunningServer server;
  EXPECT_EQ(server.get("/hello", "X-Request-Id: run-7/a\r\n").header("x-request-id"), "run-7/a");
  EXPECT_NE(server.get("/hello", "X-Request-Id: a b\r\n").header("x-request-id"), "a b");
  std::string long_id(129, 'x');
  EXPECT_NE(server.get("/hello", "X-Request-Id: " + long_id + "\r\n").header("x-request-id"),
            long_id);
}

TEST(Server, answers_head_without_a_body_but_with_its_length) {
  RunningServer server;
  RawSocket socket(server.port());
  socket.send("HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\nGET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  auto head = socket.read_answer(true);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->header("content-length"), "5");
  auto get = socket.read_answer();
  ASSERT_TRUE(get);
  EXPECT_EQ(get->body, "hello");
}

TEST(Server, keeps_the_connection_and_the_order_of_pipelined_requests) {
  RunningServer server;
  RawSocket socket(server.port());
  std::string requests;
  for (int i = 0; i < 50; ++i) {
    requests += "GET /items/" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  }
  socket.send(requests);
  for (int i = 0; i < 50; ++i) {
    auto answer = socket.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, std::to_string(i));
  }
}

TEST(Server, closes_when_the_client_asks) {
  RunningServer server;
  RawSocket socket(server.port());
  socket.send("GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  auto answer = socket.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->header("connection"), "close");
  EXPECT_TRUE(socket.is_closed_by_server());
}

TEST(Server, closes_after_http_1_0_unless_asked_to_keep) {
  RunningServer server;
  RawSocket closing(server.port());
  closing.send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(closing.read_answer()->header("connection"), "close");
  EXPECT_TRUE(closing.is_closed_by_server());
  RawSocket kept(server.port());
  for (int i = 0; i < 2; ++i) {
    kept.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(kept.read_answer()->header("connection"), "keep-alive");
  }
}

TEST(Server, answers_a_client_that_has_closed_its_sending_side) {
  RunningServer server;
  RawSocket socket(server.port());
  socket.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  socket.shut_down_write();
  auto answer = socket.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "hello");
  EXPECT_TRUE(socket.is_closed_by_server());
}

TEST(Server, refuses_a_request_that_ends_early) {
  RunningServer server;
  for (std::string request :
       {"GET /hello HTT", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"}) {
    RawSocket socket(server.port());
    socket.send(request);
    socket.shut_down_write();
    auto answer = socket.read_answer();
    ASSERT_TRUE(answer) << request;
    EXPECT_EQ(answer->status, 400) << request;
  }
  EXPECT_EQ(server.handled.load(), 0);
}

TEST(Server, says_100_continue_before_it_waits_for_the_body) {
  RunningServer server;
  RawSocket socket(server.port());
  socket.send(
      "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(socket.read_answer()->status, 100);
  socket.send("abc");
  EXPECT_EQ(socket.read_answer()->body, "abc");
}

TEST(Server, does_not_ask_for_a_body_that_it_will_not_take) {
  RunningServer server;
  RawSocket large(server.port());
  large.send(
      "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n");
  EXPECT_EQ(large.read_answer()->status, 413);
  RawSocket nowhere(server.port());
  nowhere.send(
      "POST /nowhere HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(nowhere.read_answer()->status, 404);
}

TEST(Server, answers_problems_for_paths_and_methods_that_are_not_there) {
  RunningServer server;
  RawAnswer missing = server.get("/nowhere");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(text_of(problem_of(missing), "code"), "not_found");
  RawAnswer wrong = server.post("/hello", "abc");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.header("allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(text_of(problem_of(wrong), "code"), "method_not_allowed");
  for (const std::string known : {"TRACE", "QUERY"}) {  // to HTTP, but not to any route
    RawAnswer unserved = server.ask(known + " /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(unserved.status, 405) << known;
    EXPECT_EQ(unserved.header("allow"), "GET, HEAD, OPTIONS") << known;
  }
  EXPECT_EQ(server.get("/slash").status, 404);
  EXPECT_EQ(server.get("/slash/").status, 200);
}

TEST(Server, names_the_methods_on_options) {
  RunningServer server;
  RawAnswer options = server.ask("OPTIONS /items/1 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.header("allow"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(server.ask("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").status, 204);
  EXPECT_EQ(server.ask("OPTIONS /nowhere HTTP/1.1\r\nHost: h\r\n\r\n").status, 404);
}

TEST(Server, shows_every_fault_with_its_path_and_value) {
  RunningServer server;
  RawAnswer answer = server.get("/fault");
  EXPECT_EQ(answer.status, 422);
  json::Value problem = problem_of(answer);
  ASSERT_EQ(problem.find("errors")->items().size(), 2u);
  EXPECT_EQ(text_of(problem.find("errors")->items()[0], "location"), "/a");
  EXPECT_EQ(text_of(problem.find("errors")->items()[0], "value"), "x");
  EXPECT_EQ(text_of(problem.find("errors")->items()[1], "value"), "\"xxx...");
  EXPECT_EQ(text_of(problem, "request_id"), answer.header("x-request-id"));
}

TEST(Server, a_problem_is_json_whatever_bytes_it_quotes) {
  RunningServer server;
  for (const char* path : {"/nowhere/%ff", "/a%C3%28b"}) {
    EXPECT_EQ(text_of(problem_of(server.get(path)), "code"), "malformed") << path;
  }
  const RawAnswer coding = server.post("/echo", "x", "Content-Encoding: b\xffr\r\n");
  EXPECT_EQ(coding.status, 415);
  EXPECT_TRUE(text_of(problem_of(coding), "detail").ends_with("b\ufffdr"));
}

TEST(Server, turns_an_exception_of_a_handler_into_500_and_a_log_line_with_the_request_id) {
  RunningServer server;
  RawAnswer answer = server.get("/throw", "X-Request-Id: r-1\r\n");
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body.find("secret"), std::string::npos);
  EXPECT_EQ(text_of(problem_of(answer), "request_id"), "r-1");
  server.server->stop();
  server.log.reset();  // writes what is queued
  bool logged = false;
  for (const std::string& line : server.log_lines()) {
    logged |= line.find("secret detail") != std::string::npos &&
              line.find("r-1") != std::string::npos && line.find("error") != std::string::npos;
  }
  EXPECT_TRUE(logged);
}

TEST(Server, asks_for_a_token_where_a_route_needs_a_role) {
  RunningServer server;
  EXPECT_EQ(server.get("/items/1").status, 200);  // reads are public
  RawAnswer anonymous = server.post("/items/1", "");
  EXPECT_EQ(anonymous.status, 401);
  EXPECT_TRUE(anonymous.header("www-authenticate").starts_with("Bearer"));
  EXPECT_EQ(server.post("/items/1", "", "Authorization: Bearer nobody\r\n").status, 401);
  EXPECT_EQ(server.get("/items/1", "Authorization: Bearer nobody\r\n").status, 401);
  EXPECT_EQ(server.get("/hello", "Authorization: Bearer nobody\r\n").status, 200);
  EXPECT_EQ(server.post("/items/1", "", "Authorization: Bearer reader\r\n").status, 403);
  EXPECT_EQ(server.post("/items/1", "", "Authorization: Bearer writer\r\n").status, 200);
  auto remove = [&](const std::string& who) {
    return server.ask("DELETE /admin HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + who +
                      "\r\n\r\n");
  };
  EXPECT_EQ(remove("writer").status, 403);
  EXPECT_EQ(remove("admin").status, 200);
}

TEST(Server, asks_for_a_token_on_reads_that_are_not_public) {
  ServerOptions options = RunningServer::test_options();
  options.public_reads = false;
  RunningServer server(options);
  EXPECT_EQ(server.get("/items/1").status, 401);
  EXPECT_EQ(server.get("/items/1", "Authorization: Bearer reader\r\n").status, 200);
  EXPECT_EQ(server.get("/hello").status, 200);
}

TEST(Server, decodes_gzip_and_zstd_bodies) {
  RunningServer server;
  std::string text(50'000, 'a');
  for (auto [encoding, name] :
       {std::pair{Encoding::gzip, "gzip"}, std::pair{Encoding::zstd, "zstd"}}) {
    std::string coded = compress(encoding, text);
    std::string lines = std::string("Content-Encoding: ") + name + "\r\n";
    EXPECT_EQ(server.post("/echo", coded, lines).body, text);
    EXPECT_EQ(server.post("/count", coded, lines).body, "50000");
  }
}

TEST(Server, refuses_broken_codings_bombs_and_codings_that_it_does_not_know) {
  RunningServer server;
  std::string truncated = compress(Encoding::gzip, std::string(50'000, 'a'));
  truncated.resize(truncated.size() / 2);
  std::string gzip_bomb = compress(Encoding::gzip, std::string(50'000'000, 'a'));
  std::string zstd_bomb = compress(Encoding::zstd, std::string(50'000'000, 'a'));
  ASSERT_LT(gzip_bomb.size(), 1'000'000u);
  for (const char* path : {"/echo", "/count"}) {
    SCOPED_TRACE(path);
    auto post = [&](const std::string& body, const char* coding) {
      return server.post(path, body, std::string("Content-Encoding: ") + coding + "\r\n").status;
    };
    EXPECT_EQ(post(truncated, "gzip"), 400);
    EXPECT_EQ(post("nonsense", "gzip"), 400);
    EXPECT_EQ(post(gzip_bomb, "gzip"), 413);
    EXPECT_EQ(post(zstd_bomb, "zstd"), 413);
    EXPECT_EQ(post("x", "br"), 415);
    EXPECT_EQ(post("x", "gzip, gzip"), 415);
  }
  EXPECT_GE(server.metric("bl_http_limit_hits_total{limit=\"body_bytes_max\"}"), 4);
}

TEST(Server, encodes_answers_for_clients_that_accept_it) {
  RunningServer server;
  RawAnswer plain = server.get("/big?bytes=5000");
  EXPECT_EQ(plain.body.size(), 5'000u);
  EXPECT_EQ(plain.header("vary"), "Accept-Encoding");
  EXPECT_EQ(plain.header("etag"), "\"v1\"");
  RawAnswer zstd = server.get("/big?bytes=5000", "Accept-Encoding: gzip, zstd\r\n");
  EXPECT_EQ(zstd.header("content-encoding"), "zstd");
  EXPECT_EQ(zstd.header("etag"), "W/\"v1\"");
  EXPECT_EQ(*decompress(Encoding::zstd, zstd.body, 5'000), plain.body);
  RawAnswer gzip = server.get("/big?bytes=5000", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(*decompress(Encoding::gzip, gzip.body, 5'000), plain.body);
  RawAnswer small = server.get("/big?bytes=100", "Accept-Encoding: gzip\r\n");
  EXPECT_FALSE(small.has("content-encoding"));
}

TEST(Server, knows_its_origin_and_its_client) {
  RunningServer server;
  EXPECT_EQ(server.ask("GET /origin HTTP/1.1\r\nHost: x.org:81\r\n\r\n").body,
            "http://x.org:81 127.0.0.1");
  EXPECT_EQ(server.ask("GET http://y.org/origin HTTP/1.1\r\nHost: x\r\n\r\n").body,
            "http://y.org 127.0.0.1");
}

TEST(Server, sends_an_answer_of_many_buffers_whole) {
  RunningServer server;
  EXPECT_EQ(server.get("/big?bytes=20000000").body.size(), 20'000'000u);
}

TEST(Server, takes_a_body_as_a_stream_and_keeps_the_connection) {
  RunningServer server;
  RawSocket socket(server.port());
  std::string body(3'000'000, 'x');
  for (int i = 0; i < 2; ++i) {
    socket.send("POST /count HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n" + body);
    auto answer = socket.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "3000000");
  }
}

TEST(Server, limits_a_streamed_body) {
  RunningServer server;
  EXPECT_EQ(server.post("/count", std::string(4'000'001, 'x')).status, 413);
  RawSocket socket(server.port());
  socket.send("POST /count HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  std::string chunk = "100000\r\n" + std::string(0x100000, 'x') + "\r\n";
  for (int i = 0; i < 5; ++i) socket.send(chunk);
  EXPECT_EQ(socket.read_answer()->status, 413);
}

TEST(Server, closes_behind_a_streamed_body_that_nobody_read) {
  RunningServer server;
  RawSocket socket(server.port());
  socket.send("POST /unread HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" +
              std::string(100'000, 'x'));
  auto answer = socket.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "not read");
  EXPECT_EQ(answer->header("connection"), "close");
  EXPECT_TRUE(socket.is_closed_by_server());
}

TEST(Server, streams_an_answer_in_chunks) {
  RunningServer server;
  RawSocket socket(server.port());
  for (int i = 0; i < 2; ++i) {
    socket.send("GET /lines?lines=10000 HTTP/1.1\r\nHost: h\r\n\r\n");
    auto answer = socket.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->whole);
    EXPECT_EQ(answer->header("transfer-encoding"), "chunked");
    EXPECT_TRUE(answer->body.ends_with("{\"line\":9999}\n"));
  }
}

TEST(Server, ends_a_stream_to_http_1_0_by_closing) {
  RunningServer server;
  RawAnswer answer = server.ask("GET /lines?lines=100 HTTP/1.0\r\n\r\n");
  EXPECT_FALSE(answer.has("transfer-encoding"));
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_TRUE(answer.body.ends_with("{\"line\":99}\n"));
}

TEST(Server, encodes_streams) {
  RunningServer server;
  RawAnswer answer = server.get("/lines?lines=10000", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(answer.header("content-encoding"), "gzip");
  auto text = decompress(Encoding::gzip, answer.body, 1'000'000);
  ASSERT_TRUE(text.ok());
  EXPECT_TRUE(text->ends_with("{\"line\":9999}\n"));
}

TEST(Server, shows_that_a_stream_broke) {
  RunningServer server;
  RawAnswer chunked = server.get("/broken-stream");
  EXPECT_EQ(chunked.status, 200);
  EXPECT_FALSE(chunked.whole);
}

TEST(Server, streams_both_ways_at_once) {
  RunningServer server;
  RawSocket socket(server.port());
  socket.send("POST /stream-echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  std::thread sender([&] {
    for (int i = 0; i < 30; ++i) socket.send(chunk);
    socket.send("0\r\n\r\n");
  });
  auto answer = socket.read_answer();
  sender.join();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->whole);
  EXPECT_EQ(answer->body.size(), 30u * 0x10000);
}

TEST(Server, counts_requests_by_method_route_and_status) {
  RunningServer server;
  server.get("/items/1");
  server.get("/items/2");
  server.get("/nowhere");
  EXPECT_EQ(
      server.metric("bl_http_requests_total{method=\"GET\",route=\"/items/{id}\",status=\"200\"}"),
      2);
  EXPECT_EQ(server.metric("bl_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"}"),
            1);
  EXPECT_EQ(server.metric("bl_http_request_duration_seconds_count{route=\"/items/{id}\"}"), 2);
}

TEST(Server, listens_on_ipv6) {
  ServerOptions options = RunningServer::test_options();
  for (const char* address : {"::1", "[::1]"}) {
    options.address = address;
    RunningServer server(options);
    RawSocket socket(server.port(), "::1");
    socket.send("GET /origin HTTP/1.1\r\nHost: [::1]\r\n\r\n");
    EXPECT_EQ(socket.read_answer()->body, "http://[::1] ::1");
  }
}

TEST(Server, names_an_address_that_is_in_use_or_is_none) {
  RunningServer first;
  Router router;
  testing::TokenNames nobody;
  ServerOptions options = RunningServer::test_options();
  options.port = first.port();
  Metrics metrics;
  auto second = Server::listen(options, router, nobody, first.random, *first.log, metrics);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_TRUE(second.error().message.ends_with(":" + std::to_string(first.port())));
  options.address = "not an address";
  Metrics others;
  EXPECT_EQ(Server::listen(options, router, nobody, first.random, *first.log, others).error().code,
            Code::invalid);
}

}  // namespace
}  // namespace bl::net
