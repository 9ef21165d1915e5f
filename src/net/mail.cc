#include "net/mail.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "base/numbers.h"
#include "base/uri.h"
#include "net/host_port.h"

namespace bl::net {
namespace {

constexpr std::size_t k_address_bytes_max = 254;  // RFC 5321 4.5.3.1.3
constexpr std::size_t k_line_bytes = 57;          // 76 characters of base64
constexpr std::size_t k_word_bytes = 42;          // 75 characters of an encoded word

bool has_control(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::string base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // a NUL is written at the end
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

// RFC 2047: UTF-8 in encoded words, none of which ends within a character.
std::string encoded_words(std::string_view text) {
  if (std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; }) &&
      text.size() <= 900 && text.find("=?") == std::string_view::npos) {
    return std::string(text);
  }
  std::string words;
  while (!text.empty()) {
    std::size_t end = std::min(text.size(), k_word_bytes);
    while (end < text.size() && end > 1 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
      --end;
    }
    if (!words.empty()) words.append("\r\n ");
    words.append("=?UTF-8?B?").append(base64(text.substr(0, end))).append("?=");
    text.remove_prefix(end);
  }
  return words;
}

// RFC 5322 3.3, in UTC.
std::string date_of(Timestamp time) {
  const std::time_t seconds = static_cast<std::time_t>(time.micros / 1'000'000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  static constexpr std::array k_days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array k_months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000",
                     k_days[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                     k_months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

Error no_address(const std::string& text) {
  return Error{Code::invalid, fmt::format("not a mail address: '{}'", text)};
}

struct Closing {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

struct Reading {
  std::string_view left;
};

std::size_t on_read(char* buffer, std::size_t, std::size_t size, void* user) {
  Reading& reading = *static_cast<Reading*>(user);
  const std::size_t count = std::min(size, reading.left.size());
  std::memcpy(buffer, reading.left.data(), count);
  reading.left.remove_prefix(count);
  return count;
}

Error error_of(CURLcode code, const char* detail, const MailServer& server) {
  const std::string what = fmt::format("{}: {}:{}", *detail ? detail : curl_easy_strerror(code),
                                       server.host, server.port);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return Error{Code::timeout, "the mail server does not answer in time: " + what};
    case CURLE_PEER_FAILED_VERIFICATION:
      return Error{Code::forbidden, "the mail server's certificate is not trusted: " + what};
    case CURLE_LOGIN_DENIED:
      return Error{Code::forbidden, "the mail server refuses the login: " + what};
    case CURLE_SSL_CACERT_BADFILE:
      return Error{Code::invalid, "the CA file cannot be used: " + server.trust.ca_file};
    case CURLE_USE_SSL_FAILED:
      return Error{Code::unavailable, "the mail server does not offer STARTTLS: " + what};
    default:
      return Error{Code::unavailable, "the mail was not taken: " + what};
  }
}

}  // namespace

Result<MailServer> parse_mail_server(std::string_view text) {
  MailServer server;
  const bool has_scheme = text.find("://") != std::string_view::npos;
  const auto uri = parse_uri(has_scheme ? std::string(text) : "smtp://" + std::string(text));
  const Error refusal(Code::invalid, fmt::format("a mail server is smtp://HOST:PORT, "
                                                 "smtps://HOST:PORT or HOST:PORT: '{}'",
                                                 uri.ok() ? uri->redacted() : std::string(text)));
  if (!uri.ok() || uri->host.empty() || has_control(uri->host) || !uri->query.empty() ||
      (!uri->path.empty() && uri->path != "/") || !uri->user.empty()) {
    return refusal;
  }
  if (uri->scheme != "smtp" && uri->scheme != "smtps") return refusal;
  server.host = uri->host;
  if (uri->scheme == "smtps" || (!has_scheme && uri->port == "465")) {
    server.security = MailServer::Security::tls;
    server.port = "465";
  }
  if (!uri->port.empty()) server.port = uri->port;
  return server;
}

bool is_mail_address(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == 0 || at == std::string_view::npos || at + 1 == text.size()) return false;
  if (text.find('@', at + 1) != std::string_view::npos) return false;
  if (text.size() > k_address_bytes_max) return false;
  return std::ranges::all_of(text, [](char c) {
    return c > 0x20 && c < 0x7f &&
           std::string_view("<>\"(),:;\\[]").find(c) == std::string_view::npos;
  });
}

Result<std::string> encode_mail(const Mail& mail) {
  if (!is_mail_address(mail.from)) return no_address(mail.from);
  if (mail.to.empty()) return Error{Code::invalid, "a mail to nobody"};
  std::string to;
  for (const std::string& one : mail.to) {
    if (!is_mail_address(one)) return no_address(one);
    to.append(to.empty() ? "<" : ",\r\n <").append(one).append(">");
  }
  if (has_control(mail.subject)) {
    return Error{Code::invalid, "a control character in the subject of a mail"};
  }
  if (!is_mail_address(mail.message_id)) {
    return Error{Code::invalid, "not a message id: " + mail.message_id};
  }
  std::string text = fmt::format(
      "From: <{}>\r\nTo: {}\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: <{}>\r\n"
      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n",
      mail.from, to, encoded_words(mail.subject), date_of(mail.date), mail.message_id);
  for (std::string_view left = mail.text; !left.empty();) {
    const std::string_view line = left.substr(0, k_line_bytes);
    left.remove_prefix(line.size());
    text.append(base64(line)).append("\r\n");
  }
  return text;
}

Result<void> send_mail(const MailServer& server, const Mail& mail) {
  BL_TRY(const std::string text, encode_mail(mail));
  if (!server.password.empty() && server.security == MailServer::Security::none) {
    return Error{Code::invalid,
                 "a password is not sent to a mail server without encryption: " + server.host};
  }
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  BL_CHECK(initialised == CURLE_OK);
  const std::unique_ptr<CURL, Closing> owner(curl_easy_init());
  CURL* curl = owner.get();
  BL_CHECK(curl != nullptr);
  const bool tls = server.security == MailServer::Security::tls;
  const std::string url =
      fmt::format("{}://{}", tls ? "smtps" : "smtp", host_port(server.host, server.port));
  curl_slist* list = nullptr;
  for (const std::string& one : mail.to) {
    list = curl_slist_append(list, ("<" + one + ">").c_str());
    BL_CHECK(list != nullptr);
  }
  const std::unique_ptr<curl_slist, Closing> recipients(list);
  Reading reading{text};
  char detail[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(server.timeout.count()));
  if (server.security == MailServer::Security::starttls) {
    curl_easy_setopt(curl, CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
  }
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!server.trust.ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, server.trust.ca_file.c_str());
    curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
  }
  if (!server.user.empty()) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, server.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, server.password.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, ("<" + mail.from + ">").c_str());
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients.get());
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(curl, CURLOPT_READDATA, &reading);
  const CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK) return error_of(code, detail, server);
  return {};
}

}  // namespace bl::net
