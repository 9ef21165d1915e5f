#include "net/tests/raw_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "base/check.h"

namespace bl::net::testing {

std::string RawAnswer::header(std::string_view lower_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_name) return value;
  }
  return "";
}

bool RawAnswer::has(std::string_view lower_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_name) return true;
  }
  return false;
}

RawSocket::RawSocket(std::uint16_t port, const std::string& address) {
  bool v6 = address.find(':') != std::string::npos;
  fd_ = ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
  BL_CHECK(fd_ >= 0);
  timeval patience{20, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  int one = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (v6) {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(port);
    BL_CHECK(::inet_pton(AF_INET6, address.c_str(), &to.sin6_addr) == 1);
    BL_CHECK(::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  } else {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    BL_CHECK(::inet_pton(AF_INET, address.c_str(), &to.sin_addr) == 1);
    BL_CHECK(::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  }
}

RawSocket::~RawSocket() {
  if (fd_ >= 0) ::close(fd_);
}

bool RawSocket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawSocket::shut_down_write() {
  ::shutdown(fd_, SHUT_WR);
}

void RawSocket::reset() {
  linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(fd_);
  fd_ = -1;
}

void RawSocket::set_receive_buffer(int bytes) {
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

bool RawSocket::read_more() {
  thread_local std::array<char, 256 << 10> buffer;
  ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (got <= 0) return false;
  in_.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

std::optional<RawAnswer> RawSocket::read_answer(bool to_head) {
  std::size_t end;
  while ((end = in_.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more()) return std::nullopt;
  }
  RawAnswer answer;
  std::string head = in_.substr(0, end + 2);
  in_.erase(0, end + 4);
  answer.status = std::atoi(head.c_str() + 9);
  for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
    std::size_t line_end = head.find("\r\n", at);
    std::size_t colon = head.find(": ", at);
    std::string name = head.substr(at, colon - at);
    for (char& c : name) c = static_cast<char>(std::tolower(c));
    answer.headers.emplace_back(name, head.substr(colon + 2, line_end - colon - 2));
    at = line_end + 2;
  }
  if (to_head || answer.status < 200 || answer.status == 204 || answer.status == 304) {
    answer.whole = true;
    return answer;
  }
  if (answer.header("transfer-encoding") == "chunked") {
    for (;;) {
      std::size_t line_end;
      while ((line_end = in_.find("\r\n")) == std::string::npos) {
        if (!read_more()) return answer;
      }
      std::size_t size = std::strtoull(in_.c_str(), nullptr, 16);
      while (in_.size() < line_end + 2 + size + 2) {
        if (!read_more()) return answer;
      }
      answer.body += in_.substr(line_end + 2, size);
      in_.erase(0, line_end + 2 + size + 2);
      if (size == 0) break;
    }
    answer.whole = true;
    return answer;
  }
  if (!answer.has("content-length")) {
    while (read_more()) {
    }
    answer.body.swap(in_);
    answer.whole = true;
    return answer;
  }
  std::size_t length = std::strtoull(answer.header("content-length").c_str(), nullptr, 10);
  while (in_.size() < length) {
    if (!read_more()) {
      answer.body.swap(in_);
      return answer;
    }
  }
  if (in_.size() == length) {
    answer.body.swap(in_);
  } else {
    answer.body = in_.substr(0, length);
    in_.erase(0, length);
  }
  answer.whole = true;
  return answer;
}

bool RawSocket::is_closed_by_server() {
  return !read_more() && in_.empty();
}

std::string RawSocket::read_all() {
  while (read_more()) {
  }
  return std::move(in_);
}

}  // namespace bl::net::testing
