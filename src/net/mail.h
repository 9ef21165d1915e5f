#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/client.h"

/// Mail over SMTP (libcurl; RFC 5321, 5322, 3207). A password is never sent over a connection that
/// is not encrypted.
namespace bl::net {

struct MailServer {
  std::string host;
  std::string port = "587";
  enum class Security : unsigned char {
    starttls,  ///< the connection becomes TLS before anything is said; else it is an error
    tls,       ///< TLS from the start (port 465)
    none,      ///< in the clear: for a relay on this machine or its network
  };
  Security security = Security::starttls;
  std::string user, password;  ///< empty: none
  ClientTrust trust;
  std::chrono::milliseconds timeout{10'000};  ///< of one mail, from connecting to its end
};

struct Mail {
  std::string from;             ///< `ci@example.com`
  std::vector<std::string> to;  ///< the same
  std::string subject;          ///< any UTF-8 without control characters
  std::string text;             ///< UTF-8; lines end in \n
  std::string message_id;       ///< without <>, `ID@HOST`: the same mail again has the same one
  Timestamp date;
};

/// `smtp://HOST[:587]` (STARTTLS), `smtps://HOST[:465]`, or `HOST:PORT` (STARTTLS; TLS on port
/// 465). Errors: invalid.
Result<MailServer> parse_mail_server(std::string_view text);

/// One address, `local@host`: ASCII without blanks, control characters and `<>"(),:;\`. Nothing
/// else can stand in a command to the server or in a header.
bool is_mail_address(std::string_view text);

/// The mail as it is sent: header fields and the text in base64. Errors: invalid (an address, a
/// control character in the subject or the message id).
Result<std::string> encode_mail(const Mail& mail);

/// Blocking. On success the server has taken the mail for all of `to`. Errors: invalid (the mail; a
/// password without encryption), forbidden (the certificate is not to be trusted, or the login is
/// refused), unavailable (no connection, no STARTTLS, a server that refuses), timeout. Threads:
/// any.
Result<void> send_mail(const MailServer& server, const Mail& mail);

}  // namespace bl::net
