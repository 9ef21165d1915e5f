// What a client sees of a server whose limits are reached: each is answered, counted, and leaves
// the server well. Timeouts are short, and the tests wait for the answer that they bring.
#include <gtest/gtest.h>

#include "net/server.h"
#include "net/tests/running_server.h"

namespace bl::net {
namespace {

using std::chrono::milliseconds;
using testing::RawAnswer;
using testing::RawSocket;
using testing::RunningServer;

ServerOptions with(const std::function<void(ServerLimits&)>& change) {
  ServerOptions options = RunningServer::test_options();
  change(options.limits);
  return options;
}

double hits(const RunningServer& server, const std::string& limit) {
  return server.metric("bl_http_limit_hits_total{limit=\"" + limit + "\"}");
}

constexpr const char* k_get_gate = "GET /gate HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr const char* k_get_hello = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";

TEST(Limits, a_full_queue_is_answered_503_at_once_and_the_connection_lives_on) {
  RunningServer server(with([](ServerLimits& limits) {
    limits.workers = 1;
    limits.queue_max = 1;
  }));
  RawSocket running(server.port());
  running.send(k_get_gate);
  server.gate.wait_for(1);
  RawSocket waiting(server.port());
  waiting.send(k_get_gate);
  while (server.metric("bl_http_queue_length") < 1) std::this_thread::yield();
  RawSocket refused(server.port());
  refused.send("GET /hello HTTP/1.1\r\nHost: h\r\nX-Request-Id: mine\r\n\r\n");
  auto answer = refused.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->header("x-request-id"), "mine");
  EXPECT_EQ(answer->header("retry-after"), "1");
  EXPECT_FALSE(answer->has("connection"));
  EXPECT_EQ(hits(server, "queue_max"), 1);
  server.gate.open();
  EXPECT_EQ(running.read_answer()->body, "passed");
  EXPECT_EQ(waiting.read_answer()->body, "passed");
  refused.send(k_get_hello);
  EXPECT_EQ(refused.read_answer()->status, 200);
}

TEST(Limits, more_connections_than_the_most_are_told_so_and_closed) {
  RunningServer server(with([](ServerLimits& limits) { limits.connections_max = 2; }));
  RawSocket first(server.port());
  RawSocket second(server.port());
  first.send(k_get_hello);
  second.send(k_get_hello);
  EXPECT_EQ(first.read_answer()->status, 200);
  EXPECT_EQ(second.read_answer()->status, 200);
  RawSocket third(server.port());
  third.send(k_get_hello);
  auto answer = third.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  EXPECT_TRUE(third.is_closed_by_server());
  EXPECT_EQ(hits(server, "connections_max"), 1);
  first.send(k_get_hello);
  EXPECT_EQ(first.read_answer()->status, 200);
}

TEST(Limits, a_slow_header_is_answered_408) {
  RunningServer server(
      with([](ServerLimits& limits) { limits.header_timeout = milliseconds(80); }));
  RawSocket socket(server.port());
  socket.send("GET /hello HTTP/1.1\r\nHost:");
  auto answer = socket.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408);
  EXPECT_TRUE(socket.is_closed_by_server());
  EXPECT_EQ(hits(server, "header_timeout"), 1);
}

TEST(Limits, bytes_that_trickle_do_not_move_the_deadline_of_the_header) {
  RunningServer server(
      with([](ServerLimits& limits) { limits.header_timeout = milliseconds(80); }));
  RawSocket socket(server.port());
  socket.send("GET /hello HTTP/1.1\r\nX: ");
  // A request of another client between two bytes makes each byte arrive alone.
  for (int i = 0; i < 16'000 && hits(server, "header_timeout") == 0; ++i) {
    if (!socket.send("x")) break;
    EXPECT_EQ(server.get("/hello").status, 200);
  }
  auto answer = socket.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408);
  EXPECT_EQ(hits(server, "header_timeout"), 1);
}

TEST(Limits, an_idle_connection_is_closed_without_an_answer) {
  RunningServer server(with([](ServerLimits& limits) { limits.idle_timeout = milliseconds(80); }));
  RawSocket socket(server.port());
  socket.send(k_get_hello);
  EXPECT_EQ(socket.read_answer()->status, 200);
  EXPECT_TRUE(socket.is_closed_by_server());
  EXPECT_EQ(hits(server, "idle_timeout"), 1);
}

TEST(Limits, silence_inside_a_body_is_answered_408) {
  RunningServer server(with([](ServerLimits& limits) { limits.body_timeout = milliseconds(80); }));
  for (const char* path : {"/echo", "/count"}) {
    RawSocket socket(server.port());
    socket.send(std::string("POST ") + path +
                " HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc");
    auto answer = socket.read_answer();
    ASSERT_TRUE(answer) << path;
    EXPECT_EQ(answer->status, 408) << path;
    EXPECT_TRUE(socket.is_closed_by_server()) << path;
  }
  EXPECT_EQ(hits(server, "body_timeout"), 2);
}

TEST(Limits, a_body_that_trickles_is_answered_408) {
  RunningServer server(with([](ServerLimits& limits) {
    limits.body_timeout = milliseconds(200);
    limits.body_bytes_per_second_min = 1'000'000'000;
  }));
  RawSocket socket(server.port());
  socket.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 900000\r\n\r\n");
  while (hits(server, "body_bytes_per_second_min") == 0) {
    if (!socket.send("x")) break;
    std::this_thread::yield();
  }
  EXPECT_EQ(hits(server, "body_bytes_per_second_min"), 1);
}

TEST(Limits, a_line_of_chunk_framing_that_trickles_is_answered_408) {
  RunningServer server(with([](ServerLimits& limits) {
    limits.body_timeout = milliseconds(300);
    limits.body_bytes_per_second_min = 1'000'000;
  }));
  RawSocket socket(server.port());
  // What waits for the end of its line must not count again with every byte that follows it.
  socket.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;" +
              std::string(14'000, 'x'));
  for (int i = 0; i < 2'000 && hits(server, "body_bytes_per_second_min") == 0; ++i) {
    if (!socket.send("x")) break;
    for (int pause = 0; pause < 3; ++pause) EXPECT_EQ(server.get("/hello").status, 200);
  }
  auto answer = socket.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408);
  EXPECT_EQ(hits(server, "body_bytes_per_second_min"), 1);
}

TEST(Limits, a_client_that_does_not_read_is_cut_and_its_handler_told) {
  RunningServer server(with([](ServerLimits& limits) { limits.write_timeout = milliseconds(80); }));
  RawSocket socket(server.port());
  socket.set_receive_buffer(4'096);
  socket.send("GET /lines?lines=10000000 HTTP/1.1\r\nHost: h\r\n\r\n");
  while (hits(server, "write_timeout") == 0) std::this_thread::yield();
  server.server->stop();  // the handler has given up, else this waits for ever
  server.log.reset();
  bool told = false;
  for (const std::string& line : server.log_lines()) {
    told |= line.find("stream_stopped") != std::string::npos &&
            line.find("timeout") != std::string::npos;
  }
  EXPECT_TRUE(told);
}

TEST(Limits, a_client_that_is_gone_stops_its_stream) {
  RunningServer server;
  {
    RawSocket socket(server.port());
    socket.send("GET /lines?lines=100000000 HTTP/1.1\r\nHost: h\r\n\r\n");
    while (server.handled.load() < 1) std::this_thread::yield();
    socket.reset();
  }
  server.server->stop();  // the handler has given up, else this waits until the stream is cut
  EXPECT_EQ(hits(server, "stop_timeout"), 0);
}

TEST(Limits, a_client_that_is_gone_while_its_handler_runs_harms_nobody) {
  RunningServer server;
  for (int i = 0; i < 3; ++i) {
    RawSocket socket(server.port());
    socket.send(k_get_gate);
    server.gate.wait_for(static_cast<std::size_t>(i) + 1);
    socket.reset();
  }
  EXPECT_EQ(server.get("/hello").status, 200);
  server.gate.open();
  EXPECT_EQ(server.get("/hello").status, 200);
}

TEST(Limits, a_connection_ends_after_its_most_requests) {
  RunningServer server(with([](ServerLimits& limits) { limits.requests_per_connection_max = 2; }));
  RawSocket socket(server.port());
  socket.send(k_get_hello);
  EXPECT_FALSE(socket.read_answer()->has("connection"));
  socket.send(k_get_hello);
  EXPECT_EQ(socket.read_answer()->header("connection"), "close");
  EXPECT_TRUE(socket.is_closed_by_server());
  EXPECT_EQ(hits(server, "requests_per_connection_max"), 1);
}

TEST(Limits, a_request_that_waited_longer_than_its_deadline_is_answered_503) {
  ServerOptions options = with([](ServerLimits& limits) { limits.workers = 1; });
  RunningServer server(options);
  RawSocket running(server.port());
  running.send(k_get_gate);
  server.gate.wait_for(1);
  RawSocket waiting(server.port());
  waiting.send("GET /hurried HTTP/1.1\r\nHost: h\r\n\r\n");
  while (server.metric("bl_http_queue_length") < 1) std::this_thread::yield();
  server.gate.open();
  auto answer = waiting.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->header("retry-after"), "1");
  EXPECT_EQ(hits(server, "deadline"), 1);
}

TEST(Limits, bodies_of_all_connections_together_are_limited) {
  RunningServer server(
      with([](ServerLimits& limits) { limits.body_bytes_in_flight_max = 500'000; }));
  EXPECT_EQ(server.post("/echo", std::string(400'000, 'x')).status, 200);
  EXPECT_EQ(server.post("/echo", std::string(600'000, 'x')).status, 503);
  EXPECT_EQ(server.post("/echo", std::string(400'000, 'x')).status, 200);
  EXPECT_EQ(hits(server, "body_bytes_in_flight_max"), 1);
}

TEST(Stop, lets_running_requests_finish_and_closes_idle_connections) {
  RunningServer server;
  RawSocket idle(server.port());
  idle.send(k_get_hello);
  EXPECT_EQ(idle.read_answer()->status, 200);
  RawSocket running(server.port());
  running.send(k_get_gate);
  server.gate.wait_for(1);
  std::thread stopper([&] { server.server->stop(); });
  EXPECT_TRUE(idle.is_closed_by_server());
  server.gate.open();
  auto answer = running.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "passed");
  EXPECT_EQ(answer->header("connection"), "close");
  EXPECT_TRUE(running.is_closed_by_server());
  stopper.join();
  server.server->stop();  // again: nothing happens
}

TEST(Stop, cuts_what_takes_longer_than_stop_timeout) {
  RunningServer server(with([](ServerLimits& limits) { limits.stop_timeout = milliseconds(80); }));
  RawSocket streaming(server.port());
  streaming.set_receive_buffer(4'096);
  streaming.send("GET /lines?lines=100000000 HTTP/1.1\r\nHost: h\r\n\r\n");
  RawSocket half(server.port());
  half.send("GET /hello HT");
  while (server.handled.load() < 1) std::this_thread::yield();
  server.server->stop();
  EXPECT_EQ(hits(server, "stop_timeout"), 1);
  EXPECT_EQ(server.metric("bl_http_connections"), 0);
}

TEST(Stop, of_a_server_that_never_started_is_fine) {
  Router router;
  testing::TokenNames nobody;
  RunningServer other;
  Metrics metrics;
  auto server = Server::listen(RunningServer::test_options(), router, nobody, other.random,
                               *other.log, metrics);
  ASSERT_TRUE(server.ok());
  (*server)->stop();
}

}  // namespace
}  // namespace bl::net
