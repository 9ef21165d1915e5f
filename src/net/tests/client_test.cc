#include "net/client.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "net/tests/running_server.h"

namespace bl::net {
namespace {

using testing::RunningServer;

std::string url_of(const RunningServer& server, const std::string& path) {
  return "http://127.0.0.1:" + std::to_string(server.port()) + path;
}

TEST(Client, gets_posts_and_deletes_over_one_connection) {
  RunningServer server;
  Client client;
  auto got = client.send(Method::get, url_of(server, "/hello"), {}, "");
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(got->body, "hello");
  EXPECT_EQ(got->headers.get("content-type"), "text/plain");
  auto posted = client.send(Method::post, url_of(server, "/echo"), {}, "some bytes");
  ASSERT_TRUE(posted.ok());
  EXPECT_EQ(posted->body, "some bytes");
  Headers admin;
  admin.add("Authorization", "Bearer admin");
  auto removed = client.send(Method::del, url_of(server, "/admin"), admin, "");
  ASSERT_TRUE(removed.ok());
  EXPECT_EQ(removed->status, 200);
  auto head = client.send(Method::head, url_of(server, "/hello"), {}, "");
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(head->headers.get("Content-Length"), "5");
  EXPECT_EQ(server.metric("bl_http_connections"), 1);
}

TEST(Client, takes_any_status_as_an_answer) {
  RunningServer server;
  Client client;
  EXPECT_EQ(client.send(Method::get, url_of(server, "/nowhere"), {}, "")->status, 404);
  EXPECT_EQ(client.send(Method::get, url_of(server, "/throw"), {}, "")->status, 500);
  EXPECT_EQ(client.send(Method::post, url_of(server, "/items/1"), {}, "")->status, 401);
}

TEST(Client, reads_coded_answers_and_streams) {
  RunningServer server;
  Client client;
  auto big = client.send(Method::get, url_of(server, "/big?bytes=100000"), {}, "");
  ASSERT_TRUE(big.ok());
  EXPECT_EQ(big->body.size(), 100'000u);
  EXPECT_FALSE(big->headers.get("Content-Encoding").empty());
  auto lines = client.send(Method::get, url_of(server, "/lines?lines=1000"), {}, "");
  ASSERT_TRUE(lines.ok());
  EXPECT_TRUE(lines->body.ends_with("{\"line\":999}\n"));
}

TEST(Client, names_what_went_wrong) {
  RunningServer server;
  ClientLimits limits;
  limits.body_bytes_max = 1'000;
  limits.timeout = std::chrono::milliseconds(300);
  Client client(limits);
  auto code = [&](const std::string& url) {
    auto answer = client.send(Method::get, url, {}, "");
    return answer.ok() ? std::string("ok") : std::string(name_of(answer.error().code));
  };
  EXPECT_EQ(code(url_of(server, "/big?bytes=1001")), "too_large");
  EXPECT_EQ(code(url_of(server, "/gate")), "timeout");
  EXPECT_EQ(code("ftp://127.0.0.1/"), "invalid");
  EXPECT_EQ(code("http://"), "invalid");
  EXPECT_EQ(code("file:///etc/passwd"), "invalid");
  EXPECT_EQ(code(url_of(server, "/broken-stream")), "unavailable");
  std::string gone = url_of(server, "/hello");
  server.gate.open();
  server.server->stop();
  EXPECT_EQ(code(gone), "unavailable");
  Headers bad;
  bad.add("X", "a\r\nY: b");
  EXPECT_EQ(client.send(Method::get, gone, bad, "").error().code, Code::invalid);
}

TEST(Client, gives_up_on_a_server_that_does_not_accept) {
  // A listener whose queue is full answers no further connection.
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(listener, raw, bytes), 0);
  ASSERT_EQ(::listen(listener, 0), 0);
  ASSERT_EQ(::getsockname(listener, raw, &bytes), 0);
  std::vector<int> waiting;
  for (int i = 0; i < 8; ++i) {
    waiting.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    static_cast<void>(::connect(waiting.back(), raw, bytes));
  }
  ClientLimits limits;
  limits.connect_timeout = std::chrono::milliseconds(100);
  Client client(limits);
  const std::string url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
  const auto answer = client.send(Method::get, url, {}, "");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, Code::timeout);
  EXPECT_TRUE(answer.error().message.ends_with(url));
  for (int socket : waiting) ::close(socket);
  ::close(listener);
}

/// Takes one connection, reads what comes first, sends `answer` and closes; `dies`: it closes after
/// the next request only, without an answer, and another connection gets one.
struct OneAnswer {
  enum class Then : unsigned char { closes, dies };
  explicit OneAnswer(std::string answer, Then then = Then::closes)
      : listener(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    BL_CHECK(::bind(listener, raw, bytes) == 0 && ::listen(listener, 1) == 0);
    BL_CHECK(::getsockname(listener, raw, &bytes) == 0);
    url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
    thread = std::thread([this, then, answer = std::move(answer)] {
      serve(answer, then);
      if (then == Then::dies) serve(answer, Then::closes);
    });
  }
  void serve(const std::string& answer, Then then) const {
    const int client = ::accept(listener, nullptr, nullptr);
    char buffer[4096];
    BL_CHECK(::recv(client, buffer, sizeof buffer, 0) > 0);
    BL_CHECK(::send(client, answer.data(), answer.size(), MSG_NOSIGNAL) >= 0);
    if (then == Then::dies) BL_CHECK(::recv(client, buffer, sizeof buffer, 0) > 0);
    ::close(client);
  }
  ~OneAnswer() {
    thread.join();
    ::close(listener);
  }
  int listener;
  std::string url;
  std::thread thread;
};

TEST(Client, takes_no_part_of_an_answer_for_the_whole) {
  const std::string whole = "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 4\r\n\r\nbody";
  for (std::size_t size = 1; size <= whole.size(); ++size) {
    OneAnswer server(whole.substr(0, size));
    Client client;
    const auto answer = client.send(Method::get, server.url, {}, "");
    EXPECT_EQ(client.sendings(), 1);
    if (size == whole.size()) {
      EXPECT_EQ(answer->body, "body");
    } else {
      ASSERT_FALSE(answer.ok()) << size;
      EXPECT_EQ(answer.error().code, Code::unavailable) << size;
    }
  }
}

TEST(Client, knows_that_nothing_arrived_where_nobody_listens) {
  std::string url;
  {
    RunningServer server;
    url = url_of(server, "/hello");
  }
  Client client;
  ASSERT_FALSE(client.send(Method::put, url, {}, "body").ok());
  EXPECT_EQ(client.sendings(), 0);
  ASSERT_FALSE(client.send(Method::get, "ftp://127.0.0.1/", {}, "").ok());
  EXPECT_EQ(client.sendings(), 0);
}

TEST(Client, tells_that_a_dead_connection_made_it_send_again) {
  OneAnswer first("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", OneAnswer::Then::dies);
  Client client;
  ASSERT_TRUE(client.send(Method::put, first.url, {}, "one").ok());
  EXPECT_EQ(client.sendings(), 1);
  EXPECT_EQ(client.send(Method::put, first.url, {}, "two")->status, 200);
  EXPECT_EQ(client.sendings(), 2);
}

TEST(Client, gives_coded_answers_as_they_were_sent_when_asked_to) {
  OneAnswer server("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\nno gzip");
  Client client({}, {}, ClientCodings::as_sent);
  EXPECT_EQ(client.send(Method::get, server.url, {}, "")->body, "no gzip");
}

}  // namespace
}  // namespace bl::net
