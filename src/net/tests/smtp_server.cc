#include "net/tests/smtp_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <optional>

#include "base/check.h"

namespace bl::net::testing {
namespace {

constexpr int k_wait_ms = 5'000;

// What AUTH PLAIN sends: base64 of NUL user NUL password.
std::string plain_of(const std::string& user, const std::string& password) {
  std::string text;
  text.append(1, '\0').append(user).append(1, '\0').append(password);
  std::string coded(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(coded.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  coded.resize(static_cast<std::size_t>(size));
  return coded;
}

// `MAIL FROM:<a@b> SIZE=3` -> a@b
std::string address_of(const std::string& line) {
  const std::size_t begin = line.find('<'), end = line.find('>');
  if (begin == std::string::npos || end == std::string::npos) return {};
  return line.substr(begin + 1, end - begin - 1);
}

}  // namespace

class SmtpServer::Session {
 public:
  Session(SmtpServer& server, int fd) : server_(server), fd_(fd) {}
  ~Session() {
    if (ssl_ != nullptr) {
      SSL_shutdown(ssl_);
      SSL_free(ssl_);
    }
    close(fd_);
  }

  void run() {
    if (server_.options_.tls == SmtpOptions::Tls::from_the_start && !encrypt()) return;
    say("220 test ESMTP");
    while (const auto line = read_line()) {
      {
        const std::lock_guard lock(server_.mutex_);
        server_.commands_.push_back(*line);
      }
      if (!answer(*line)) return;
    }
  }

 private:
  bool answer(const std::string& line) {
    const std::string verb = line.substr(0, 4);
    if (verb == "EHLO") {
      greet();
    } else if (verb == "STAR") {
      say("220 go ahead");
      return encrypt();
    } else if (verb == "AUTH") {
      log_in(line);
    } else if (verb == "MAIL") {
      const bool may = mail_.logged_in || server_.options_.user.empty();
      mail_.from = address_of(line);
      say(may ? "250 ok" : "530 log in first");
    } else if (verb == "RCPT") {
      mail_.to.push_back(address_of(line));
      say("250 ok");
    } else if (verb == "DATA") {
      say("354 go on");
      return take_data();
    } else if (verb == "QUIT") {
      say("221 bye");
      return false;
    } else {
      say("250 ok");
    }
    return true;
  }

  void greet() {
    const bool offers = server_.options_.tls == SmtpOptions::Tls::starttls && ssl_ == nullptr;
    say("250-test");
    if (offers) say("250-STARTTLS");
    if (!server_.options_.user.empty()) say("250-AUTH PLAIN");
    say("250 8BITMIME");
  }

  void log_in(const std::string& line) {
    std::string said = line.size() > 11 ? line.substr(11) : "";
    if (said.empty()) {
      say("334 ");
      said = read_line().value_or("");
    }
    mail_.logged_in = said == plain_of(server_.options_.user, server_.options_.password);
    say(mail_.logged_in ? "235 welcome" : "535 no");
  }

  bool take_data() {
    for (;;) {
      auto line = read_line();
      if (!line) return false;
      if (*line == ".") break;
      if (line->starts_with('.')) line->erase(0, 1);
      mail_.data += *line + "\r\n";
    }
    std::string refusal;
    {
      const std::lock_guard lock(server_.mutex_);
      refusal = server_.refusal_;
      if (refusal.empty()) {
        mail_.encrypted = ssl_ != nullptr;
        server_.mails_.push_back(mail_);
      }
    }
    say(refusal.empty() ? "250 taken" : refusal);
    mail_ = TakenMail{.from = {}, .to = {}, .data = {}, .logged_in = mail_.logged_in};
    return true;
  }

  bool encrypt() {
    ssl_ = SSL_new(server_.context_);
    SSL_set_fd(ssl_, fd_);
    return SSL_accept(ssl_) == 1;
  }

  void say(const std::string& text) {
    const std::string line = text + "\r\n";
    if (ssl_ != nullptr) {
      SSL_write(ssl_, line.data(), static_cast<int>(line.size()));
    } else {
      BL_CHECK(send(fd_, line.data(), line.size(), MSG_NOSIGNAL) >= -1);
    }
  }

  std::optional<std::string> read_line() {
    for (;;) {
      const std::size_t end = in_.find("\r\n");
      if (end != std::string::npos) {
        std::string line = in_.substr(0, end);
        in_.erase(0, end + 2);
        return line;
      }
      char bytes[4096];
      pollfd wait{.fd = fd_, .events = POLLIN, .revents = 0};
      const bool pending = ssl_ != nullptr && SSL_pending(ssl_) > 0;
      if (!pending && poll(&wait, 1, k_wait_ms) <= 0) return std::nullopt;
      const auto count = ssl_ != nullptr ? static_cast<ssize_t>(SSL_read(ssl_, bytes, sizeof bytes))
                                         : recv(fd_, bytes, sizeof bytes, 0);
      if (count <= 0) return std::nullopt;
      in_.append(bytes, static_cast<std::size_t>(count));
    }
  }

  SmtpServer& server_;
  const int fd_;
  SSL* ssl_ = nullptr;
  std::string in_;
  TakenMail mail_;
};

SmtpServer::SmtpServer(SmtpOptions options) : options_(std::move(options)) {
  if (options_.tls != SmtpOptions::Tls::none) {
    context_ = SSL_CTX_new(TLS_server_method());
    BL_CHECK(SSL_CTX_use_certificate_chain_file(
                 context_, options_.certificate.certificate_file.c_str()) == 1);
    BL_CHECK(SSL_CTX_use_PrivateKey_file(context_, options_.certificate.key_file.c_str(),
                                         SSL_FILETYPE_PEM) == 1);
  }
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  BL_CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  BL_CHECK(listen(listener_, 16) == 0);
  socklen_t size = sizeof address;
  BL_CHECK(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

SmtpServer::~SmtpServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
  SSL_CTX_free(context_);
}

void SmtpServer::serve() {
  sigset_t broken_pipe;  // of a client that went away in the middle
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  for (;;) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) Session(*this, fd).run();
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
  }
}

std::vector<TakenMail> SmtpServer::mails() const {
  const std::lock_guard lock(mutex_);
  return mails_;
}

std::vector<std::string> SmtpServer::commands() const {
  const std::lock_guard lock(mutex_);
  return commands_;
}

void SmtpServer::refuse_with(std::string reply) {
  const std::lock_guard lock(mutex_);
  refusal_ = std::move(reply);
}

}  // namespace bl::net::testing
