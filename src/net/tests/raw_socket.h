#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A TCP client that sends what it is told, byte for byte, for tests of the wire. One thread. Every
/// wait is bounded, so that a broken server fails a test instead of hanging it.
namespace bl::net::testing {

struct RawAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;                                          ///< chunks joined
  bool whole = false;                                        ///< the framing came to its end
  std::string header(std::string_view lower_name) const;
  bool has(std::string_view lower_name) const;
};

class RawSocket {
 public:
  /// `address` is an IPv4 or IPv6 literal.
  explicit RawSocket(std::uint16_t port, const std::string& address = "127.0.0.1");
  ~RawSocket();
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  /// False when the server has closed already.
  bool send(std::string_view bytes);
  /// No more will be sent.
  void shut_down_write();
  /// Closes with a reset.
  void reset();
  /// One answer; nullopt when the server closed without one. `to_head`: it has no body.
  std::optional<RawAnswer> read_answer(bool to_head = false);
  /// True when the server closes the connection, in order or by a reset, and sends nothing more.
  bool is_closed_by_server();
  /// Everything until the server closes.
  std::string read_all();
  /// Makes the kernel take little before the application reads.
  void set_receive_buffer(int bytes);

 private:
  bool read_more();
  int fd_ = -1;
  std::string in_;
};

}  // namespace bl::net::testing
