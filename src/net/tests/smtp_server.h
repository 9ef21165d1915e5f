#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/certificate.h"

/// A mail server on a free port of this machine that keeps what it is given: EHLO, STARTTLS, AUTH
/// PLAIN, MAIL, RCPT, DATA, QUIT. One connection at a time; every wait is bounded.
namespace bl::net::testing {

struct SmtpOptions {
  enum class Tls : unsigned char { none, starttls, from_the_start };
  Tls tls = Tls::none;
  TlsOptions certificate;      ///< with TLS
  std::string user, password;  ///< not empty: who may send
};

/// A mail that it took.
struct TakenMail {
  std::string from;
  std::vector<std::string> to;
  std::string data;  ///< as it came, dots unstuffed
  bool encrypted = false;
  bool logged_in = false;
};

class SmtpServer {
 public:
  explicit SmtpServer(SmtpOptions options = {});
  ~SmtpServer();
  SmtpServer(const SmtpServer&) = delete;
  SmtpServer& operator=(const SmtpServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::vector<TakenMail> mails() const;
  /// Every command line that came, over all connections.
  std::vector<std::string> commands() const;
  /// Answers the end of every mail so from now on, `451 later`; empty: takes it.
  void refuse_with(std::string reply);

 private:
  class Session;
  void serve();

  const SmtpOptions options_;
  SSL_CTX* context_ = nullptr;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<TakenMail> mails_;       // guarded by mutex_
  std::vector<std::string> commands_;  // guarded by mutex_
  std::string refusal_;                // guarded by mutex_
  bool stopping_ = false;              // guarded by mutex_
  std::thread thread_;
};

}  // namespace bl::net::testing
