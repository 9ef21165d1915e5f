#include "objects/tests/s3_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "objects/s3/xml.h"

namespace bl::objects::testing {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

bool send_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool read_more(int from, std::string& in) {
  char buffer[64 << 10];
  const ssize_t got = ::recv(from, buffer, sizeof buffer, 0);
  if (got <= 0) return false;
  in.append(buffer, static_cast<std::size_t>(got));
  return true;
}

// Where a field's line begins; npos without it.
std::size_t find_field(std::string_view head, std::string_view name) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  const std::string line = "\r\n" + std::string(name) + ":";
  const auto found = std::search(head.begin(), head.end(), line.begin(), line.end(), same);
  return found == head.end() ? std::string_view::npos
                             : static_cast<std::size_t>(found - head.begin()) + 2;
}

std::size_t content_length(std::string_view head) {
  const std::size_t at = find_field(head, "Content-Length");
  if (at == std::string_view::npos) return 0;
  std::size_t begin = head.find(':', at) + 1, size = 0;
  while (head[begin] == ' ') ++begin;
  std::from_chars(head.data() + begin, head.data() + head.size(), size);
  return size;
}

std::string without_field(std::string text, std::string_view name) {
  const std::size_t at = find_field(text.substr(0, text.find("\r\n\r\n") + 2), name);
  if (at == std::string::npos) return text;
  return text.erase(at, text.find("\r\n", at) + 2 - at);
}

// The server closes after every answer; where its length is told, our client need not know.
std::string kept_alive(std::string answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  if (end == std::string::npos) return answer;
  if (find_field(answer.substr(0, end + 2), "Content-Length") == std::string::npos) return answer;
  return without_field(std::move(answer), "Connection");
}

void wait_until_gone(int client) {
  std::string ignored;
  while (read_more(client, ignored)) {
  }
}

}  // namespace

S3Proxy::S3Proxy(std::uint16_t server_port) : server_port_(server_port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  BL_CHECK(::bind(listener_, raw, size) == 0 && ::listen(listener_, 64) == 0);
  BL_CHECK(::getsockname(listener_, raw, &size) == 0);
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { accept_all(); });
}

S3Proxy::~S3Proxy() {
  stop();
}

void S3Proxy::stop() {
  if (is_over_.exchange(true)) return;
  ::shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  ::close(listener_);
  std::vector<std::thread> serving;
  {
    std::lock_guard lock(mutex_);
    for (const int client : clients_) ::shutdown(client, SHUT_RDWR);
    serving.swap(serving_);
  }
  for (std::thread& thread : serving) thread.join();
}

void S3Proxy::set_plan(Plan plan) {
  std::lock_guard lock(mutex_);
  plan_ = std::move(plan);
  calls_.clear();
}

std::vector<S3Call> S3Proxy::calls() const {
  std::lock_guard lock(mutex_);
  return calls_;
}

void S3Proxy::accept_all() {
  while (true) {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    std::lock_guard lock(mutex_);
    clients_.push_back(client);
    serving_.emplace_back([this, client] { serve(client); });
  }
}

void S3Proxy::serve(int client) {
  std::string in;
  while (!is_over_ && serve_one(client, in)) {
  }
  std::lock_guard lock(mutex_);
  std::erase(clients_, client);
  ::close(client);
}

S3Fate S3Proxy::fate_of(S3Call call) {
  std::lock_guard lock(mutex_);
  call.number = calls_.size() + 1;
  calls_.push_back(call);
  return plan_ ? plan_(call) : S3Fate{};
}

std::string S3Proxy::ask_server(std::string_view request) {
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(server_port_);
  std::string answer;
  if (::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      send_all(server, request)) {
    while (read_more(server, answer)) {
    }
  }
  ::close(server);
  return kept_alive(std::move(answer));
}

// False: the connection ends.
bool S3Proxy::serve_one(int client, std::string& in) {
  std::size_t end = 0;
  while ((end = in.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more(client, in)) return false;
  }
  S3Call call;
  call.head = in.substr(0, end + 2);
  const std::size_t size = end + 4 + content_length(call.head);
  while (in.size() < size) {
    if (!read_more(client, in)) return false;
  }
  const std::string request = in.substr(0, size);
  in.erase(0, size);
  const std::size_t blank = call.head.find(' ');
  call.method = call.head.substr(0, blank);
  call.target = call.head.substr(blank + 1, call.head.find(' ', blank + 1) - blank - 1);
  const S3Fate fate = fate_of(call);
  switch (fate.kind) {
    case S3Fate::Kind::forward:
      break;
    case S3Fate::Kind::answer:
      if (!call.is("HEAD")) return send_all(client, fate.text);
      return send_all(client,
                      std::string_view(fate.text).substr(0, fate.text.find("\r\n\r\n") + 4));
    case S3Fate::Kind::drop_before:
      return false;
    case S3Fate::Kind::drop_halfway: {
      const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in address = loopback(server_port_);
      if (::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
        send_all(server, std::string_view(request).substr(0, size - (size - end - 4) / 2 - 1));
      }
      ::close(server);
      return false;
    }
    case S3Fate::Kind::drop_after:
      ask_server(request);
      return false;
    case S3Fate::Kind::hang_before:
      wait_until_gone(client);
      return false;
    case S3Fate::Kind::hang_after:
      ask_server(request);
      wait_until_gone(client);
      return false;
    case S3Fate::Kind::cut_answer: {
      const std::string answer = ask_server(request);
      send_all(client, std::string_view(answer).substr(0, answer.size() - answer.size() / 4));
      return false;
    }
    case S3Fate::Kind::without_field:
      return send_all(client, ask_server(without_field(request, fate.text)));
  }
  const std::string answer = ask_server(request);
  return send_all(client, answer) && find_field(answer.substr(0, answer.find("\r\n\r\n") + 2),
                                                "Connection") == std::string::npos;
}

std::string http_answer(int status, std::string_view header_lines, std::string_view body) {
  std::string text = "HTTP/1.1 " + std::to_string(status) + " Words\r\n";
  text.append(header_lines);
  text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
  return text.append(body);
}

std::string s3_error(int status, std::string_view code, std::string_view message) {
  std::string body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>";
  body.append(code).append("</Code><Message>").append(xml_escaped(message));
  body.append("</Message></Error>");
  return http_answer(status, "Content-Type: application/xml\r\n", body);
}

}  // namespace bl::objects::testing
