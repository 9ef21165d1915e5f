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

/// Whom a client believes over https: the system's authorities, unless one of these is set. The
/// name in the URL must be among the certificate's, but for a pinned key.
struct ClientTrust {
  std::string ca_file;  ///< PEM: these authorities (or self-signed certificates) and no others
  /// CertificateFacts::public_key_sha256: the server is whoever holds that key; its certificate's
  /// name, authority and dates do not matter. Goes before ca_file.
  std::string public_key_sha256;
};

/// What becomes of an answer's Content-Encoding.
enum class ClientCodings : unsigned char {
  decoded,  ///< every coding that libcurl knows is asked for, and undone
  as_sent,  ///< none is asked for, and the body is given as it came
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

class Client {
 public:
  explicit Client(ClientLimits limits = {}, ClientTrust trust = {},
                  ClientCodings codings = ClientCodings::decoded);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  /// Any status is a success here. Errors: unavailable (cannot connect, connection lost), timeout,
  /// too_large, invalid (URL; a CA file that cannot be used), forbidden (the server's certificate
  /// is not to be trusted: nothing was sent). Redirects are not followed.
  Result<ClientResponse> send(Method method, const std::string& url, const Headers& headers,
                              std::string_view body);
  /// How often the last send() sent its request: 0 when no connection came about. Twice or more
  /// when a kept-alive connection turned out to be dead: libcurl then sends it again by itself, and
  /// a server may have carried out the first one too.
  int sendings() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bl::net
