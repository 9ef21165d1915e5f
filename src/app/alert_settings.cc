#include "app/alert_settings.h"

#include <fmt/format.h>

#include "app/github_app_settings.h"
#include "base/uri.h"

namespace bl::app {
namespace {

using std::chrono::milliseconds;

/// The value is a secret: the sentence does not repeat it.
Result<void> check_url(const char* key, const std::string& text) {
  const auto uri = parse_uri(text);
  if (uri.ok() && (uri->scheme == "https" || uri->scheme == "http") && !uri->host.empty()) {
    return {};
  }
  return Error{Code::invalid, fmt::format("{} must be a URL, http:// or https://", key)};
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::size_t first = text.find_first_not_of(' ', at);
    if (first != std::string::npos && first < end) {
      const std::size_t last = text.find_last_not_of(' ', end - 1);
      parts.push_back(text.substr(first, last + 1 - first));
    }
    at = end + 1;
  }
  return parts;
}

Result<std::optional<results::MailOptions>> mail_from(const Config& config, milliseconds timeout) {
  const std::string& smtp = config.text("alerts.smtp");
  const std::string& from = config.text("alerts.mail_from");
  const std::vector<std::string> to = split(config.text("alerts.mail_to"));
  if (smtp.empty() && from.empty() && to.empty()) return std::optional<results::MailOptions>();
  if (smtp.empty() || from.empty() || to.empty()) {
    return Error{Code::invalid,
                 "alerts.smtp, alerts.mail_from and alerts.mail_to are needed together; missing: " +
                     std::string(smtp.empty()   ? "alerts.smtp"
                                 : from.empty() ? "alerts.mail_from"
                                                : "alerts.mail_to")};
  }
  results::MailOptions mail;
  BL_TRY(mail.server, net::parse_mail_server(smtp));
  const std::string& encryption = config.text("alerts.smtp_encryption");
  if (encryption == "none") {
    mail.server.security = net::MailServer::Security::none;
  } else if (encryption != "required") {
    return Error{Code::invalid,
                 fmt::format("alerts.smtp_encryption must be required or none: '{}'", encryption)};
  }
  mail.server.user = config.text("alerts.smtp_username");
  mail.server.password = config.text("alerts.smtp_password");
  if (!mail.server.password.empty() && encryption == "none") {
    return Error{Code::invalid,
                 "alerts.smtp_password is not sent without encryption: set "
                 "alerts.smtp_encryption to required"};
  }
  mail.server.trust.ca_file = config.text("alerts.smtp_ca");
  mail.server.timeout = timeout;
  mail.from = from;
  mail.to = to;
  for (const std::string& address : to) {
    if (net::is_mail_address(address)) continue;
    return Error{Code::invalid, fmt::format("alerts.mail_to: not a mail address: '{}'", address)};
  }
  if (!net::is_mail_address(from)) {
    return Error{Code::invalid, fmt::format("alerts.mail_from: not a mail address: '{}'", from)};
  }
  return std::optional(std::move(mail));
}

Result<void> apply_github(const Config& config, const std::string& base_url, milliseconds timeout,
                          AlertSettings& settings) {
  const std::string& repository = config.text("alerts.github_repository");
  const std::string& token = config.text("alerts.github_token");
  BL_TRY(settings.github_app, github_app_from(config, "alerts", "alerts.github_token"));
  const bool has_sender = !token.empty() || settings.github_app.is_set();
  if (repository.empty() && !has_sender) return {};
  if (repository.empty() || !has_sender) {
    return Error{Code::invalid,
                 "alerts.github_repository and alerts.github_token (or alerts.github_app_id) are "
                 "needed together; missing: " +
                     std::string(has_sender ? "alerts.github_repository" : "alerts.github_token")};
  }
  const auto name = results::github_repository_name(repository);
  if (!name.ok()) return Error{name.error()}.with_context("alerts.github_repository");
  results::GitHubAlertOptions github;
  if (const std::string& api = config.text("commits.github_api"); !api.empty()) github.api = api;
  while (github.api.ends_with('/')) github.api.pop_back();
  const bool is_url = repository.starts_with("https://") || repository.starts_with("git@");
  BL_TRY(github.repository,
         results::normalise_repository(is_url ? repository : "https://github.com/" + *name));
  github.token = token;
  github.base_url = base_url;
  github.timeout = timeout;
  settings.github = std::move(github);
  settings.github_check = config.boolean("alerts.github_check");
  settings.github_comment = config.boolean("alerts.github_comment");
  return {};
}

Result<std::int64_t> positive(const Config& config, const char* key) {
  const std::int64_t number = config.integer(key);
  if (number >= 1) return number;
  return Error{Code::invalid, fmt::format("{} must be at least 1: {}", key, number)};
}

Result<void> apply_times(const Config& config, AlertSettings& settings, milliseconds timeout) {
  settings.evaluation.quiet = milliseconds(config.integer("alerts.quiet"));
  settings.evaluation.quiet_max =
      std::max(settings.evaluation.quiet_max, settings.evaluation.quiet * 10);
  BL_TRY(const std::int64_t every, positive(config, "alerts.every"));
  settings.evaluation.every = milliseconds(every);
  settings.delivery.retry_after = milliseconds(config.integer("alerts.retry_after"));
  settings.delivery.pause_max =
      std::max(settings.delivery.pause_max, settings.delivery.retry_after);
  BL_TRY(settings.delivery.attempts_max, positive(config, "alerts.attempts_max"));
  if (timeout.count() < 1 || settings.delivery.retry_after <= timeout) {
    return Error{Code::invalid,
                 fmt::format("alerts.retry_after must exceed alerts.timeout, else a message is "
                             "sent twice while it is on its way: {} and {}",
                             config.integer("alerts.retry_after"), timeout.count())};
  }
  return {};
}

}  // namespace

Result<AlertSettings> alert_settings_from(const Config& config, const std::string& base_url) {
  AlertSettings settings;
  const milliseconds timeout(config.integer("alerts.timeout"));
  BL_RETURN_IF_ERROR(apply_times(config, settings, timeout));
  if (const std::string& url = config.text("alerts.webhook_url"); !url.empty()) {
    BL_RETURN_IF_ERROR(check_url("alerts.webhook_url", url));
    settings.webhook = {url, config.text("alerts.webhook_secret"), base_url, timeout};
  }
  if (const std::string& url = config.text("alerts.slack_webhook_url"); !url.empty()) {
    BL_RETURN_IF_ERROR(check_url("alerts.slack_webhook_url", url));
    settings.slack = {url, "", base_url, timeout};
  }
  BL_TRY(settings.mail, mail_from(config, timeout));
  if (settings.mail) settings.mail->base_url = base_url;
  BL_RETURN_IF_ERROR(apply_github(config, base_url, timeout, settings));
  settings.receipts = config.boolean("results.receipts");
  BL_TRY(settings.receipt_limits.count_max, positive(config, "results.receipts_max"));
  BL_TRY(const std::int64_t age_ms, positive(config, "results.receipts_age"));
  settings.receipt_limits.age_max =
      std::chrono::ceil<std::chrono::hours>(std::chrono::milliseconds(age_ms));
  return settings;
}

}  // namespace bl::app
