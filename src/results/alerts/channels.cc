#include "results/alert_channels.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "base/hmac.h"
#include "base/uri.h"
#include "net/client.h"
#include "results/alerts/messages.h"

namespace bl::results {
namespace {

constexpr std::size_t k_answer_bytes_max = 64u << 10;
constexpr std::size_t k_hash_digits = 12;
constexpr const char* k_delivery_fields[] = {"Idempotency-Key", "X-Benchlake-Delivery"};

/// An error's sentence may hold the URL, which may hold a secret: nobody is to read that.
Error without_url(Error error, const std::string& url, const std::string& target) {
  for (std::size_t at; (at = error.message.find(url)) != std::string::npos;) {
    error.message.replace(at, url.size(), target);
  }
  return error;
}

class HttpChannel : public AlertChannel {
 public:
  HttpChannel(const char* channel, WebhookOptions options)
      : options_(std::move(options)), target_{channel, target_of_url(options_.url), {}} {}
  const AlertTarget& target() const override { return target_; }

 protected:
  Result<void> post(const AlertDelivery& delivery, net::Headers headers,
                    const std::string& body) const {
    headers.add("Content-Type", "application/json");
    for (const char* name : k_delivery_fields) headers.add(name, delivery.id);
    net::Client client({.connect_timeout = std::min(options_.timeout, k_connect_timeout),
                        .timeout = options_.timeout,
                        .body_bytes_max = k_answer_bytes_max});
    const auto answer = client.send(net::Method::post, options_.url, headers, body);
    if (!answer.ok()) return without_url(answer.error(), options_.url, target_.target);
    if (answer->status >= 200 && answer->status < 300) return {};
    return Error{Code::unavailable,
                 fmt::format("{} answers with status {}", target_.target, answer->status)};
  }

  const WebhookOptions options_;

 private:
  static constexpr std::chrono::milliseconds k_connect_timeout{3'500};
  const AlertTarget target_;
};

class Webhook final : public HttpChannel {
 public:
  Webhook(WebhookOptions options, const Clock& clock)
      : HttpChannel("webhook", std::move(options)), clock_(clock) {}
  Result<void> send(const AlertDelivery& delivery) override {
    const std::string body = webhook_body(delivery, options_.base_url);
    net::Headers headers;
    if (!options_.secret.empty()) {
      const std::string at = std::to_string(clock_.now().micros / 1'000'000);
      headers.add("X-Benchlake-Timestamp", at);
      headers.add("X-Benchlake-Signature",
                  "sha256=" + hmac_sha256_hex(options_.secret, at + "." + body));
    }
    return post(delivery, std::move(headers), body);
  }

 private:
  const Clock& clock_;
};

class SlackWebhook final : public HttpChannel {
 public:
  explicit SlackWebhook(WebhookOptions options) : HttpChannel("slack", std::move(options)) {}
  Result<void> send(const AlertDelivery& delivery) override {
    return post(delivery, {}, slack_body(delivery, options_.base_url));
  }
};

class MailChannel final : public AlertChannel {
 public:
  explicit MailChannel(MailOptions options)
      : options_(std::move(options)), target_{"email", joined(options_.to), {}} {}
  const AlertTarget& target() const override { return target_; }
  Result<void> send(const AlertDelivery& delivery) override {
    net::Mail mail;
    mail.from = options_.from;
    mail.to = options_.to;
    mail.subject = alert_title(delivery);
    mail.text = mail_text(delivery, options_.base_url);
    // The same for every attempt, so that a mailbox shows it once.
    mail.message_id = delivery.id + options_.from.substr(options_.from.find('@'));
    mail.date = delivery.event.created_at;
    return net::send_mail(options_.server, mail);
  }

 private:
  static std::string joined(const std::vector<std::string>& all) {
    std::string text;
    for (const std::string& one : all) text.append(text.empty() ? "" : ",").append(one);
    return text;
  }

  const MailOptions options_;
  const AlertTarget target_;
};

}  // namespace

std::string target_of_url(const std::string& url) {
  const auto uri = parse_uri(url);
  const std::string hash = sha256_hex(url).substr(0, k_hash_digits);
  if (!uri.ok()) return "#" + hash;
  return fmt::format("{}://{}{}{}#{}", uri->scheme, uri->host, uri->port.empty() ? "" : ":",
                     uri->port, hash);
}

std::unique_ptr<AlertChannel> make_webhook(WebhookOptions options, const Clock& clock) {
  return std::make_unique<Webhook>(std::move(options), clock);
}

std::unique_ptr<AlertChannel> make_slack_webhook(WebhookOptions options) {
  return std::make_unique<SlackWebhook>(std::move(options));
}

std::unique_ptr<AlertChannel> make_mail_channel(MailOptions options) {
  return std::make_unique<MailChannel>(std::move(options));
}

}  // namespace bl::results
