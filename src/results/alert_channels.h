#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "net/mail.h"
#include "results/alert_delivery.h"

/// The places that messages of alerts go to. All of them are the operator's: no rule, event or
/// request names an address, and no answer is followed elsewhere (the client follows no redirects).
namespace bl::results {

struct WebhookOptions {
  std::string url;     ///< http(s)
  std::string secret;  ///< not empty: requests are signed
  std::string base_url;
  std::chrono::milliseconds timeout{10'000};
};
struct MailOptions {
  net::MailServer server;
  std::string from;
  std::vector<std::string> to;
  std::string base_url;
};

/// POST of webhook_body(). Header fields: `Idempotency-Key` and `X-Benchlake-Delivery`: the
/// delivery's id, the same for every attempt; with a secret `X-Benchlake-Timestamp`: seconds since
/// 1970, and `X-Benchlake-Signature: sha256=HEX`: HMAC-SHA-256 of `TIMESTAMP.BODY`. Any 2xx is a
/// success. The target shows the URL's host and a hash of the URL, never the URL.
std::unique_ptr<AlertChannel> make_webhook(WebhookOptions options, const Clock& clock);
/// POST of slack_body(); the URL is the secret.
std::unique_ptr<AlertChannel> make_slack_webhook(WebhookOptions options);
std::unique_ptr<AlertChannel> make_mail_channel(MailOptions options);

/// `https://host#0123456789ab`: which webhook it is, without its secrets.
std::string target_of_url(const std::string& url);

}  // namespace bl::results
