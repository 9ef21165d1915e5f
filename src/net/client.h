#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

/// A blocking HTTP(S) client over libcurl with kept-alive connections. One object per thread.
namespace bl::net {

struct ClientLimits {
  std::chrono::milliseconds connect_timeout{3'500};
  std::chrono::milliseconds timeout{150'000};
  std::size_t body_bytes_max = 256u << 20;  ///< of an answer
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

class Client {
 public:
  explicit Client(ClientLimits limits = {});
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  /// Any status is a success here. Errors: unavailable (cannot connect, connection lost), timeout,
  /// too_large, invalid (URL). Redirects are not followed.
  Result<ClientResponse> send(Method method, const std::string& url, const Headers& headers,
                              std::string_view body);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bl::net
